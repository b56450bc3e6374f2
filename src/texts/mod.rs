//! The French wording: small functions from typed facts to text.

pub mod contact;
pub mod fields;
pub mod import;
