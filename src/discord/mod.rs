//! The only module that speaks serenity's HTTP and models, with `commands` for the answers to interactions.

pub mod apply;
pub mod attachments;
pub mod client;
pub mod deliver;
pub mod events;
pub mod failure;
pub mod gateway;
pub mod observe;
pub mod scheduled;
pub mod survey;
pub mod view;
mod wire;
