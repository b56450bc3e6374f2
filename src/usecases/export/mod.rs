//! `/exporter` and `maillage export`: the tables of the product as CSV files (product.md §13, §16, §17).
//!
//! Read page by page within one view of the database, so that 100,000 people cost the memory of a thousand. An export of the
//! people shows every phone and mail: it is one line of the journal, which `/mes-donnees acces` tells to each of them, and not
//! a hundred thousand lines.

pub mod parts;

use chrono::{DateTime, Utc};

use super::authority::{self, Actor};
use super::{App, access};
use crate::domain::csv_export::CsvExport;
use crate::domain::ladder::Step;
use crate::domain::person::Phone;
use crate::domain::territory::Atlas;
use crate::domain::view::File;
use crate::error::{Error, Outcome};
use crate::store::{StoreError, Tx, export as rows, overview};
use crate::texts::exports::{self as texts, day, instant};
use parts::{ATTACHMENT_MAX, Parts};

/// Lines read at a time.
const PAGE: u32 = 1000;

/// What is exported: the choices of the option `quoi` (product.md §19).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Everyone on file.
    People,
    /// The groups.
    Groups,
    /// The participations, by ids.
    Participations,
    /// The journal.
    Journal,
}

impl What {
    /// All of them.
    pub const ALL: [What; 4] = [What::People, What::Groups, What::Participations, What::Journal];

    /// The stable word: the value of the option, and the name of the file.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            What::People => "personnes",
            What::Groups => "groupes",
            What::Participations => "validations",
            What::Journal => "journal",
        }
    }

    /// What a word names.
    #[must_use]
    pub fn from_key(key: &str) -> Option<What> {
        What::ALL.into_iter().find(|what| what.key() == key)
    }

    /// The name of a file made at an instant, without its extension: «maillage-personnes-2027-03-01».
    #[must_use]
    pub fn file_name(self, now: DateTime<Utc>) -> String {
        format!("maillage-{}-{}", self.key(), day(now))
    }

    /// The first line of the file, with the mark of its encoding.
    #[must_use]
    pub fn header(self) -> Vec<u8> {
        let header: &[&str] = match self {
            What::People => &texts::PEOPLE,
            What::Groups => &texts::GROUPS,
            What::Participations => &texts::PARTICIPATIONS,
            What::Journal => &texts::JOURNAL,
        };
        CsvExport::new(header.iter().copied()).finish()
    }
}

/// The lines of an export, page after page.
#[derive(Debug)]
pub struct Pages {
    what: What,
    after: i64,
    ended: bool,
    /// How many lines were read.
    pub rows: u64,
}

impl Pages {
    /// From the first line.
    #[must_use]
    pub fn new(what: What) -> Self {
        Self {
            what,
            after: 0,
            ended: false,
            rows: 0,
        }
    }

    /// The next page, as it stands in the file; `None` after the last one.
    ///
    /// # Errors
    /// When SQLite or the vault fails.
    pub async fn next(&mut self, tx: &mut Tx, atlas: &Atlas) -> Result<Option<Vec<u8>>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        let mut csv = CsvExport::continued();
        let read = match self.what {
            What::People => {
                let page = rows::people(tx, self.after, PAGE).await?;
                self.after = page.last().map_or(self.after, |row| row.id);
                page.iter().for_each(|row| person(&mut csv, row, atlas));
                page.len()
            }
            What::Groups => {
                self.ended = true;
                groups(&mut csv, tx, atlas).await?
            }
            What::Participations => {
                let page = rows::participations(tx, self.after, PAGE).await?;
                self.after = page.last().map_or(self.after, |row| row.id);
                page.iter().for_each(|row| participation(&mut csv, row));
                page.len()
            }
            What::Journal => {
                let page = rows::journal(tx, self.after, PAGE).await?;
                self.after = page.last().map_or(self.after, |row| row.id);
                page.iter().for_each(|row| line(&mut csv, row, atlas));
                page.len()
            }
        };
        self.rows += read as u64;
        self.ended |= read < PAGE as usize;
        Ok((read > 0).then(|| csv.finish()))
    }
}

/// What `/exporter` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// What.
    pub what: What,
    /// How many lines.
    pub rows: u64,
    /// The attachments, each for a message of its own.
    pub files: Vec<File>,
}

/// Whether this actor may export.
///
/// # Errors
/// Reserved to the national team.
pub async fn may_export(app: &App, actor: Actor) -> Outcome<()> {
    let mut tx = app.store.read().await?;
    authority::of(&mut tx, actor).await?.require_national()
}

/// Exports for the national team; the journal knows it before a single line has left.
///
/// # Errors
/// Reserved to the national team.
pub async fn export(app: &App, actor: Actor, what: What, now: DateTime<Utc>) -> Outcome<Exported> {
    let failed = |source| Error::Io {
        doing: "compressing an export",
        source,
    };
    let atlas = app.atlas();
    let mut pages = Pages::new(what);
    let files = {
        let mut tx = app.store.read().await?;
        authority::of(&mut tx, actor).await?.require_national()?;
        let mut parts = Parts::new(&what.file_name(now), what.header(), ATTACHMENT_MAX);
        while let Some(lines) = pages.next(&mut tx, &atlas).await? {
            parts.push(&lines).map_err(failed)?;
        }
        parts.finish().map_err(failed)?
    };
    let mut tx = app.store.write().await?;
    // Whoever has lost the function in the meantime gets nothing.
    authority::of(&mut tx, actor).await?.require_national()?;
    access::exported(&mut tx, actor.user, what == What::People, what.key(), pages.rows, now).await?;
    tx.commit_quietly().await?;
    Ok(Exported {
        what,
        rows: pages.rows,
        files,
    })
}

fn person(csv: &mut CsvExport, row: &rows::PersonRow, atlas: &Atlas) {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let region = row.region.as_deref().and_then(|code| atlas.region(code));
    let (group, number, since) = match &row.member {
        Some((group, number, since)) => (group.clone(), number.to_string(), day(*since)),
        None => Default::default(),
    };
    let state = if row.member.is_some() {
        "valide"
    } else {
        &row.call_state
    };
    csv.row([
        row.id.to_string().as_str(),
        row.identity.first.as_str(),
        row.identity.last.as_str(),
        row.identity.phone.as_ref().map_or("", Phone::e164),
        row.identity.mail.as_ref().map_or("", |mail| mail.as_str()),
        &text(&row.postal_code),
        &text(&row.insee),
        &text(&row.territory),
        &text(&row.departement),
        region.map_or("", |region| region.name.as_str()),
        &row.source,
        &text(&row.signed_up_on),
        state,
        &text(&row.call_back_on),
        &row.last_call.map(instant).unwrap_or_default(),
        &group,
        &number,
        &since,
        &row.account.map(|user| user.to_string()).unwrap_or_default(),
        &text(&row.pseudo),
    ]);
}

async fn groups(csv: &mut CsvExport, tx: &mut Tx, atlas: &Atlas) -> Result<usize, StoreError> {
    let steps = rows::steps(tx).await?;
    let all = overview::all(tx).await?;
    for seen in &all {
        let group = &seen.group;
        let reached = |wanted: Step| {
            steps
                .iter()
                .find(|(id, step, _)| *id == group.id.0 && *step == wanted)
                .map(|(_, _, at)| day(*at))
                .unwrap_or_default()
        };
        csv.row([
            group.id.to_string().as_str(),
            &group.name,
            &group.departement,
            atlas.region(&group.region.0).map_or("", |region| region.name.as_str()),
            texts::stage(group.stage),
            &seen.counts.signed_up.to_string(),
            &seen.counts.members.to_string(),
            &seen.relays.len().to_string(),
            &day(group.declared_at),
            &reached(Step::Forming),
            &reached(Step::Assembly),
            &reached(Step::PublishRic),
            &reached(Step::PublishWorks),
            &seen.under_since.map(day).unwrap_or_default(),
            texts::yes_no(group.archived),
        ]);
    }
    Ok(all.len())
}

fn participation(csv: &mut CsvExport, row: &rows::ParticipationRow) {
    let (ended, why) = match &row.ended {
        Some((at, why)) => (instant(*at), why.as_str()),
        None => (String::new(), ""),
    };
    csv.row([
        row.id.to_string().as_str(),
        &row.group.to_string(),
        &row.group_name,
        &row.number.to_string(),
        &row.person.to_string(),
        &instant(row.validated_at),
        &row.validated_by.to_string(),
        &row.consent_version,
        &instant(row.consent_at),
        &ended,
        why,
        &row.ended_by.map(|user| user.to_string()).unwrap_or_default(),
    ]);
}

fn line(csv: &mut CsvExport, row: &rows::JournalRow, atlas: &Atlas) {
    let id = |value: Option<i64>| value.map(|id| id.to_string()).unwrap_or_default();
    let region = row.region.as_deref().and_then(|code| atlas.region(code));
    csv.row([
        row.id.to_string().as_str(),
        &instant(row.at),
        &row.actor.map(|user| user.to_string()).unwrap_or_default(),
        &row.event,
        &id(row.group),
        &id(row.person),
        region.map_or("", |region| region.name.as_str()),
        row.before.as_deref().unwrap_or_default(),
        row.after.as_deref().unwrap_or_default(),
    ]);
}
