//! Who holds which post: relays of groups, referents of régions (product.md §2). Discord roles follow by themselves.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::authority::{self, Actor, Authority};
use super::validation::Seen;
use super::{App, lookup, notify};
use crate::domain::fold::fold;
use crate::domain::ids::{GroupId, RegionCode, UserId};
use crate::domain::notice::{Class, Notice};
use crate::domain::territory::Atlas;
use crate::domain::view::OPTIONS_MAX;
use crate::error::{Failure, Outcome, Refusal, UserError};
use crate::store::groups::Group;
use crate::store::journal::{self, Entry};
use crate::store::{StoreError, Tx, calls, names, overview, posts};
use crate::texts;
use crate::usecases::validation::suggest::Suggestion;

/// How many relays a group has at most (product.md §2).
pub const RELAYS_MAX: usize = 2;

/// What came of a naming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// How the account is shown.
    pub name: String,
    /// The group or the région.
    pub of: String,
    /// Whether the account held the post already: nothing was done.
    pub already: bool,
}

/// What came of an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How the account is shown.
    pub name: String,
    /// The group or the région.
    pub of: String,
    /// Whether the account held the post; otherwise nothing was done.
    pub held: bool,
    /// Whether nobody holds it any longer.
    pub vacant: bool,
}

/// How accounts are shown: a name with its Markdown escaped, else a mention that notifies nobody.
///
/// # Errors
/// When SQLite or the vault fails.
pub async fn shown(
    tx: &mut Tx,
    users: impl IntoIterator<Item = UserId> + Clone,
) -> Result<HashMap<UserId, String>, StoreError> {
    let mut names = names::display_names(tx, users.clone()).await?;
    Ok(users
        .into_iter()
        .map(|user| (user, texts::posts::shown(names.remove(&user).as_deref(), user)))
        .collect())
}

/// How one account is shown: as the server or a linked person names it, else as the interaction does.
async fn shown_as(tx: &mut Tx, account: &Seen) -> Result<String, StoreError> {
    let known = names::display_name(tx, account.user).await?;
    let typed = Some(account.display.as_str()).filter(|name| !name.trim().is_empty());
    Ok(texts::posts::shown(known.as_deref().or(typed), account.user))
}

/// Refuses an account that is no human on this server. The interaction knows best; the mirror speaks where it is silent.
async fn require_human(tx: &mut Tx, account: &Seen, name: &str) -> Outcome<()> {
    let known = names::presence(tx, account.user).await?;
    if account.bot || known.as_ref().is_some_and(|known| known.bot) {
        return Err(UserError::new(Refusal::Invalid, texts::posts::is_a_program(name)).into());
    }
    if !account.present && !known.is_some_and(|known| known.present) {
        return Err(UserError::new(Refusal::Invalid, texts::posts::not_here(name)).into());
    }
    Ok(())
}

/// An account of which only the id is known here: the mirror says the rest.
#[must_use]
pub fn only_id(user: UserId) -> Seen {
    Seen {
        user,
        present: false,
        bot: false,
        display: String::new(),
        username: String::new(),
    }
}

/// The relays of a group, as they are shown.
async fn relay_names(tx: &mut Tx, group: GroupId) -> Result<Vec<(UserId, String)>, StoreError> {
    let users: Vec<UserId> = posts::relays(tx, group)
        .await?
        .into_iter()
        .map(|holder| holder.user)
        .collect();
    let mut names = shown(tx, users.clone()).await?;
    Ok(users
        .into_iter()
        .filter_map(|user| names.remove(&user).map(|name| (user, name)))
        .collect())
}

/// Whether a relay may be named for this group now: asked before members are listed.
///
/// # Errors
/// Reserved; not found; archived; two relays already, with their names.
pub async fn may_name_relay(app: &App, actor: Actor, group: GroupId) -> Outcome<Group> {
    let mut tx = app.store.read().await?;
    let authority = authority::of(&mut tx, actor).await?;
    let group = authority.steered_group(&mut tx, group).await?;
    let relays = relay_names(&mut tx, group.id).await?;
    require_room(&group, &relays)?;
    Ok(group)
}

fn require_room(group: &Group, relays: &[(UserId, String)]) -> Outcome<()> {
    if group.archived {
        return Err(UserError::new(Refusal::Conflict, texts::posts::archived(&group.name)).into());
    }
    if relays.len() >= RELAYS_MAX {
        let names: Vec<&str> = relays.iter().map(|(_, name)| name.as_str()).collect();
        return Err(UserError::new(Refusal::Conflict, texts::posts::two_relays(&group.name, &names)).into());
    }
    Ok(())
}

/// Names a relay of the group of the option `groupe`.
///
/// # Errors
/// Reserved to referents and the national team; not found out of scope; not a human of this server; two relays already.
pub async fn name_relay(app: &App, actor: Actor, group: &str, account: &Seen, now: DateTime<Utc>) -> Outcome<Named> {
    let mut tx = app.store.write().await?;
    let authority = authority::of(&mut tx, actor).await?;
    let group = lookup::find_steered(&mut tx, &authority, group).await?;
    let name = shown_as(&mut tx, account).await?;
    require_human(&mut tx, account, &name).await?;
    let relays = relay_names(&mut tx, group.id).await?;
    let already = relays.iter().any(|(user, _)| *user == account.user);
    if !already {
        require_room(&group, &relays)?;
        posts::name_relay(&mut tx, group.id, account.user, now).await?;
        let after = account.user.to_string();
        let entry = Entry {
            actor: Some(actor.user),
            event: "relay.named",
            group: Some(group.id),
            region: Some(&group.region),
            after: Some(&after),
            ..Entry::default()
        };
        let line = journal::write(&mut tx, &entry, now).await?;
        let fact = format!("post:{}", line.0);
        let notice = Notice::RelayNamed { group: group.id };
        notify::user(&mut tx, account.user, Class::Access, &fact, &notice, now).await?;
        tx.commit().await?;
    }
    Ok(Named {
        name,
        of: group.name,
        already,
    })
}

/// Names as relay the member whom a typed Discord name designates, from a DM where members cannot be listed.
///
/// # Errors
/// As [`name_relay`]; nobody, or several people, bear that name.
pub async fn name_relay_typed(
    app: &App,
    actor: Actor,
    group: GroupId,
    typed: &str,
    now: DateTime<Utc>,
) -> Outcome<Named> {
    // Scope first: whoever may not name learns nothing of the server's members.
    may_name_relay(app, actor, group).await?;
    let mut tx = app.store.read().await?;
    let found = names::designated(&mut tx, typed).await?;
    drop(tx);
    match found.as_slice() {
        [user] => name_relay(app, actor, &group.to_string(), &only_id(*user), now).await,
        [] => Err(UserError::new(Refusal::Invalid, texts::posts::nobody_so_named(typed)).into()),
        several => Err(UserError::new(Refusal::Invalid, texts::posts::several_so_named(typed, several.len())).into()),
    }
}

/// Ends a relay's post; his open cards go back to the group's pool, and the last one's leaving is told to the referent.
///
/// # Errors
/// Reserved to referents and the national team; not found out of scope.
pub async fn end_relay(app: &App, actor: Actor, group: &str, account: &Seen, now: DateTime<Utc>) -> Outcome<Ended> {
    let mut tx = app.store.write().await?;
    let authority = authority::of(&mut tx, actor).await?;
    let group = lookup::find_steered(&mut tx, &authority, group).await?;
    let name = shown_as(&mut tx, account).await?;
    let held = posts::end_relay(&mut tx, group.id, account.user, now).await?;
    let vacant = posts::relays(&mut tx, group.id).await?.is_empty();
    if held {
        calls::release_leases(&mut tx, account.user, group.id).await?;
        let before = account.user.to_string();
        let entry = Entry {
            actor: Some(actor.user),
            event: "relay.ended",
            group: Some(group.id),
            region: Some(&group.region),
            before: Some(&before),
            ..Entry::default()
        };
        let line = journal::write(&mut tx, &entry, now).await?;
        let fact = format!("post:{}", line.0);
        let notice = Notice::RelayEnded { group: group.id };
        notify::user(&mut tx, account.user, Class::Access, &fact, &notice, now).await?;
        if vacant && !group.archived {
            let notice = Notice::WithoutRelay { group: group.id };
            let fact = format!("vacant:{}", line.0);
            notify::referents(&mut tx, &group.region, &fact, &notice, now).await?;
        }
        tx.commit().await?;
    }
    Ok(Ended {
        name,
        of: group.name,
        held,
        vacant,
    })
}

/// The région of the option `region`: a code as suggested, else a name, among those that the actor steers.
///
/// # Errors
/// Not found, out of scope or when it does not exist.
pub fn find_region(atlas: &Atlas, authority: &Authority, typed: &str) -> Outcome<(RegionCode, String)> {
    let (code, wanted) = (typed.trim(), fold(typed));
    atlas
        .regions()
        .iter()
        .filter(|region| authority.steers(&RegionCode(region.code.clone())))
        .find(|region| region.code == code || fold(&region.name) == wanted)
        .map(|region| (RegionCode(region.code.clone()), region.name.clone()))
        .ok_or_else(region_not_found)
}

fn region_not_found() -> Failure {
    UserError::new(Refusal::NotFound, texts::posts::region_not_found()).into()
}

/// The régions that the actor steers whose name answers to what was typed so far: for the option `region`.
///
/// # Errors
/// Reserved to referents and the national team.
pub async fn suggest_regions(app: &App, actor: Actor, typed: &str) -> Outcome<Vec<Suggestion>> {
    let mut tx = app.store.read().await?;
    let authority = authority::of(&mut tx, actor).await?;
    authority.require_referent()?;
    let wanted = fold(typed);
    Ok(app
        .atlas()
        .regions()
        .iter()
        .filter(|region| authority.steers(&RegionCode(region.code.clone())))
        .filter(|region| {
            let name = fold(&region.name);
            wanted
                .split(' ')
                .all(|word| name.split(' ').any(|own| own.starts_with(word)))
        })
        .take(OPTIONS_MAX)
        .map(|region| Suggestion {
            label: region.name.clone(),
            value: region.code.clone(),
        })
        .collect())
}

/// Names a referent of the région of the option `region`.
///
/// # Errors
/// Reserved to the national team; no such région; not a human of this server.
pub async fn name_referent(
    app: &App,
    actor: Actor,
    region: &str,
    account: &Seen,
    now: DateTime<Utc>,
) -> Outcome<Named> {
    let mut tx = app.store.write().await?;
    let authority = authority::of(&mut tx, actor).await?;
    authority.require_national()?;
    let (code, of) = find_region(&app.atlas(), &authority, region)?;
    let name = shown_as(&mut tx, account).await?;
    require_human(&mut tx, account, &name).await?;
    let new = posts::name_referent(&mut tx, &code, account.user, now).await?;
    if new {
        let after = account.user.to_string();
        let entry = Entry {
            actor: Some(actor.user),
            event: "referent.named",
            region: Some(&code),
            after: Some(&after),
            ..Entry::default()
        };
        let line = journal::write(&mut tx, &entry, now).await?;
        let fact = format!("post:{}", line.0);
        let notice = Notice::ReferentNamed { region: code };
        notify::user(&mut tx, account.user, Class::Access, &fact, &notice, now).await?;
        tx.commit().await?;
    }
    Ok(Named {
        name,
        of,
        already: !new,
    })
}

/// Ends a referent's post.
///
/// # Errors
/// Reserved to the national team; no such région.
pub async fn end_referent(app: &App, actor: Actor, region: &str, account: &Seen, now: DateTime<Utc>) -> Outcome<Ended> {
    let mut tx = app.store.write().await?;
    let authority = authority::of(&mut tx, actor).await?;
    authority.require_national()?;
    let (code, of) = find_region(&app.atlas(), &authority, region)?;
    let name = shown_as(&mut tx, account).await?;
    let held = posts::end_referent(&mut tx, &code, account.user, now).await?;
    let vacant = posts::referents(&mut tx, &code).await?.is_empty();
    if held {
        let before = account.user.to_string();
        let entry = Entry {
            actor: Some(actor.user),
            event: "referent.ended",
            region: Some(&code),
            before: Some(&before),
            ..Entry::default()
        };
        let line = journal::write(&mut tx, &entry, now).await?;
        let fact = format!("post:{}", line.0);
        let notice = Notice::ReferentEnded { region: code };
        notify::user(&mut tx, account.user, Class::Access, &fact, &notice, now).await?;
        tx.commit().await?;
    }
    Ok(Ended { name, of, held, vacant })
}

/// The relays of every group in scope, as `/relai liste` shows them: by région, then by group.
///
/// # Errors
/// Reserved to referents and the national team.
pub async fn relays(app: &App, actor: Actor) -> Outcome<Vec<texts::posts::RelayLine>> {
    let mut tx = app.store.read().await?;
    let authority = authority::of(&mut tx, actor).await?;
    authority.require_referent()?;
    let atlas = app.atlas();
    let seen: Vec<overview::Seen> = overview::all(&mut tx)
        .await?
        .into_iter()
        .filter(|seen| authority.steers(&seen.group.region) && !seen.group.archived)
        .collect();
    let users: Vec<UserId> = seen
        .iter()
        .flat_map(|seen| &seen.relays)
        .map(|(user, _)| *user)
        .collect();
    let names = shown(&mut tx, users).await?;
    let mut lines: Vec<texts::posts::RelayLine> = seen
        .into_iter()
        .map(|seen| texts::posts::RelayLine {
            region: region_name(&atlas, &seen.group.region),
            group: texts::people::group_suggestion(&seen.group.name, &seen.group.departement),
            relays: seen
                .relays
                .iter()
                .filter_map(|(user, since)| names.get(user).map(|name| (name.clone(), *since)))
                .collect(),
        })
        .collect();
    lines.sort_by_cached_key(|line| (fold(&line.region), fold(&line.group)));
    Ok(lines)
}

/// The referents of every région, as `/referent liste` shows them.
///
/// # Errors
/// Reserved to the national team.
pub async fn referents(app: &App, actor: Actor) -> Outcome<Vec<texts::posts::ReferentLine>> {
    let mut tx = app.store.read().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let holders = posts::all_referents(&mut tx).await?;
    let names = shown(
        &mut tx,
        holders.iter().map(|(_, holder)| holder.user).collect::<Vec<_>>(),
    )
    .await?;
    let atlas = app.atlas();
    Ok(atlas
        .regions()
        .iter()
        .map(|region| texts::posts::ReferentLine {
            region: region.name.clone(),
            referents: holders
                .iter()
                .filter(|(code, _)| code.0 == region.code)
                .filter_map(|(_, holder)| names.get(&holder.user).map(|name| (name.clone(), holder.since)))
                .collect(),
        })
        .collect())
}

/// The name of a région, or its code when the table lacks it.
pub(super) fn region_name(atlas: &Atlas, code: &RegionCode) -> String {
    atlas
        .region(&code.0)
        .map_or_else(|| code.0.clone(), |region| region.name.clone())
}
