//! The life of a group, played by invented people (product.md §18).
//!
//! A scenario is one file, script and expected transcript together ([`script`]): the test compares it, the demo plays it,
//! and people read it. [`play`] acts as the persons through the loopback Discord; [`transcript`] writes down what each of
//! them sees; nothing else than what a Discord client shows is ever looked at.

pub mod markup;
pub mod page;
pub mod script;
pub mod transcript;
