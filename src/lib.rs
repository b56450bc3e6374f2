//! maillage

pub mod domain;
pub mod texts;
