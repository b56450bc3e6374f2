//! Every French word that people read: small functions from typed facts to text, and the templates of `config/textes`.
//!
//! The voice is that of the movement (short, warm, «vous»); typography is French: U+00A0 inside guillemets and before
//! `: ; ? ! %`, and the apostrophe U+2019.

pub mod annul;
pub mod contact;
pub mod contacts;
pub mod coordinates;
pub mod coverage;
pub mod dates;
pub mod diagnostic;
pub mod exports;
pub mod faults;
pub mod feeds;
pub mod fields;
pub mod groups;
pub mod help;
pub mod host;
pub mod import;
pub mod imports;
pub mod inscrits;
pub mod installation;
pub mod invitations;
pub mod journal;
pub mod ladder;
pub mod markdown;
pub mod meeting;
pub mod my_data;
pub mod my_group;
pub mod my_register;
pub mod not_me;
pub mod notices;
pub mod people;
pub mod places;
pub mod posts;
pub mod refusals;
pub mod register;
pub mod regroup;
pub mod reports;
pub mod retirer;
#[cfg(test)]
mod shown;
pub mod space;
pub mod statutes;
pub mod templates;
pub mod territories;
pub mod transfer;
pub mod valider;
pub mod welcome;
