//! maillage

pub mod clock;
pub mod commands;
pub mod config;
pub mod discord;
pub mod domain;
pub mod error;
pub mod store;
pub mod territories;
pub mod texts;
pub mod usecases;
