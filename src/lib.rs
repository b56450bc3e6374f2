//! maillage
pub mod domain;
pub mod territories;
pub mod texts;
