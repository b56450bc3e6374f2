//! One integration binary: serenity links once.

mod import;
mod tidy;
mod world;
