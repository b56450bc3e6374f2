//! The only module that speaks serenity's HTTP and models, with `commands` for the answers to interactions.

pub mod client;
pub mod failure;
pub mod gateway;
pub mod view;
