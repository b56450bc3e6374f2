//! The one function that every change of membership goes through, inside its own transaction (product.md §3).
//!
//! It counts rows, lets `domain::ladder` decide, and writes what follows: the step with its date, the generic statutes at
//! the assembly, the journal, and who is told.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{App, Rules, notify};
use crate::domain::ids::{GroupId, RegionCode, TerritoryId, UserId};
use crate::domain::ladder::{self, Step};
use crate::domain::notice::Notice;
use crate::store::groups::NewGroup;
use crate::store::journal::{self, Entry};
use crate::store::{StoreError, Tx, groups, ladder as rows, posts, territories};

/// Brings the steps of a group in line with its rows; gives the steps reached just now, lowest first.
///
/// # Errors
/// When SQLite fails; the caller's transaction must then be dropped.
pub async fn settle(
    tx: &mut Tx,
    rules: &Rules,
    group: GroupId,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<Vec<Step>, StoreError> {
    let counts = rows::counts(tx, group).await?;
    let before = rows::steps(tx, group).await?;
    let reached: Vec<Step> = before.iter().map(|row| row.step).collect();
    let change = ladder::decide(&rules.thresholds, counts, &reached);
    for step in &change.reached {
        rows::reach(tx, group, *step, now).await?;
        follow(tx, rules, group, *step, by, now).await?;
    }
    for row in &before {
        let under = change.under.contains(&row.step) && row.step != Step::Possible;
        if under != row.under_since.is_some() {
            rows::mark_under(tx, group, row.step, under.then_some(now)).await?;
        }
    }
    Ok(change.reached)
}

/// What a step brings, besides being reached. `Possible` is announced by [`announce`], many groups together.
async fn follow(
    tx: &mut Tx,
    rules: &Rules,
    group: GroupId,
    step: Step,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(facts) = groups::get(tx, group).await? else {
        return Ok(());
    };
    let entry = Entry {
        actor: by,
        event: "group.step",
        group: Some(group),
        region: Some(&facts.region),
        after: Some(step.key()),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    if step == Step::Possible {
        return Ok(());
    }
    if step == Step::Assembly {
        super::statutes::adopt_generic(tx, rules, &facts, now).await?;
    }
    let notice = Notice::StepReached { group, step };
    let fact = format!("step:{group}:{}", step.key());
    notify::relays(tx, group, &fact, &notice, now).await?;
    notify::referents(tx, &facts.region, &fact, &notice, now).await?;
    notify::national(tx, &fact, &notice, now).await
}

/// Declares a group in every territory where enough people signed up and none exists, and tells the referents and the
/// national team, each in one message whatever the number of groups.
///
/// # Errors
/// When SQLite fails; the caller's transaction must then be dropped.
pub async fn declare_ripe(
    tx: &mut Tx,
    rules: &Rules,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<Vec<GroupId>, StoreError> {
    let mut declared = Vec::new();
    for territory in rows::ripe_territories(tx, rules.thresholds.possible).await? {
        if let Some(group) = declare(tx, territory, None, by, now).await? {
            declared.push(group);
        }
    }
    announce(tx, &declared, now).await?;
    Ok(declared)
}

/// Declares what a process that died in the middle of an import left ripe: once for each life of the process.
///
/// # Errors
/// When SQLite fails; nothing was written then.
pub async fn catch_up(app: &App, now: DateTime<Utc>) -> Result<Vec<GroupId>, StoreError> {
    let rules = app.rules();
    {
        // Most of the time there is nothing: that is found out without the writer.
        let mut tx = app.store.read().await?;
        if rows::ripe_territories(&mut tx, rules.thresholds.possible)
            .await?
            .is_empty()
        {
            return Ok(Vec::new());
        }
    }
    let mut tx = app.store.write().await?;
    let declared = declare_ripe(&mut tx, &rules, None, now).await?;
    tx.commit().await?;
    Ok(declared)
}

/// Announces the groups that nobody could be told of when they were declared: an import from the host's shell may come before
/// the bot has met its server. Tells whether anything was written.
///
/// # Errors
/// When SQLite fails; nothing was written then.
pub async fn announce_late(app: &App, now: DateTime<Utc>) -> Result<bool, StoreError> {
    {
        let mut tx = app.store.read().await?;
        if groups::unannounced(&mut tx).await?.is_empty() {
            return Ok(false);
        }
    }
    let mut tx = app.store.write().await?;
    let told = announce_waiting(&mut tx, now).await?;
    if told {
        tx.commit().await?;
    } else {
        // Nobody to tell yet: what changes the mirror of the server wakes this again.
        tx.commit_quietly().await?;
    }
    Ok(told)
}

/// Declares the group of one territory; `declared_by` is whoever declared it by hand.
///
/// # Errors
/// When SQLite fails.
pub async fn declare(
    tx: &mut Tx,
    territory: TerritoryId,
    declared_by: Option<UserId>,
    actor: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<Option<GroupId>, StoreError> {
    let Some(part) = territories::get(tx, territory).await? else {
        return Ok(None);
    };
    let new = NewGroup {
        name: &part.name,
        departement: &part.departement,
        region: &part.region,
        territory,
        by: declared_by,
    };
    let group = groups::declare(tx, &new, now).await?;
    rows::reach(tx, group, Step::Possible, now).await?;
    let entry = Entry {
        actor,
        event: "group.declared",
        group: Some(group),
        region: Some(&part.region),
        after: Some(Step::Possible.key()),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    Ok(Some(group))
}

/// Announces groups just declared, with those that still wait for someone to tell.
///
/// # Errors
/// When SQLite fails.
pub async fn announce(tx: &mut Tx, declared: &[GroupId], now: DateTime<Utc>) -> Result<(), StoreError> {
    if !declared.is_empty() {
        groups::set_announced(tx, declared, None).await?;
        announce_waiting(tx, now).await?;
    }
    Ok(())
}

/// Tells the national team and each referent which groups have become possible, each in one message. What nobody can be told
/// yet, since neither is known, waits for the next call. Tells whether anything was announced.
///
/// # Errors
/// When SQLite fails.
async fn announce_waiting(tx: &mut Tx, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let waiting = groups::unannounced(tx).await?;
    let Some((first, _)) = waiting.first() else {
        return Ok(false);
    };
    let fact = format!("possible:{first}");
    let mut by_region = BTreeMap::<&RegionCode, Vec<GroupId>>::new();
    for (group, region) in &waiting {
        by_region.entry(region).or_default().push(*group);
    }
    let team = notify::national_can_be_told(tx).await?;
    if team {
        let groups = waiting.iter().map(|(group, _)| *group).collect();
        notify::national(tx, &fact, &Notice::GroupsPossible { groups }, now).await?;
    }
    let mut told = Vec::new();
    for (region, groups) in by_region {
        if team || !posts::referents(tx, region).await?.is_empty() {
            told.extend_from_slice(&groups);
            notify::referents(tx, region, &fact, &Notice::GroupsPossible { groups }, now).await?;
        }
    }
    groups::set_announced(tx, &told, Some(now)).await?;
    Ok(!told.is_empty())
}
