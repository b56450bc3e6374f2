//! The loopback itself: that an unmodified bot can live in it, and that it refuses what Discord refuses.

mod accidents;
mod bot;
mod gateway;
mod interactions;
mod limits;
mod page;
mod permissions;
mod persons;
mod raw;
mod rest;
mod serenity_lives_here;
mod strictness;
