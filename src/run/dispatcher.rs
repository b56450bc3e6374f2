//! Hands each event of the gateway to whom it concerns. It takes the place of poise's own framework, which waits for ever
//! when its setup fails and cannot be told to take no more interactions.
//!
//! serenity calls it on the gateway's own thread. Everything is handled on the runtime of the rest, with a client whose
//! connections live there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serenity::all::{Client, Context, Framework, FullEvent, Interaction, ShardManager, UserId};
use serenity::http::Http;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::{RECONCILER, RunError, startup};
use crate::commands::{self, Data, components};
use crate::discord::events::Observer;
use crate::domain::ids::GuildId;
use crate::error::Failure;
use crate::supervisor::Supervisor;

/// Lets interactions in until the end begins, then waits for those that run.
#[derive(Debug, Default)]
pub(super) struct Gate {
    closed: AtomicBool,
    running: TaskTracker,
}

impl Gate {
    /// Lets nothing in any more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.running.close();
    }

    /// Waits for the running interactions, `limit` at most; tells whether all have ended.
    pub(super) async fn emptied(&self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.running.wait()).await.is_ok()
    }
}

/// See the module.
pub(super) struct Dispatcher {
    hands: Arc<Hands>,
    main: Handle,
}

/// What handles events.
struct Hands {
    data: Arc<Data>,
    options: poise::FrameworkOptions<Data, Failure>,
    gate: Arc<Gate>,
    supervisor: Arc<Supervisor>,
    observer: Observer,
    http: Arc<Http>,
    fatal: mpsc::UnboundedSender<RunError>,
    shards: OnceLock<Arc<ShardManager>>,
}

impl Dispatcher {
    /// To be called on the runtime where events are to be handled.
    pub(super) fn new(
        data: Arc<Data>,
        gate: Arc<Gate>,
        supervisor: Arc<Supervisor>,
        observer: Observer,
        http: Arc<Http>,
        fatal: mpsc::UnboundedSender<RunError>,
    ) -> Self {
        let mut options = commands::options();
        poise::set_qualified_names(&mut options.commands);
        let hands = Hands {
            data,
            options,
            gate,
            supervisor,
            observer,
            http,
            fatal,
            shards: OnceLock::new(),
        };
        Self {
            hands: Arc::new(hands),
            main: Handle::current(),
        }
    }
}

#[serenity::async_trait]
impl Framework for Dispatcher {
    async fn init(&mut self, client: &Client) {
        let _ = self.hands.shards.set(Arc::clone(&client.shard_manager));
    }

    async fn dispatch(&self, mut ctx: Context, event: FullEvent) {
        let hands = Arc::clone(&self.hands);
        if hands.observer.hear(&event) {
            hands.supervisor.wake(RECONCILER).wake();
        }
        ctx.http = Arc::clone(&hands.http);
        // Not awaited: each event is a task of its own already.
        self.main.spawn(async move { hands.handle(ctx, event).await });
    }
}

impl Hands {
    async fn handle(&self, ctx: Context, event: FullEvent) {
        match &event {
            FullEvent::InteractionCreate { .. } => {
                // Counted before the look: the end waits for whatever found the gate open.
                let _running = self.gate.running.token();
                if !self.gate.closed.load(Ordering::SeqCst) {
                    self.interaction(&ctx, event).await;
                }
            }
            FullEvent::Ready { data_about_bot } => self.greeted(data_about_bot).await,
            // An outage of the server says `unavailable`; a removal does not.
            FullEvent::GuildDelete { incomplete, .. } if !incomplete.unavailable && self.is_ours(incomplete.id) => {
                self.stop(RunError::NotOnServer(GuildId(incomplete.id.get())));
            }
            _ => {}
        }
    }

    /// Binds at the first greeting when that could not be done before; notices a removal while we were away.
    async fn greeted(&self, ready: &serenity::all::Ready) {
        self.http.set_application_id(ready.application.id);
        let servers: Vec<u64> = ready.guilds.iter().map(|guild| guild.id.get()).collect();
        if let Err(error) = startup::bind(&self.data.app, &servers).await {
            self.stop(error);
        }
        self.supervisor.wake_all();
    }

    fn stop(&self, error: RunError) {
        // The receiver lives as long as the connection; later, the end has begun already.
        let _ = self.fatal.send(error);
    }

    fn is_ours(&self, guild: serenity::all::GuildId) -> bool {
        self.data.app.guild() == Some(GuildId(guild.get()))
    }

    async fn interaction(&self, ctx: &Context, event: FullEvent) {
        let FullEvent::InteractionCreate { interaction } = &event else {
            return;
        };
        match interaction {
            Interaction::Component(pressed) => Box::pin(components::pressed(ctx, &self.data, pressed)).await,
            Interaction::Modal(submitted) => Box::pin(components::submitted(ctx, &self.data, submitted)).await,
            Interaction::Command(command) | Interaction::Autocomplete(command) => {
                let Some(shards) = self.shards.get() else { return };
                // Poise reads it for commands written as messages only, of which there are none.
                let bot_id = UserId::new(command.application_id.get());
                let framework = poise::FrameworkContext {
                    serenity_context: ctx,
                    bot_id,
                    options: &self.options,
                    user_data: &*self.data,
                    shard_manager: shards,
                };
                Box::pin(poise::dispatch_event(framework, event)).await;
            }
            _ => {}
        }
    }
}
