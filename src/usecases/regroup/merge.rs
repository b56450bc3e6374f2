//! `/groupe fusionner`: a group joins another (product.md §3).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::authority::{self, Actor, Authority};
use super::super::posts::{region_name, shown};
use super::super::undo::Undone;
use super::super::{App, group_changes, ladder, lookup, standing};
use super::{
    Carried, carry_relays, changed_since, close_transfers, note, post, refuse, refuse_later, tell_members, tell_posts,
    tell_space, there,
};
use crate::domain::action::DraftId;
use crate::domain::bindings::Room;
use crate::domain::ids::{GroupId, JournalId, TransferId, UserId};
use crate::domain::notice::Notice;
use crate::error::{Outcome, Refusal, UserError};
use crate::store::drafts::{self, Draft};
use crate::store::groups::{self, Group};
use crate::store::regroup::{self, Holdings};
use crate::store::undos::{self, Kind};
use crate::store::{Tx, bindings, calls, ladder as rows};
use crate::texts;
use crate::texts::regroup::Merged;

/// The kind of the drafts.
const KIND: &str = "merge";

/// Which group joins which.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Asked {
    source: GroupId,
    target: GroupId,
}

/// What an undo needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Before {
    source: GroupId,
    target: GroupId,
    held: Holdings,
    relays: Carried,
    transfers: Vec<TransferId>,
}

/// The groups of the options `groupe` and `vers`, and what merging them would do.
///
/// # Errors
/// Reserved to the national team; not found; one group twice; an archived group to join.
pub async fn propose(
    app: &App,
    actor: Actor,
    group: &str,
    into: &str,
    now: DateTime<Utc>,
) -> Outcome<(DraftId, Merged)> {
    let mut tx = app.store.write().await?;
    let authority = national(&mut tx, actor).await?;
    let source = lookup::find_steered(&mut tx, &authority, group).await?;
    let target = lookup::find_steered(&mut tx, &authority, into).await?;
    let asked = Asked {
        source: source.id,
        target: target.id,
    };
    let merged = carry_out(&mut tx, app, actor, &source, &target, now).await?;
    // Nothing has happened yet.
    drop(tx);
    let mut tx = app.store.write().await?;
    let draft = drafts::put(&mut tx, actor.user, KIND, &asked, app.settings.data.drafts, now).await?;
    tx.commit_quietly().await?;
    Ok((draft, merged))
}

/// «Confirmer»: one group joins the other.
///
/// # Errors
/// As [`propose`]; an expired draft; done already.
pub async fn confirm(app: &App, actor: Actor, draft: &DraftId, now: DateTime<Utc>) -> Outcome<Merged> {
    let mut tx = app.store.write().await?;
    national(&mut tx, actor).await?;
    let asked = match drafts::get::<Asked>(&mut tx, draft, actor.user, KIND, now).await? {
        Some(Draft::Open(asked)) => asked,
        Some(Draft::Spent(_)) => return Err(refuse(Refusal::Conflict, texts::regroup::already_done())),
        None => return Err(refuse(Refusal::Conflict, texts::regroup::expired())),
    };
    // Another national may have been quicker.
    if regroup::merged_into(&mut tx, asked.source).await? == Some(asked.target) {
        return Err(refuse(Refusal::Conflict, texts::regroup::already_merged()));
    }
    let source = groups::get(&mut tx, asked.source).await?;
    let target = groups::get(&mut tx, asked.target).await?;
    let (Some(source), Some(target)) = (source, target) else {
        return Err(refuse(Refusal::Conflict, texts::regroup::changed_meanwhile()));
    };
    let merged = carry_out(&mut tx, app, actor, &source, &target, now).await?;
    drafts::spend(&mut tx, draft, Some(merged.line.0), now).await?;
    tx.commit().await?;
    Ok(merged)
}

/// «Annuler»: forgets the draft.
///
/// # Errors
/// Reserved to the national team; done already.
pub async fn cancel(app: &App, actor: Actor, draft: &DraftId, now: DateTime<Utc>) -> Outcome<()> {
    let mut tx = app.store.write().await?;
    national(&mut tx, actor).await?;
    if !drafts::spend(&mut tx, draft, None, now).await? {
        return Err(refuse(Refusal::Conflict, texts::regroup::already_done()));
    }
    tx.commit_quietly().await?;
    Ok(())
}

async fn national(tx: &mut Tx, actor: Actor) -> Outcome<Authority> {
    let authority = authority::of(tx, actor).await?;
    authority.require_national()?;
    Ok(authority)
}

async fn carry_out(
    tx: &mut Tx,
    app: &App,
    actor: Actor,
    source: &Group,
    target: &Group,
    now: DateTime<Utc>,
) -> Outcome<Merged> {
    if source.id == target.id {
        return Err(refuse(Refusal::Invalid, texts::regroup::same_group(&source.name)));
    }
    if target.archived {
        return Err(refuse(Refusal::Conflict, texts::regroup::archived(&target.name)));
    }
    let (before, after) = (source.id.to_string(), target.id.to_string());
    let line = note(tx, actor, "group.merged", target, &before, &after, now).await?;
    regroup::record(tx, line, source.id, target.id).await?;
    let relays = carry_relays(tx, actor, source, target, now).await?;
    regroup::set_merged(tx, source.id, Some(target.id)).await?;
    let held = regroup::hand_over(tx, source.id, target.id).await?;
    let moved = regroup::pass(tx, source.id, target.id, None, line).await?;
    regroup::tell_passages(tx, line, Some(actor.user), now).await?;
    regroup::follow_members(tx, source.id, target.id).await?;
    let transfers = regroup::redirect(tx, source.id, target.id, None).await?;
    let closed = close_transfers(tx, actor, target, now).await?;
    calls::release_strangers(tx, target.id).await?;
    let rules = app.rules();
    let reached = ladder::settle(tx, &rules, target.id, Some(actor.user), now).await?;
    let relieved = relays.relieved.clone();
    let kept = Before {
        source: source.id,
        target: target.id,
        held,
        relays,
        transfers,
    };
    let until = now + app.settings.data.undo;
    undos::keep(tx, line, Kind::GroupsMerged, (None, Some(target.id)), &kept, until).await?;
    let notice = Notice::GroupMerged {
        source: source.id,
        target: target.id,
    };
    tell_posts(tx, line, &notice, [target, source], &relieved, now).await?;
    tell_space(tx, line, &notice, target.id, now).await?;
    if !tell_space(tx, line, &notice, source.id, now).await? {
        tell_members(tx, line, &notice, now).await?;
    }
    let standing = standing::of(tx, &rules, target.id).await?;
    let serving = super::accounts(tx, target.id).await?;
    let atlas = app.atlas();
    Ok(Merged {
        line,
        source: source.name.clone(),
        target: target.name.clone(),
        moved,
        signed_up: rows::counts(tx, target.id).await?.signed_up,
        standing: standing.progress(),
        reached,
        // The status of an ACP is the group's own: it does not pass to another.
        lost: Some(source.stage).filter(|stage| *stage > standing.stage()),
        relays: names(tx, serving).await?,
        relieved: names(tx, relieved).await?,
        transfers_closed: closed,
        regions: (source.region != target.region)
            .then(|| (region_name(&atlas, &source.region), region_name(&atlas, &target.region))),
        space: bindings::room(tx, source.id, Room::Discussion).await?.is_some(),
    })
}

/// How some accounts are shown, in their order.
async fn names(tx: &mut Tx, users: Vec<UserId>) -> Outcome<Vec<String>> {
    let mut known = shown(tx, users.clone()).await?;
    Ok(users.into_iter().filter_map(|user| known.remove(&user)).collect())
}

/// Undoes a merge: the group has its name, its territories, its relays and its members again. Who was validated since, or has
/// left, stays where that put him.
pub(in crate::usecases) async fn undo(
    tx: &mut Tx,
    app: &App,
    actor: Actor,
    line: JournalId,
    kept: &undos::Kept,
    now: DateTime<Utc>,
) -> Outcome<Undone> {
    let before: Before = kept.open(tx)?;
    let target = there(tx, before.target).await?;
    if regroup::merged_into(tx, before.source).await? != Some(before.target) {
        return Err(changed_since());
    }
    refuse_later(tx, line, [before.source, before.target]).await?;
    if !regroup::give_back(tx, &before.held, before.target, before.source).await? {
        return Err(UserError::new(Refusal::Conflict, texts::regroup::territory_changed()).into());
    }
    regroup::set_merged(tx, before.source, None).await?;
    let source = there(tx, before.source).await?;
    group_changes::refuse_taken(tx, &source, &source.name).await?;
    let told = line.to_string();
    let own = note(
        tx,
        actor,
        "group.merge_undone",
        &source,
        &told,
        &source.id.to_string(),
        now,
    )
    .await?;
    regroup::note_undone(tx, line, own).await?;
    let back = regroup::pass_back(tx, line, target.id, source.id, own).await?;
    regroup::tell_passages(tx, own, Some(actor.user), now).await?;
    give_posts_back(tx, actor, &source, &target, &before.relays, now).await?;
    regroup::follow_members(tx, target.id, source.id).await?;
    regroup::redirect(tx, target.id, source.id, Some(&before.transfers)).await?;
    close_transfers(tx, actor, &source, now).await?;
    let rules = app.rules();
    for group in [&source, &target] {
        calls::release_strangers(tx, group.id).await?;
        ladder::settle(tx, &rules, group.id, Some(actor.user), now).await?;
    }
    let notice = Notice::GroupRestored {
        group: source.id,
        from: target.id,
    };
    tell_posts(tx, own, &notice, [&source, &target], &[], now).await?;
    tell_space(tx, own, &notice, target.id, now).await?;
    if !tell_space(tx, own, &notice, source.id, now).await? {
        tell_members(tx, own, &notice, now).await?;
    }
    let staying = rows::counts(tx, target.id).await?.members;
    Ok(Undone {
        will: texts::regroup::merge_undo(&source.name, &target.name, back, staying),
        done: texts::regroup::merge_undone(&source.name, &target.name, back),
    })
}

/// Those who had come from the group go back to it, unless their post has ended since; those who were relieved get it again.
async fn give_posts_back(
    tx: &mut Tx,
    actor: Actor,
    source: &Group,
    target: &Group,
    relays: &Carried,
    now: DateTime<Utc>,
) -> Outcome<()> {
    let there = super::accounts(tx, target.id).await?;
    for user in &relays.moved {
        if there.contains(user) {
            post(tx, actor, target, *user, false, now).await?;
            post(tx, actor, source, *user, true, now).await?;
        }
    }
    for user in relays.both.iter().filter(|user| there.contains(user)) {
        post(tx, actor, source, *user, true, now).await?;
    }
    for user in &relays.relieved {
        post(tx, actor, source, *user, true, now).await?;
    }
    Ok(())
}
