//! Poise only: parse, call the use case, render. No rule and no SQL here.
//!
//! Commands come through poise; components and modals through [`components`], because collectors die with the process and
//! everything that matters must outlive it.

pub mod aide;
pub mod appel;
mod autocomplete;
pub mod choice;
pub mod components;
pub mod contacts;
mod exporter;
mod groupe;
mod importer;
mod inscrits;
mod installer;
pub mod invitation;
mod journal;
pub mod mon_groupe;
mod rapport;
pub mod referent;
pub mod registration;
pub mod registre;
mod regroup;
mod relai;
pub mod reply;
mod retirer;
mod reunion;
pub mod suggest;
pub mod valider;
mod welcome;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serenity::all as serenity;

use crate::discord::gateway::Pulse;
use crate::domain::ids::{GuildId, UserId};
use crate::domain::view::Message;
use crate::error::{Failure, Refusal, UserError};
use crate::supervisor;
use crate::texts;
use crate::usecases::App;
use crate::usecases::authority::Actor;
use crate::usecases::validation::Seen;
use reply::Reply;

/// What every handler can reach.
#[derive(Debug)]
pub struct Data {
    /// Database, settings, texts, territories, clock.
    pub app: Arc<App>,
    /// How the process is, for `/diagnostic`.
    pub vitals: Vitals,
    /// Interactions seen lately: Discord may deliver one twice.
    seen: Mutex<VecDeque<u64>>,
}

/// How the process is.
#[derive(Debug, Clone)]
pub struct Vitals {
    /// When it started.
    pub started: DateTime<Utc>,
    /// What its loops have done.
    pub loops: Arc<supervisor::Status>,
    /// Latency and unreadable events of the gateway.
    pub gateway: Arc<Pulse>,
}

impl Data {
    /// The data of a new process.
    #[must_use]
    pub fn new(app: Arc<App>, vitals: Vitals) -> Self {
        Self {
            app,
            vitals,
            seen: Mutex::new(VecDeque::with_capacity(SEEN)),
        }
    }

    /// Whether this interaction comes for the first time to this process.
    pub fn is_new(&self, interaction: u64) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(&interaction) {
            return false;
        }
        if seen.len() == SEEN {
            seen.pop_front();
        }
        seen.push_back(interaction);
        true
    }
}

/// Interactions remembered; a repeated one follows its twin within seconds.
const SEEN: usize = 512;

/// The context of a slash command.
pub type Context<'a> = poise::ApplicationContext<'a, Data, Failure>;

/// Every command, as registered in the server.
#[must_use]
pub fn all() -> Vec<poise::Command<Data, Failure>> {
    vec![
        valider::valider(),
        retirer::retirer(),
        mon_groupe::mon_groupe(),
        registre::registre(),
        aide::aide(),
        contacts::contacts(),
        appel::appel(),
        invitation::invitation(),
        invitation::rejoindre(),
        groupe::groupe(),
        relai::relai(),
        referent::referent(),
        importer::importer(),
        exporter::exporter(),
        inscrits::inscrits(),
        journal::journal(),
        reunion::reunion(),
        rapport::rapport_region(),
        rapport::rapport_national(),
        rapport::couverture(),
        installer::installer(),
        installer::diagnostic(),
    ]
}

/// The framework's options: commands, the check of the server, one way to fail.
#[must_use]
pub fn options() -> poise::FrameworkOptions<Data, Failure> {
    poise::FrameworkOptions {
        commands: all(),
        on_error: |error| Box::pin(on_error(error)),
        command_check: Some(|ctx| Box::pin(check(ctx))),
        ..Default::default()
    }
}

/// Refuses other servers, and the second delivery of one interaction. Runs for autocompletes too, hence no query here.
async fn check(context: poise::Context<'_, Data, Failure>) -> Result<bool, Failure> {
    let poise::Context::Application(ctx) = context else {
        return Ok(false);
    };
    bound_server(&ctx.data().app, ctx.interaction.guild_id)?;
    if ctx.interaction_type == poise::CommandInteractionType::Autocomplete {
        return Ok(true);
    }
    // Of «relai nommer», poise checks «relai» and then «nommer»: the second check is not a second delivery.
    if context.invocation_data::<Admitted>().await.is_some() {
        return Ok(true);
    }
    let new = ctx.data().is_new(ctx.interaction.id.get());
    if new {
        context.set_invocation_data(Admitted).await;
    }
    Ok(new)
}

/// The mark of an invocation that has passed the check.
struct Admitted;

/// Refuses interactions of any server but the bound one (product.md §2). Those of DMs have none.
///
/// # Errors
/// «Ce programme est lié à un autre serveur», or «démarre» before the server is known.
pub fn bound_server(app: &App, guild: Option<serenity::GuildId>) -> Result<(), Failure> {
    let Some(guild) = guild else { return Ok(()) };
    match app.guild() {
        None => Err(UserError::new(Refusal::Later, texts::refusals::starting()).into()),
        Some(bound) if bound == GuildId(guild.get()) => Ok(()),
        Some(_) => Err(UserError::new(Refusal::Reserved, texts::refusals::other_server()).into()),
    }
}

/// Who acts in an interaction.
#[must_use]
pub fn actor(user: serenity::UserId, member: Option<&serenity::Member>) -> Actor {
    let manages_server = member.and_then(|member| member.permissions).is_some_and(|held| {
        held.intersects(serenity::Permissions::MANAGE_GUILD | serenity::Permissions::ADMINISTRATOR)
    });
    Actor {
        user: UserId(user.get()),
        manages_server,
    }
}

/// Who typed a command.
#[must_use]
pub fn author(ctx: Context<'_>) -> Actor {
    actor(ctx.interaction.user.id, ctx.interaction.member.as_deref())
}

/// An account named in an interaction, as Discord resolves it there: a member of the server comes with his membership.
#[must_use]
pub fn seen(resolved: &serenity::CommandDataResolved, id: serenity::UserId) -> Seen {
    let (user, member) = (resolved.users.get(&id), resolved.members.get(&id));
    let nick = member.and_then(|member| member.nick.clone());
    let username = user.map(|user| user.name.clone()).unwrap_or_default();
    Seen {
        user: UserId(id.get()),
        present: member.is_some(),
        bot: user.is_some_and(|user| user.bot),
        display: nick
            .or_else(|| user.and_then(|user| user.global_name.clone()))
            .unwrap_or_else(|| username.clone()),
        username,
    }
}

/// The answers to a command.
#[must_use]
pub fn reply<'a>(ctx: Context<'a>) -> Reply<'a> {
    Reply::new(
        &ctx.framework.serenity_context.http,
        ctx.interaction.id,
        &ctx.interaction.token,
    )
    .sharing(ctx.has_sent_initial_response)
}

/// Answers a failure: the person reads why, or one neutral sentence; the host reads the causes, once.
pub async fn answer_failure(reply: &Reply<'_>, failure: &Failure, what: &str) {
    let text = match failure {
        Failure::User(refusal) => {
            tracing::debug!(interaction.what = what, refusal.kind = ?refusal.kind, "refused");
            refusal.text.clone()
        }
        Failure::Internal(error) => {
            tracing::error!(interaction.what = what, error = %Chain(error), "failed");
            texts::refusals::internal_failure()
        }
    };
    if let Err(error) = reply.send(&Message::text(text)).await {
        tracing::warn!(interaction.what = what, error = %Chain(&error), "a failure could not be answered");
    }
}

/// An error with its causes, on one line.
pub struct Chain<'a>(pub &'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// Every way in which poise can fail, each decided. A new one must be decided too, hence no `_`.
async fn on_error(error: poise::FrameworkError<'_, Data, Failure>) {
    use poise::FrameworkError as E;
    match error {
        E::Command { error, ctx, .. } => fail(ctx, &error).await,
        E::CommandCheckFailed {
            error: Some(error),
            ctx,
            ..
        } => fail(ctx, &error).await,
        // The second delivery of an interaction: the first is being answered.
        E::CommandCheckFailed { error: None, .. } => {}
        E::CommandPanic { ctx, .. } => fail(ctx, &broken("a command panicked")).await,
        E::ArgumentParse { ctx, .. } => fail(ctx, &broken("an option could not be read")).await,
        E::CommandStructureMismatch { ctx, .. } => {
            fail(
                poise::Context::Application(ctx),
                &broken("an option differs from what is registered"),
            )
            .await;
        }
        E::SubcommandRequired { ctx }
        | E::CooldownHit { ctx, .. }
        | E::MissingBotPermissions { ctx, .. }
        | E::MissingUserPermissions { ctx, .. }
        | E::PermissionFetchFailed { ctx, .. }
        | E::NotAnOwner { ctx, .. }
        | E::GuildOnly { ctx, .. }
        | E::DmOnly { ctx, .. }
        | E::NsfwOnly { ctx, .. } => fail(ctx, &broken("a rule of the framework that no command uses")).await,
        E::UnknownInteraction { interaction, .. } => {
            tracing::warn!(command.name = %interaction.data.name, "a command that is not ours");
        }
        E::Setup { error, .. } => tracing::error!(error = %Chain(&error), "setup failed"),
        E::EventHandler { error, event, .. } => {
            tracing::error!(event.name = event.snake_case_name(), error = %Chain(&error), "an event failed");
        }
        E::DynamicPrefix { .. } | E::UnknownCommand { .. } | E::NonCommandMessage { .. } => {}
        E::__NonExhaustive(never) => match never {},
    }
}

fn broken(what: &'static str) -> Failure {
    Failure::Internal(crate::error::Error::Invariant(what))
}

async fn fail(ctx: poise::Context<'_, Data, Failure>, failure: &Failure) {
    let poise::Context::Application(app) = ctx else { return };
    if app.interaction_type == poise::CommandInteractionType::Autocomplete {
        // A suggestion that fails shows nothing; the command itself will say why.
        if let Failure::Internal(error) = failure {
            tracing::error!(command.name = %app.command().qualified_name, error = %Chain(error), "autocomplete failed");
        }
        return;
    }
    answer_failure(&reply(app), failure, &app.command().qualified_name).await;
}
