//! Newcomers are welcomed once, by a direct message (product.md §11): who has arrived is read from the mirror of the members,
//! what they are told is written when it is sent.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{App, meeting, notify};
use crate::domain::ids::UserId;
use crate::domain::notice::{Class, Notice};
use crate::domain::view::Message;
use crate::error::Error;
use crate::store::meta::{self, Fact};
use crate::store::{StoreError, Tx, authority, bindings, greetings, groups, names, outbox};
use crate::texts;
use crate::texts::templates::{Welcome, WelcomeFacts};

/// Puts into the outbox a welcome for everyone who has arrived: on the server, past its screening, no program, and never
/// welcomed before. To be called in the transaction that wrote the mirror. Tells whether anything was written.
///
/// Those who are there when the list of members is read for the very first time (`whole`) have not just arrived: they are
/// known from then on. `arrived` are those whom the gateway has told to come since.
///
/// # Errors
/// When the database fails.
pub async fn arrivals(
    tx: &mut Tx,
    whole: bool,
    arrived: &BTreeSet<UserId>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let mut wrote = false;
    if meta::get(tx, Fact::FirstLook).await?.is_none() {
        if !whole {
            return Ok(false);
        }
        greetings::know_all(tx, arrived, now).await?;
        meta::set_instant(tx, Fact::FirstLook, now).await?;
        wrote = true;
    }
    greetings::forget_absent(tx).await?;
    for user in greetings::strangers(tx).await? {
        greetings::note(tx, user, now).await?;
        notify::user(tx, user, Class::Welcome, "welcome", &Notice::Welcome, now).await?;
        wrote = true;
    }
    Ok(wrote)
}

/// After an older copy was put back: whoever came since it was made may have been welcomed, so that everyone whom the next look
/// finds is known; and what was waiting may have been sent, so that it is looked for first. Nobody is told anything twice.
///
/// # Errors
/// When the database fails.
pub async fn after_restore(app: &App) -> Result<(), StoreError> {
    let mut tx = app.store.write().await?;
    meta::forget(&mut tx, Fact::FirstLook).await?;
    outbox::doubt_all(&mut tx).await?;
    tx.commit_quietly().await
}

/// The welcome as it is sent: to a member of a group, the way to its space; to anyone else, how to begin. None when the account
/// has left meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn message(app: &App, tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<Option<Message>, Error> {
    if !on_server(tx, user).await? {
        return Ok(None);
    }
    let mut facts = facts(app, tx, user, now).await?;
    let group = match authority::functions(tx, user).await?.member_of {
        Some(group) => groups::get(tx, group).await?,
        None => None,
    };
    let Some(group) = group else {
        let text = app.texts().welcome(Welcome::Newcomer, &facts);
        return Ok(Some(texts::welcome::newcomer(text)));
    };
    let space = app.guild().zip(bindings::space_ready(tx, group.id).await?);
    facts.space = texts::welcome::space(space, group.archived);
    facts.group = group.name;
    let text = app.texts().welcome(Welcome::Member, &facts);
    Ok(Some(texts::welcome::member(text)))
}

/// The same told by a mention in the welcome channel, to someone whose direct messages are closed.
///
/// # Errors
/// When the database fails.
pub async fn mention(app: &App, tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<Option<Message>, Error> {
    if !on_server(tx, user).await? {
        return Ok(None);
    }
    let facts = facts(app, tx, user, now).await?;
    let text = app.texts().welcome(Welcome::Channel, &facts);
    Ok(Some(texts::welcome::mention(user, &text)))
}

async fn on_server(tx: &mut Tx, user: UserId) -> Result<bool, Error> {
    Ok(names::presence(tx, user)
        .await?
        .is_some_and(|presence| presence.present))
}

async fn facts(app: &App, tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<WelcomeFacts, Error> {
    let shown = names::account_names(tx, [user]).await?.remove(&user);
    let links = &app.settings.links;
    Ok(WelcomeFacts {
        name: shown.map(|name| name.display.clone()).unwrap_or_default(),
        meeting: texts::welcome::meeting(meeting::next(app, tx, now).await?.map(|next| next.starts_at)),
        signup_link: links.signup.clone(),
        discord_link: links.discord.clone(),
        ..WelcomeFacts::default()
    })
}
