//! The one integration binary: serenity is linked once. Each file acts as persons against the loopback Discord, or reads the
//! repository itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test stops where something is not as it says, and tells why"
)]

mod browser;
mod council;
mod delivery;
mod desk;
mod evening;
mod exports;
mod feeds;
mod gateway;
mod ground;
mod host;
mod import;
mod installation;
mod loopback;
mod meeting;
mod membership;
mod mortality;
mod national;
mod permissions;
mod phone;
mod posts;
mod reports;
mod sandbox;
mod scenarios;
mod space;
mod startup;
mod store;
mod support;
mod tidy;
mod valider;
mod welcome;
mod world;
