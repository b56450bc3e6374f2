//! Everything that decides, as pure values: no database, no Discord, no clock, no environment.

pub mod action;
pub mod bindings;
pub mod calendar;
pub mod desired;
pub mod ids;
pub mod ladder;
pub mod notice;
pub mod observed;
pub mod permissions;
pub mod plan;
pub mod register;
pub mod snapshot;
pub mod view;
