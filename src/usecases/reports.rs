//! `/rapport-region`, `/rapport-national`, `/couverture`, and «Relancer» (product.md §12).

use chrono::{DateTime, Utc};

use super::authority::{self, Actor, Authority};
use super::posts::find_region;
use super::{App, images, notify};
use crate::domain::calendar::paris_date;
use crate::domain::coverage::Coverage;
use crate::domain::fold::fold;
use crate::domain::ids::{RegionCode, UserId};
use crate::domain::notice::{Class, Notice};
use crate::domain::report::{self, Facts, Goals, GroupFacts, PROMPT_AGAIN, Report, Scope, Silent, Since};
use crate::domain::view::Message;
use crate::drawing::{chart, map};
use crate::error::Outcome;
use crate::store::journal::{self, Entry};
use crate::store::{StoreError, Tx, groups, overview, reports as rows};
use crate::texts;
use crate::texts::reports::Frame;

/// What `/rapport-region` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The report.
    Report(Box<Report>),
    /// Which région is meant; those that the actor steers, in order of name.
    Choose(Vec<(RegionCode, String)>),
}

/// What came of «Relancer».
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompted {
    /// Relays to whom a message goes.
    pub now: usize,
    /// Relays who had one less than a week ago.
    pub before: usize,
}

/// The report of a région; without the option, of the only one that the actor steers, else a choice among his.
///
/// # Errors
/// Reserved to referents and the national team; not found out of scope.
pub async fn region(app: &App, actor: Actor, typed: Option<&str>, now: DateTime<Utc>) -> Outcome<Asked> {
    let mut tx = app.store.read().await?;
    let authority = authority::of(&mut tx, actor).await?;
    authority.require_referent()?;
    let atlas = app.atlas();
    let scope = match typed.filter(|typed| !typed.trim().is_empty()) {
        Some(typed) => find_region(&atlas, &authority, typed)?.0,
        None => match authority.regions.as_slice() {
            [only] if !authority.national => only.clone(),
            _ => {
                let mut regions: Vec<(RegionCode, String)> = atlas
                    .regions()
                    .iter()
                    .map(|region| (RegionCode(region.code.clone()), region.name.clone()))
                    .filter(|(code, _)| authority.steers(code))
                    .collect();
                regions.sort_by_cached_key(|(_, name)| fold(name));
                return Ok(Asked::Choose(regions));
            }
        },
    };
    let report = compile(app, &mut tx, Scope::Region(scope), now).await?;
    Ok(Asked::Report(Box::new(report)))
}

/// The report of the whole country.
///
/// # Errors
/// Reserved to the national team.
pub async fn national(app: &App, actor: Actor, now: DateTime<Utc>) -> Outcome<Report> {
    let mut tx = app.store.read().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    Ok(compile(app, &mut tx, Scope::France, now).await?)
}

fn goals(app: &App) -> Goals {
    let settings = &app.settings.reports;
    Goals {
        thresholds: app.rules().thresholds,
        near: settings.near_threshold,
        inactive: settings.inactive,
    }
}

/// The groups of a scope that are neither archived nor merged.
async fn living(tx: &mut Tx, scope: &Scope) -> Result<Vec<GroupFacts>, StoreError> {
    let mut living: Vec<GroupFacts> = overview::all(tx)
        .await?
        .into_iter()
        .filter(|seen| !seen.group.archived && scope.holds(&seen.group.region))
        .map(|seen| GroupFacts {
            id: seen.group.id,
            name: seen.group.name,
            departement: seen.group.departement,
            region: seen.group.region,
            stage: seen.group.stage,
            steps: seen.steps,
            members: seen.counts.members,
            relays: seen.relays,
        })
        .collect();
    living.sort_by_cached_key(|group| fold(&group.name));
    Ok(living)
}

/// The relays of these groups, each once or more.
fn relays(groups: &[GroupFacts]) -> impl Iterator<Item = UserId> + '_ {
    groups.iter().flat_map(|group| &group.relays).map(|(user, _)| *user)
}

/// Counts and reads what a report needs, within one view of the database.
///
/// # Errors
/// When SQLite fails.
pub async fn compile(app: &App, tx: &mut Tx, scope: Scope, now: DateTime<Utc>) -> Result<Report, StoreError> {
    let since = Since::at(now);
    let groups = living(tx, &scope).await?;
    let activity = rows::activity(tx, relays(&groups).collect::<std::collections::BTreeSet<_>>()).await?;
    let facts = Facts {
        people: rows::people(tx, &scope, &since).await?,
        participations: rows::participations(tx, &scope, since.earliest()).await?,
        activity,
        departements: app
            .atlas()
            .departements()
            .iter()
            .filter(|departement| !departement.collectivity)
            .map(|departement| (departement.code.clone(), RegionCode(departement.region.clone())))
            .collect(),
        groups,
    };
    Ok(report::compile(&facts, scope, &goals(app), now))
}

/// A report as it is shown, with its chart and, when it was asked for, its file.
pub async fn show(app: &App, report: &Report, file: bool) -> Message {
    let atlas = app.atlas();
    let settings = &app.settings.reports;
    let frame = Frame {
        atlas: &atlas,
        goal: settings.signups_goal,
        inactive: settings.inactive,
        file,
    };
    let drawn = images::draw(chart::svg(&texts::reports::chart(report, &frame))).await;
    let mut message = texts::reports::report(report, &frame);
    if let Some(image) = images::or_words(drawn) {
        let name = texts::reports::file_name(report, &frame, "png");
        if let Some(embed) = message.embeds.first_mut() {
            embed.image = Some(name.clone());
        }
        message = message.with_image(name, image, texts::reports::chart_in_words(report));
    }
    if file {
        let name = texts::reports::file_name(report, &frame, "csv");
        message = message.with_file(name, texts::reports::file(report, &frame));
    }
    message
}

/// Refuses whoever does not steer a scope.
fn require_scope(app: &App, authority: &Authority, scope: &Scope) -> Outcome<()> {
    match scope {
        Scope::France => authority.require_national(),
        Scope::Region(code) => {
            authority.require_referent()?;
            find_region(&app.atlas(), authority, &code.0).map(|_| ())
        }
    }
}

/// Asks for news of the relays of a scope who did nothing for a while: one private message each, once a week at most,
/// whoever asks.
///
/// # Errors
/// Reserved to whoever steers the scope; not found out of scope.
pub async fn prompt(app: &App, actor: Actor, scope: &Scope, now: DateTime<Utc>) -> Outcome<Prompted> {
    let mut tx = app.store.write().await?;
    let authority = authority::of(&mut tx, actor).await?;
    require_scope(app, &authority, scope)?;
    let mut done = Prompted { now: 0, before: 0 };
    for relay in silent(app, &mut tx, scope, now).await? {
        let last = rows::last_prompt(&mut tx, relay.user).await?;
        if last.is_some_and(|last| now - last < PROMPT_AGAIN) {
            done.before += 1;
            continue;
        }
        let after = relay.user.to_string();
        let region = match scope {
            Scope::Region(code) => Some(code),
            Scope::France => None,
        };
        let entry = Entry {
            actor: Some(actor.user),
            event: rows::PROMPTED,
            region,
            after: Some(&after),
            ..Entry::default()
        };
        let line = journal::write(&mut tx, &entry, now).await?;
        let fact = format!("prompt:{}", line.0);
        notify::user(&mut tx, relay.user, Class::Digest, &fact, &Notice::Prompted, now).await?;
        done.now += 1;
    }
    if done.now > 0 {
        tx.commit().await?;
    }
    Ok(done)
}

/// The relays of a scope who did nothing for a while.
async fn silent(app: &App, tx: &mut Tx, scope: &Scope, now: DateTime<Utc>) -> Result<Vec<Silent>, StoreError> {
    let groups = living(tx, scope).await?;
    let activity = rows::activity(tx, relays(&groups).collect::<std::collections::BTreeSet<_>>()).await?;
    let all: Vec<&GroupFacts> = groups.iter().collect();
    Ok(report::silent(&all, &activity, app.settings.reports.inactive, now))
}

/// What a relay who was prompted still has to be told: the names of his groups; `None` once he has done something.
///
/// # Errors
/// When SQLite fails.
pub async fn still_silent(
    app: &App,
    tx: &mut Tx,
    relay: UserId,
    now: DateTime<Utc>,
) -> Result<Option<Silent>, StoreError> {
    let silent = silent(app, tx, &Scope::France, now).await?;
    Ok(silent.into_iter().find(|found| found.user == relay))
}

/// The map of the country, for anyone: numbers of groups, and nothing else.
///
/// # Errors
/// When SQLite fails.
pub async fn coverage(app: &App, now: DateTime<Utc>) -> Outcome<Message> {
    let mut tx = app.store.read().await?;
    let groups = groups::all(&mut tx).await?;
    drop(tx);
    let living = groups.iter().filter(|group| !group.archived);
    let coverage = Coverage::of(living.map(|group| (group.departement.as_str(), group.stage)));
    let on = paris_date(now);
    let drawn = app
        .last_map
        .of(map::svg(&coverage, &texts::coverage::on_map(&coverage, on)))
        .await;
    let map = images::or_words(drawn).map(|image| image.to_vec());
    Ok(texts::coverage::answer(&coverage, &app.atlas(), on, map))
}
