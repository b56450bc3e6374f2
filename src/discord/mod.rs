//! The only module that speaks serenity's HTTP and models, with `commands` for the answers to interactions.

pub mod failure;
pub mod view;
