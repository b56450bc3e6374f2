//! A strict Discord on 127.0.0.1: REST v10, gateway and attachments on one port, for tests and for the sandbox.
//!
//! An unmodified serenity 0.12.5 or poise 0.7.1 bot connects with
//! `HttpBuilder::new(token).proxy(loopback.base_url()).ratelimiter_disabled(true)` and the address that
//! `GET /gateway` gives. Nothing of our own code is imported here, or this Discord would agree with our mistakes.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use maillage::loopback::{Builder, Loopback, Value};
//!
//! let discord = Loopback::start(Builder::new().role("MCP national", 0).member("awa", "Awa", &["MCP national"])).await?;
//! // … start the bot against discord.base_url() with discord.token() …
//! discord.wait_command("relai").await;
//! let awa = discord.person("awa");
//! let answer = awa.slash("relai nommer", &[("groupe", "Lunel".into()), ("membre", Value::User(awa.id()))]).await?;
//! assert!(answer.ephemeral() && answer.text().contains("Lunel"));
//! let answer = awa.press(&answer, "Confirmer").await?;
//! answer.wait_until("the link", |message| message.content.contains("https://")).await;
//! discord.wait_for("the category", |world| world.channel_named("🌱 Lunel").is_some()).await;
//! assert_eq!(discord.calls().mutating().route("POST", "/guilds/{guild}/channels").count(), 4);
//! # Ok(()) }
//! ```
//!
//! Strictness. Limits, permissions, hierarchy and forms are Discord's; a refusal is what the bot must live with. What
//! no bot should ever ask (an unknown route, field or query parameter, a body where none belongs) is a
//! [`Violation`]: dropping the [`Loopback`] of a passing test then panics and names it.
//!
//! Accidents ([`Handle::faults`], [`Handle::gateway`]): [`Action::Fail`], [`Action::FailAfter`], [`Action::Reset`],
//! [`Action::ResetAfter`], [`Action::Delay`], [`Action::DelayAfter`], [`Action::TooMany`],
//! [`Action::CloudflareTooMany`], [`Action::Twice`], [`Action::Pause`], [`Action::PauseAfter`], [`Action::Redirect`],
//! [`Action::Hook`]; [`Network::Refusing`], [`Network::Dropping`], [`FaultHand::cut_connections`],
//! [`FaultHand::outage`]; [`GatewayHand::close`], [`GatewayHand::close_without_code`], [`GatewayHand::cut`],
//! [`GatewayHand::ask_reconnect`], [`GatewayHand::invalidate`], [`GatewayHand::forget_sessions`],
//! [`GatewayHand::silence`], [`GatewayHand::lose_events`], [`GatewayHand::dispatch`].
//!
//! Vandals ([`Handle::admin`]) change the world behind the bot's back, with the events that a Discord client would
//! cause. Time ([`Handle::advance_clock`]) is real time plus an offset.
//!
//! What is not modelled: threads, forums, reactions, webhooks of channels, voice, polls, stickers, components V2,
//! several shards.

mod admin;
mod builder;
mod calls;
mod client;
mod error;
mod faults;
mod gateway;
mod handle;
mod interactions;
mod limits;
pub mod model;
mod net;
pub mod page;
pub mod permissions;
mod rest;
mod snowflake;
mod validate;
mod wire;
mod world;

use std::io;
use std::ops::Deref;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio::sync::{oneshot, watch};

pub use admin::Admin;
pub use builder::{BOT_PERMISSIONS, Builder, PersonSpec};
pub use calls::{Call, Calls, Violation};
pub use client::{Answer, AnswerKind, On, Person, Refusal, Value, fold, labels_of, text_of};
pub use faults::{Action, Fault, FaultHand, Gate, GatewayHand, Then};
pub use gateway::intents;
pub use handle::{Handle, TooLong};
pub use interactions::Choice;
pub use model::Overwrite;
pub use net::Network;
pub use snowflake::{Id, WorldClock, at_time, time_of};
pub use validate::{Modal, ModalField};
pub use world::{Bot, World, slug};

use net::{Connection, Plugs, Port};

/// A running loopback. It owns the port; everything else goes through its [`Handle`], to which it dereferences.
#[derive(Debug)]
pub struct Loopback {
    handle: Handle,
    lenient: bool,
    stop: Option<oneshot::Sender<()>>,
}

impl Loopback {
    /// Starts a world on a free port (or the builder's).
    ///
    /// # Errors
    /// When the port can not be had.
    pub async fn start(builder: Builder) -> io::Result<Self> {
        let mut world = builder.finish();
        let lenient = world.settings.lenient;
        let network = watch::Sender::new(Network::Up);
        let plugs = Plugs::default();
        let port = Port::bind(world.settings.port, network.subscribe(), plugs.clone()).await?;
        world.base_url = format!("http://{}", port.address());
        let handle = Handle::new(world, network, plugs);
        let router = Router::new()
            .fallback(rest::entry)
            .layer(DefaultBodyLimit::max(rest::MAX_REQUEST))
            .with_state(handle.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let service = router.into_make_service_with_connect_info::<Connection>();
        tokio::spawn(async move {
            tokio::select! {
                served = async { axum::serve(port, service).await } => {
                    if let Err(error) = served {
                        tracing::error!(%error, "the loopback has stopped serving");
                    }
                }
                _ = stopped => {}
            }
        });
        Ok(Self {
            handle,
            lenient,
            stop: Some(stop),
        })
    }

    /// A handle that can be kept apart from the loopback.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Stops serving and tells what no bot should ever have asked.
    pub fn finish(mut self) -> Vec<Violation> {
        self.halt();
        self.handle.take_violations()
    }

    fn halt(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The task may have ended with its runtime.
            let _ = stop.send(());
        }
        self.handle.cut_all();
    }
}

impl Deref for Loopback {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.halt();
        let violations = self.handle.violations();
        if !self.lenient && !violations.is_empty() && !std::thread::panicking() {
            let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
            panic!("the bot asked what no bot should ask:\n{}", list.join("\n"));
        }
    }
}
