//! Everything that decides, as pure values: no database, no Discord, no clock, no environment.

pub mod action;
pub mod calendar;
pub mod contact;
pub mod csv_export;
pub mod duplicates;
pub mod fold;
pub mod ids;
pub mod invitation;
pub mod ladder;
pub mod notice;
pub mod person;
pub mod signup_file;
pub mod territory;
pub mod view;
