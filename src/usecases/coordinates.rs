//! «Coordonnées du groupe», under the register: any member or relay of the group reads phones and mails, twenty a page; the
//! people of each opened page are journaled (product.md §8, §16).

use chrono::{DateTime, Utc};

use super::authority::{self, Actor, Authority};
use super::{App, access};
use crate::domain::ids::GroupId;
use crate::error::Outcome;
use crate::store::Tx;
use crate::store::groups::{self, Group};
use crate::store::memberships;
use crate::store::people::Person;
use crate::texts;
use crate::texts::coordinates::{Line, Page};

/// The most people of a page (product.md §8).
pub const PAGE: usize = 20;

/// Opens a page, from 0; one beyond the end is the last.
///
/// # Errors
/// Reserved to members and relays; not found for another group.
pub async fn open(app: &App, actor: Actor, group: GroupId, page: u32, now: DateTime<Utc>) -> Outcome<Page> {
    let mut tx = app.store.write().await?;
    let authority = authority::of(&mut tx, actor).await?;
    let group = readable_group(&mut tx, &authority, group).await?;
    let rows = memberships::of_group(&mut tx, group.id).await?;
    let lines: Vec<Line> = rows
        .iter()
        .map(|(membership, person)| line(membership.number, person))
        .collect();
    let pages = texts::coordinates::split(&lines, PAGE);
    let last = pages.len().saturating_sub(1);
    let index = usize::try_from(page).unwrap_or(last).min(last);
    let shown = pages.get(index).cloned().unwrap_or(0..0);
    for (_, person) in rows.get(shown.clone()).unwrap_or_default() {
        access::coordinates(&mut tx, actor.user, Some(group.id), person.id, now).await?;
    }
    tx.commit_quietly().await?;
    Ok(Page {
        group: group.id,
        name: group.name,
        lines: lines.get(shown).unwrap_or_default().to_vec(),
        index: u32::try_from(index).unwrap_or(u32::MAX),
        of: u32::try_from(pages.len()).unwrap_or(u32::MAX),
    })
}

/// The group, for its members and relays; «introuvable» for everyone else's (product.md §2).
///
/// # Errors
/// Reserved to members for whoever is neither member nor relay; not found otherwise.
pub async fn readable_group(tx: &mut Tx, authority: &Authority, group: GroupId) -> Outcome<Group> {
    if authority.member_of.is_none() && authority.relays.is_empty() {
        return Err(authority::reserved(texts::refusals::MEMBERS));
    }
    let found = groups::get(tx, group).await?;
    found
        .filter(|group| authority.reads(group.id))
        .ok_or_else(authority::group_not_found)
}

fn line(number: u32, person: &Person) -> Line {
    let Some(identity) = &person.identity else {
        return Line {
            number,
            name: person.short(),
            phone: String::new(),
            mail: String::new(),
        };
    };
    Line {
        number,
        name: identity.full_upper(),
        phone: identity
            .phone
            .as_ref()
            .map(crate::domain::person::Phone::national)
            .unwrap_or_default(),
        mail: identity
            .mail
            .as_ref()
            .map(|mail| mail.as_str().to_owned())
            .unwrap_or_default(),
    }
}
