//! # maillage
//!
//! A Discord bot that carries the local groups of a citizens' movement, from a first sign-up to a self-governing assembly
//! of ten members and more. This page is the map: what the parts are, what must never break, and where to start reading.
//!
//! ## The idea
//!
//! A command records an intention in SQLite and answers. A [`reconciler`] compares what Discord should look like, computed
//! purely from the database, with what it looks like, and makes the fewest calls that close the difference. A
//! [`scheduler`] finds the messages that are due and delivers them. Everything that decides is pure, synchronous and tested
//! as values; everything that talks decides nothing.
//!
//! So Discord may be down, slow, or vandalised: a confirmed validation is already on disk, and the space follows when it
//! can. And the process may die between any two instructions: what was intended is written before the call, what was made
//! is written right after it, and what lies between is looked for before anything is made again.
//!
//! ## Reading order
//!
//! 1. [`domain`]: the rules as values. Start with [`domain::ladder`], the five steps of a group.
//! 2. [`store`]: the only SQL. One writer, `BEGIN IMMEDIATE`, identities sealed by [`store::vault`].
//! 3. [`usecases`]: one function per intention; authority is checked here, and nowhere else is trusted.
//! 4. [`commands`]: poise only; parse, call, render. Buttons and modals are dispatched by stable identifiers.
//! 5. [`discord`]: the only module that speaks serenity's HTTP and models.
//! 6. [`reconciler`] and [`scheduler`]: the two loops; [`meetings`] keeps the one Discord event of the newcomers' meeting in
//!    the same manner; [`run`] starts everything.
//! 7. [`texts`]: every French word that people read.
//! 8. [`drawing`]: the tile map and the charts, from values to SVG to PNG.
//! 9. [`loopback`]: a strict Discord on 127.0.0.1, for the tests and the sandbox. It imports nothing of ours.
//!
//! ## Arrows
//!
//! `domain` ← `store` ← `usecases` ← `commands`, and `domain` ← `discord`. The loops join `store` and `discord`, which never
//! meet. The test `tidy` reads the `use` lines and holds this, like the other absences below.
//!
//! ## Invariants
//!
//! - A validation that was confirmed to a person is on disk (`synchronous = FULL`), and survives `kill -9`.
//! - A step of the ladder is a row, written once, never removed; counts are counted, never stored.
//! - Every change of membership goes through [`usecases::ladder::settle`], in its own transaction.
//! - No transaction is held across a network call.
//! - A converged server costs no mutating call, at a wake or at a restart.
//! - Commands never create channels or roles: `/installer` writes a wish, the reconciler follows the last one. Nothing of the
//!   server's own channels is wanted before it.
//! - A space is never public for an instant: its permissions are in the creating call.
//! - No identity is in clear in the database, in a log, in an error, in an audit reason, or in a channel's name.
//! - Nobody is welcomed twice, whatever repeats, fails, dies or is put back ([`usecases::welcome`]); what a person asked not to
//!   receive is not delivered ([`usecases::opt_out`]).
//! - Time is an argument: `Utc::now()` is in [`clock`] only, and nothing sleeps in a test.
//!
//! ## What is deliberately absent
//!
//! - serenity's cache: it forgets permission bits that it does not know (`PIN_MESSAGES`), so what Discord looks like is
//!   mirrored by the reconciler from raw bodies.
//! - Collectors and poise's modals: they die with the process. A button pressed after a restart must still answer.
//! - A job queue library: the queue is two tables, and its rules (leases, classes, pace) are the product's own.
//! - Recurring Discord events: they are expanded in UTC and drift at the changes of March and October.

pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod discord;
pub mod domain;
pub mod drawing;
pub mod error;
#[cfg(feature = "demo")]
pub mod loopback;
pub mod meetings;
pub mod metrics;
pub mod reconciler;
pub mod run;
pub mod scheduler;
pub mod store;
pub mod supervisor;
pub mod territories;
pub mod texts;
pub mod usecases;
