//! The rules, as pure functions of values: no database, no Discord, no clock, no environment.

pub mod contact;
pub mod csv_export;
pub mod duplicates;
pub mod fold;
pub mod ids;
pub mod person;
pub mod signup_file;
