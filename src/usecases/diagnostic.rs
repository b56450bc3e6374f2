//! `/diagnostic` (product.md §17): how the bot, its database and its server are; and the texts of the host, read again.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::authority::{self, Actor};
use super::{App, installation, places};
use crate::domain::bindings::{Bindings, SetbackKind, Setbacks};
use crate::domain::installation::{Survey, check};
use crate::domain::plan::queue_group;
use crate::error::Outcome;
use crate::store::journal::{self, Entry};
use crate::store::meta::{self, Fact};
use crate::store::{backup, bindings, installs, outbox, setbacks};
use crate::texts::diagnostic::{Backup, Held, Loop, Queue, Report, Retention};
use crate::texts::faults::Fault;
use crate::texts::templates::Texts;

/// How the process is, as far as the database does not tell.
#[derive(Debug, Clone)]
pub struct Vital {
    /// When it started.
    pub started: DateTime<Utc>,
    /// Heartbeat to acknowledgement, once known.
    pub latency: Option<Duration>,
    /// Expected events that could not be read.
    pub unreadable: u64,
    /// Each loop, and when it failed if it has not recovered since.
    pub loops: Vec<(String, Option<DateTime<Utc>>)>,
}

/// Refuses whoever may not read the diagnostic, before anything is asked of Discord.
///
/// # Errors
/// Reserved to the national team, to which whoever may manage the server belongs.
pub async fn may_diagnose(app: &App, actor: Actor) -> Outcome<()> {
    let mut tx = app.store.read().await?;
    authority::of(&mut tx, actor).await?.require_national()
}

/// The whole report; `survey` is `None` when Discord did not answer.
///
/// # Errors
/// Reserved to the national team.
pub async fn report(
    app: &App,
    actor: Actor,
    survey: Option<&Survey>,
    vital: Vital,
    now: DateTime<Utc>,
) -> Outcome<Report> {
    let mut tx = app.store.read().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let bound = match app.guild() {
        Some(guild) => bindings::load(&mut tx, guild).await?,
        None => Bindings::new(),
    };
    let checkup = match survey {
        Some(survey) => Some(check(survey, &installation::books(app, &mut tx, &bound).await?)),
        None => None,
    };
    let setbacks = setbacks::load(&mut tx).await?;
    let gauge = outbox::gauge(&mut tx).await?;
    let settings = &app.settings;
    Ok(Report {
        version: env!("CARGO_PKG_VERSION"),
        started: vital.started,
        latency: vital.latency,
        unreadable: vital.unreadable,
        database: backup::size(&app.store),
        backup: match meta::instant(&mut tx, Fact::Backup).await? {
            _ if settings.backups.kept == 0 => Backup::Off,
            Some(at) => Backup::At(at),
            None => Backup::NotYet,
        },
        queue: Queue {
            waiting: gauge.waiting,
            failing: gauge.failing,
            oldest: gauge.oldest_failing,
            code: gauge.code,
        },
        installed: installs::latest(&mut tx).await?.is_some(),
        unfit: checkup
            .iter()
            .flat_map(|checkup| &checkup.unfit)
            .map(|(key, unfit)| (places::name(app, key), *unfit))
            .collect(),
        checkup,
        waiting_groups: setbacks.keys().filter(|subject| queue_group(subject).is_some()).count(),
        held: held(&setbacks),
        retention: Retention {
            signups: settings.data.signups_months,
            refusals: settings.data.refusals_months,
            leavers: settings.data.leavers_months,
            nightly: settings.data.nightly,
        },
        loops: vital
            .loops
            .into_iter()
            .map(|(name, ails)| Loop { name, ails })
            .collect(),
        overrides: settings.overrides.clone(),
        now,
    })
}

/// What waits, by kind, each with the oldest failure; queued groups are told apart.
fn held(setbacks: &Setbacks) -> Vec<Held> {
    let mut all = Vec::new();
    for kind in SetbackKind::ALL {
        let of_kind = || {
            let own = setbacks.iter().filter(|(subject, _)| queue_group(subject).is_none());
            own.filter(move |(_, setback)| setback.kind == kind)
                .map(|(_, setback)| setback)
        };
        if let Some(oldest) = of_kind().min_by_key(|setback| setback.first_at) {
            all.push(Held {
                kind,
                count: of_kind().count(),
                since: oldest.first_at,
                code: oldest.code,
            });
        }
    }
    all
}

/// Reads the texts of `config/textes` again and puts them in force; gives what is wrong with them, and then keeps the old
/// ones.
///
/// # Errors
/// Reserved to the national team.
pub async fn reload_texts(app: &App, actor: Actor, now: DateTime<Utc>) -> Outcome<Vec<Fault>> {
    may_diagnose(app, actor).await?;
    let texts = match Texts::load(Some(&app.settings.texts_dir())) {
        Ok(texts) => texts,
        Err(faults) => return Ok(faults),
    };
    let mut tx = app.store.write().await?;
    authority::of(&mut tx, actor).await?.require_national()?;
    let entry = Entry {
        actor: Some(actor.user),
        event: "texts.reloaded",
        ..Entry::default()
    };
    journal::write(&mut tx, &entry, now).await?;
    tx.commit().await?;
    app.replace_texts(texts);
    Ok(Vec::new())
}
