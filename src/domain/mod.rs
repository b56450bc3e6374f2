//! The rules of the movement as pure values and functions: no database, no Discord, no clock, no environment.

pub mod calendar;
