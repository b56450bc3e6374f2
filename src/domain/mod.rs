//! Everything that decides, as pure values: no database, no Discord, no clock, no environment.

pub mod action;
pub mod calendar;
pub mod ids;
pub mod ladder;
pub mod notice;
pub mod view;
