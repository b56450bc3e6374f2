//! `/registre voir` and `/registre exporter`: the register of one's group, on one's own screen or in a file (product.md §8).

use chrono::{DateTime, Utc};

use super::authority::{self, Actor, Authority};
use super::coordinates::readable_group;
use super::{App, access};
use crate::domain::csv_export::CsvExport;
use crate::domain::fold::fold;
use crate::domain::ids::{GroupId, PersonId, UserId};
use crate::domain::register::{Columns, pages};
use crate::domain::snapshot::{GroupFacts, HolderFacts, MemberFacts};
use crate::domain::view::{File, Message};
use crate::error::{Outcome, Refusal, UserError};
use crate::store::groups::Group;
use crate::store::journal::{self, Entry};
use crate::store::memberships::{self, Membership};
use crate::store::people::{self, Person};
use crate::store::{Tx, groups, ladder, names, posts};
use crate::texts;
use crate::texts::space::FRENCH;

/// The most files of one answer (Discord documentation, «Create Message»).
const FILES_MAX: usize = 10;

/// What `/registre voir` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// One page, from 0, of so many, of the register of this group.
    Page {
        /// The group.
        group: GroupId,
        /// Which page, from 0.
        index: u32,
        /// How many there are.
        of: u32,
        /// The page as it is pinned.
        message: Message,
    },
    /// A relay of several groups chooses: ids and names.
    Choose(Vec<(GroupId, String)>),
}

/// Opens the register of the member's group, or of the relay's.
///
/// # Errors
/// Reserved to members and relays.
pub async fn show(app: &App, actor: Actor, now: DateTime<Utc>) -> Outcome<Shown> {
    let mut tx = app.store.read().await?;
    let authority = authority::of(&mut tx, actor).await?;
    let mut own = Vec::new();
    for id in authority.member_of.into_iter().chain(authority.relays.iter().copied()) {
        if !own.iter().any(|group: &Group| group.id == id) {
            own.extend(groups::get(&mut tx, id).await?);
        }
    }
    match own.as_slice() {
        [] => Err(authority::reserved(texts::refusals::MEMBERS)),
        [only] => page_of(&mut tx, app, only, 0, now).await,
        several => Ok(Shown::Choose(
            several.iter().map(|group| (group.id, group.name.clone())).collect(),
        )),
    }
}

/// Opens a page of the register of a group, from 0; one beyond the end is the last.
///
/// # Errors
/// Reserved to members and relays; not found for another group.
pub async fn page(app: &App, actor: Actor, group: GroupId, index: u32, now: DateTime<Utc>) -> Outcome<Shown> {
    let mut tx = app.store.read().await?;
    let authority = authority::of(&mut tx, actor).await?;
    let group = readable_group(&mut tx, &authority, group).await?;
    page_of(&mut tx, app, &group, index, now).await
}

async fn page_of(tx: &mut Tx, app: &App, group: &Group, index: u32, now: DateTime<Utc>) -> Outcome<Shown> {
    let facts = facts(tx, group).await?;
    // Phones and mails are behind «Coordonnées du groupe», where each reading is journaled.
    let pages = pages(&facts, Columns::default(), &app.rules().thresholds, &FRENCH);
    let of = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    let index = index.min(of.saturating_sub(1));
    let message = usize::try_from(index)
        .ok()
        .and_then(|index| pages.get(index))
        .map(|page| page.message(&FRENCH, now))
        .unwrap_or_default();
    Ok(Shown::Page {
        group: group.id,
        index,
        of,
        message,
    })
}

async fn facts(tx: &mut Tx, group: &Group) -> Outcome<GroupFacts> {
    let members = memberships::of_group(tx, group.id).await?;
    let mut pseudos = people::pseudos(tx, unlinked(&members)).await?;
    let members = members
        .into_iter()
        .filter_map(|(membership, person)| {
            let identity = person.identity?;
            Some(MemberFacts {
                number: membership.number,
                name: identity.full_upper(),
                user: person.discord,
                pseudo: pseudos.remove(&person.id).map(|name| name.display.clone()),
                present: person.discord.is_some(),
                postal_code: person.place.postal_code,
                since: membership.validated_at,
                phone: None,
                mail: None,
            })
        })
        .collect();
    let relays = posts::relays(tx, group.id)
        .await?
        .into_iter()
        .map(|holder| holder.user)
        .collect();
    let referents = posts::referents(tx, &group.region)
        .await?
        .into_iter()
        .map(|holder| holder.user)
        .collect();
    Ok(GroupFacts {
        id: group.id,
        name: group.name.clone(),
        archived: group.archived,
        steps: ladder::steps(tx, group.id)
            .await?
            .into_iter()
            .map(|row| (row.step, row.at))
            .collect(),
        announce: Vec::new(),
        members,
        relays: holders(tx, relays).await?,
        referents: holders(tx, referents).await?,
        statutes: None,
        merged: None,
    })
}

/// The members of whom no account is known: their pseudo stands in its place (product.md §8).
fn unlinked(members: &[(Membership, Person)]) -> impl Iterator<Item = PersonId> {
    members
        .iter()
        .filter(|(_, person)| person.discord.is_none())
        .map(|(_, person)| person.id)
}

async fn holders(tx: &mut Tx, users: Vec<UserId>) -> Outcome<Vec<HolderFacts>> {
    let mut known = names::display_names(tx, users.iter().copied()).await?;
    Ok(users
        .into_iter()
        .map(|user| HolderFacts {
            user,
            present: true,
            display: known.remove(&user),
        })
        .collect())
}

/// The registers of the relay's groups as CSV files, one each, with phones and mails; what was read is journaled.
///
/// # Errors
/// Reserved to relays; a conflict when no group of the relay has a member.
pub async fn export(app: &App, actor: Actor, now: DateTime<Utc>) -> Outcome<Vec<File>> {
    let mut tx = app.store.write().await?;
    let authority = authority::of(&mut tx, actor).await?;
    authority.require_relay()?;
    let mut files = Vec::new();
    for id in authority.relays.iter().take(FILES_MAX) {
        let Some(group) = groups::get(&mut tx, *id).await? else {
            continue;
        };
        files.extend(file(&mut tx, &authority, &group, now).await?);
    }
    if files.is_empty() {
        return Err(UserError::new(Refusal::Conflict, texts::my_register::nothing_to_export()).into());
    }
    tx.commit_quietly().await?;
    Ok(files)
}

async fn file(tx: &mut Tx, authority: &Authority, group: &Group, now: DateTime<Utc>) -> Outcome<Option<File>> {
    let rows = memberships::of_group(tx, group.id).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let accounts = names::account_names(tx, rows.iter().filter_map(|(_, person)| person.discord)).await?;
    let pseudos = people::pseudos(tx, unlinked(&rows)).await?;
    let mut csv = CsvExport::new(texts::my_register::CSV_HEADER);
    for (membership, person) in &rows {
        let Some(identity) = &person.identity else { continue };
        let account = match person.discord {
            Some(user) => accounts.get(&user).map_or("", |name| name.username.as_str()),
            None => pseudos.get(&person.id).map_or("", |name| name.display.as_str()),
        };
        let phone = identity
            .phone
            .as_ref()
            .map(crate::domain::person::Phone::national)
            .unwrap_or_default();
        csv.row([
            membership.number.to_string().as_str(),
            identity.first.as_str(),
            identity.last.as_str(),
            account,
            &person.place.postal_code,
            &texts::dates::numeric(crate::domain::calendar::paris_date(membership.validated_at)),
            &phone,
            identity.mail.as_ref().map_or("", |mail| mail.as_str()),
        ]);
        access::coordinates(tx, authority.user, Some(group.id), person.id, now).await?;
    }
    let entry = Entry {
        actor: Some(authority.user),
        event: "register.exported",
        group: Some(group.id),
        region: Some(&group.region),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    let name = format!("registre-{}.csv", fold(&group.name).replace(' ', "-"));
    Ok(Some(File {
        name,
        bytes: csv.finish(),
        description: String::new(),
    }))
}
