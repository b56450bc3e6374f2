//! The one integration binary: serenity is linked once. Each file acts as persons against the loopback Discord, or reads the
//! repository itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test stops where something is not as it says, and tells why"
)]

mod import;
mod loopback;
mod posts;
mod store;
mod tidy;
mod world;
