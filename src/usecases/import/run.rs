//! A file read batch by batch, decided and, unless the run is dry, written.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, watch};

use super::book::{Book, Decision, Update};
use super::read::{self, Batch, Line, Opened, Part};
use super::{Applied, DryRun, Rejected, blocking};
use crate::domain::duplicates::Review;
use crate::domain::ids::{GroupId, PersonId, RegionCode, TerritoryId, UserId};
use crate::domain::import::{Counts, Progress};
use crate::domain::signup_file::{FileError, Rejection};
use crate::domain::territory::{Atlas, Choice, TerritoryKey};
use crate::error::{Error, Failure, Outcome, Refusal, UserError};
use crate::store::imports::{self, CallWord, Candidate, Pair, Trace, Write};
use crate::store::journal::{self, Entry};
use crate::store::people::{Indexes, Origin, Place};
use crate::store::{StoreError, Tx, groups, suppressions, territories};
use crate::texts;
use crate::usecases::groups::label;
use crate::usecases::{App, ladder};

/// How large the table of rejected lines may grow, in bytes of their cells: with the reasons it stays under what Discord takes.
const REJECTED_MAX: usize = 3 * 1024 * 1024;
/// With how many others a line is put up for review: a made-up number that a thousand people gave would make half a million
/// pairs, and the oldest few are enough to find the rest.
const REVIEW_MAX: usize = 5;
/// The ids of people whom a dry run would write: above any that the database gives, so that they come after those on file.
const DRY_IDS: i64 = 1 << 60;

/// What a run carries from batch to batch.
struct Run {
    atlas: Arc<Atlas>,
    dry: bool,
    has_dates: bool,
    book: Book,
    counts: Counts,
    parts: HashMap<TerritoryKey, TerritoryId>,
    /// Of a dry run: how many more people would be signed up, by part.
    more: HashMap<TerritoryId, i64>,
    next_dry_id: i64,
    headers: Vec<String>,
    rejections: Vec<Rejection>,
    rejected_bytes: usize,
    rejected_left_out: u64,
}

/// What a batch writes.
#[derive(Default)]
struct Writes {
    new: Vec<Write>,
    updated: Vec<Write>,
    pairs: Vec<Pair>,
    lines: Vec<([u8; 32], PersonId)>,
    traces: Vec<Trace>,
}

/// The reader's thread, and what it sends.
struct Reader {
    parts: mpsc::Receiver<Part>,
    task: tokio::task::JoinHandle<Result<(), FileError>>,
}

impl Reader {
    fn start(app: &App, atlas: &Arc<Atlas>, bytes: Arc<Vec<u8>>) -> Reader {
        let (sender, parts) = mpsc::channel(2);
        let (vault, atlas) = (Arc::new(app.store.vault().clone()), Arc::clone(atlas));
        let task = tokio::task::spawn_blocking(move || read::read(&bytes, &vault, &atlas, &sender));
        Reader { parts, task }
    }

    /// What is known of the file, or why it cannot be read.
    async fn opened(&mut self) -> Outcome<Opened> {
        match self.parts.recv().await {
            Some(Part::Opened(opened)) => Ok(opened),
            Some(Part::Lines(_)) => Err(broken("lines before the header of an import")),
            None => match (&mut self.task).await {
                Ok(Err(error)) => {
                    let text = texts::import::file_error(&error, texts::markdown::escape_line);
                    Err(UserError::new(Refusal::Invalid, texts::imports::unreadable(&text)).into())
                }
                Ok(Ok(())) | Err(_) => Err(broken("the reader of an import stopped")),
            },
        }
    }

    async fn batch(&mut self) -> Outcome<Batch> {
        match self.parts.recv().await {
            Some(Part::Lines(batch)) => Ok(batch),
            _ => Err(broken("the reader of an import stopped")),
        }
    }
}

fn broken(what: &'static str) -> Failure {
    Failure::Internal(Error::Invariant(what))
}

/// Says what a file would do.
pub(super) async fn dry(app: &App, bytes: Arc<Vec<u8>>) -> Outcome<DryRun> {
    let atlas = app.atlas();
    let mut reader = Reader::start(app, &atlas, bytes);
    let opened = reader.opened().await?;
    let mut run = Run::new(atlas, true, opened);
    loop {
        let batch = reader.batch().await?;
        let last = batch.last;
        let mut tx = app.store.read().await?;
        run.batch(&mut tx, batch).await?;
        run.book.forget_unwritten();
        if last {
            let possible = run.possible(&mut tx, app.rules().thresholds.possible).await?;
            return Ok(DryRun {
                counts: run.counts,
                possible,
                rejected: run.rejected().await?,
            });
        }
    }
}

/// Imports a file.
pub(super) async fn real(
    app: &App,
    by: Option<UserId>,
    bytes: Arc<Vec<u8>>,
    now: DateTime<Utc>,
    progress: &watch::Sender<Progress>,
) -> Outcome<Applied> {
    let (atlas, rules) = (app.atlas(), app.rules());
    let mut reader = Reader::start(app, &atlas, bytes);
    let opened = reader.opened().await?;
    let total = opened.total;
    let mut run = Run::new(atlas, false, opened);
    let mut done = 0;
    progress.send_replace(Progress { done, total });
    loop {
        let batch = reader.batch().await?;
        let last = batch.last;
        done = if last {
            total
        } else {
            total.min(done + (batch.lines.len() + batch.rejected.len()) as u64)
        };
        let mut tx = app.store.write().await?;
        let writes = run.batch(&mut tx, batch).await?;
        writes.commit(&mut tx, by, now).await?;
        run.book.forget_all();
        if last {
            let declared = ladder::declare_ripe(&mut tx, &rules, by, now).await?;
            let possible = run.declared(&mut tx, &declared).await?;
            let summary = run.counts.summary();
            let entry = Entry {
                actor: by,
                event: "import.done",
                after: Some(&summary),
                ..Entry::default()
            };
            journal::write(&mut tx, &entry, now).await?;
            tx.commit().await?;
            progress.send_replace(Progress { done, total });
            return Ok(Applied {
                counts: run.counts,
                declared,
                possible,
                rejected: run.rejected().await?,
            });
        }
        // The loops are woken once, at the end.
        tx.commit_quietly().await?;
        progress.send_replace(Progress { done, total });
    }
}

impl Writes {
    async fn commit(&self, tx: &mut Tx, by: Option<UserId>, now: DateTime<Utc>) -> Result<(), StoreError> {
        imports::insert(tx, &self.new, now).await?;
        for person in &self.updated {
            imports::update(tx, person, now).await?;
        }
        imports::remember(tx, &self.lines).await?;
        imports::add_pairs(tx, &self.pairs, now).await?;
        imports::trace(tx, by, &self.traces, now).await
    }
}

impl Run {
    fn new(atlas: Arc<Atlas>, dry: bool, opened: Opened) -> Run {
        Run {
            atlas,
            dry,
            has_dates: opened.has_dates,
            book: Book::default(),
            counts: Counts::default(),
            parts: HashMap::new(),
            more: HashMap::new(),
            next_dry_id: DRY_IDS,
            headers: opened.headers,
            rejections: Vec::new(),
            rejected_bytes: 0,
            rejected_left_out: 0,
        }
    }

    /// Decides the lines of a batch. A dry run makes nothing, parts of the country included.
    async fn batch(&mut self, tx: &mut Tx, batch: Batch) -> Result<Writes, StoreError> {
        self.counts.unreadable_dates += batch.unreadable_dates;
        self.reject(batch.rejected);
        let lines = batch.lines;
        let memories: Vec<[u8; 32]> = lines.iter().map(|line| line.memory).collect();
        self.book.load_memory(imports::remembered(tx, &memories).await?);
        // Whoever is remembered is not opened: most of a file imported again.
        let indexes: Vec<Indexes> = lines
            .iter()
            .filter(|line| !self.book.remembers(&line.memory))
            .map(|line| line.indexes)
            .collect();
        self.book.load(imports::candidates(tx, &indexes).await?);
        let at_hand: Vec<PersonId> = self.book.ids().filter(|id| id.0 < DRY_IDS).collect();
        let pairs = imports::known_pairs(tx, &at_hand).await?;
        self.book.load_pairs(pairs);
        let hashes: Vec<[u8; 32]> = lines
            .iter()
            .flat_map(|line| [line.hashes.mail, line.hashes.phone])
            .flatten()
            .collect();
        let suppressed = suppressions::find(tx, &hashes).await?;
        let mut next = if self.dry {
            PersonId(self.next_dry_id)
        } else {
            imports::next_person(tx).await?
        };
        let mut writes = Writes::default();
        for line in lines {
            match self.book.decide(&line, &suppressed, self.has_dates) {
                Decision::Erased => self.counts.erased += 1,
                Decision::Unchanged { id, review } => {
                    self.counts.unchanged += 1;
                    self.pair(&mut writes, id, &review);
                    self.keep(&mut writes, &line, id);
                }
                Decision::New { review, number_blocked } => {
                    let id = next;
                    next.0 += 1;
                    self.enter(tx, &mut writes, &line, id, number_blocked).await?;
                    self.pair(&mut writes, id, &review);
                    self.keep(&mut writes, &line, id);
                }
                Decision::Update(update) => {
                    let id = update.after.id;
                    self.pair(&mut writes, id, &update.review);
                    self.change(tx, &mut writes, &line, *update).await?;
                    self.keep(&mut writes, &line, id);
                }
            }
        }
        self.next_dry_id = if self.dry { next.0 } else { self.next_dry_id };
        Ok(writes)
    }

    /// Someone new.
    async fn enter(
        &mut self,
        tx: &mut Tx,
        writes: &mut Writes,
        line: &Line,
        id: PersonId,
        number_blocked: bool,
    ) -> Result<(), StoreError> {
        self.counts.new += 1;
        let place = self.place(tx, line).await?;
        if place.territory.is_none() {
            self.counts.to_place += 1;
        }
        self.count(place.territory, 1);
        let person = Candidate {
            id,
            identity: line.identity.clone(),
            place,
            origin: Origin::Site,
            signed_up_on: line.signed_up_on,
            pseudo: line.pseudo.clone(),
            call: CallWord::Open,
            confirmed: false,
            indexes: line.indexes,
        };
        writes.new.push(Write {
            number_blocked,
            ..write(&person, false)
        });
        let region = self.region(line.choice.as_ref());
        writes.traces.push(Trace {
            person: id,
            event: "person.imported",
            region,
            which: None,
        });
        self.book.write(person);
        Ok(())
    }

    /// Someone on file changes.
    async fn change(
        &mut self,
        tx: &mut Tx,
        writes: &mut Writes,
        line: &Line,
        update: Update,
    ) -> Result<(), StoreError> {
        self.counts.updated += 1;
        let Update {
            mut after,
            moves,
            reopens,
            which,
            review: _,
        } = update;
        let before = self.book.get(after.id).map(|before| {
            let counted = before.origin == Origin::Site && before.call.counts();
            (before.place.territory, i64::from(counted))
        });
        if moves {
            after.place = self.place(tx, line).await?;
        }
        after.indexes = Indexes::of(tx.vault(), &after.identity, &after.place.postal_code);
        if let Some((territory, counted)) = before {
            self.count(territory, -counted);
        }
        if after.call.counts() {
            self.count(after.place.territory, 1);
        }
        writes.updated.push(write(&after, reopens));
        let region = self.region(line.choice.as_ref().filter(|_| moves));
        let which = Some(which.join(","));
        writes.traces.push(Trace {
            person: after.id,
            event: "person.updated",
            region,
            which,
        });
        self.book.write(after);
        Ok(())
    }

    fn keep(&mut self, writes: &mut Writes, line: &Line, id: PersonId) {
        if !self.book.remembers(&line.memory) {
            writes.lines.push((line.memory, id));
        }
        self.book.remember(line.memory, id);
    }

    fn pair(&mut self, writes: &mut Writes, id: PersonId, review: &[Review]) {
        for (other, why) in review.iter().take(REVIEW_MAX) {
            let Some(pair) = Pair::new(id, *other, *why) else {
                continue;
            };
            if self.book.add_pair(pair.a, pair.b) {
                self.counts.to_review += 1;
                writes.pairs.push(pair);
            }
        }
    }

    fn count(&mut self, territory: Option<TerritoryId>, more: i64) {
        if let Some(territory) = territory.filter(|_| self.dry) {
            *self.more.entry(territory).or_default() += more;
        }
    }

    /// Where a line puts its person.
    async fn place(&mut self, tx: &mut Tx, line: &Line) -> Result<Place, StoreError> {
        let postal_code = line.postal_code.clone();
        let Some(choice) = &line.choice else {
            return Ok(Place {
                postal_code,
                insee: None,
                territory: None,
                placed: None,
            });
        };
        let territory = self.territory(tx, &choice.key).await?;
        Ok(Place {
            postal_code,
            insee: choice.commune.clone(),
            territory,
            placed: Some(choice.origin),
        })
    }

    /// The id of a part; a dry run gives the parts that are not in use yet ids of its own, below zero.
    async fn territory(&mut self, tx: &mut Tx, key: &TerritoryKey) -> Result<Option<TerritoryId>, StoreError> {
        if let Some(id) = self.parts.get(key) {
            return Ok(Some(*id));
        }
        let Some(part) = self.atlas.territory(key) else {
            return Ok(None);
        };
        let id = if self.dry {
            if self.parts.is_empty() {
                for part in imports::parts(tx).await? {
                    self.parts
                        .insert(TerritoryKey::new(part.basin, part.departement), part.territory);
                }
            }
            let fresh = TerritoryId(-1 - i64::try_from(self.parts.len()).unwrap_or(i64::MAX - 1));
            *self.parts.entry(key.clone()).or_insert(fresh)
        } else {
            let region = RegionCode(part.region.clone());
            let id = territories::ensure(tx, &key.basin, &key.departement, &region, &part.name).await?;
            self.parts.insert(key.clone(), id);
            id
        };
        Ok(Some(id))
    }

    fn region(&self, choice: Option<&Choice>) -> Option<RegionCode> {
        self.atlas
            .territory(&choice?.key)
            .map(|part| RegionCode(part.region.clone()))
    }

    fn reject(&mut self, rejections: Vec<Rejection>) {
        self.counts.rejected += rejections.len() as u64;
        for rejection in rejections {
            let size: usize = rejection.cells.iter().map(|cell| cell.len() + 1).sum::<usize>() + 64;
            if self.rejected_bytes + size > REJECTED_MAX {
                self.rejected_left_out += 1;
            } else {
                self.rejected_bytes += size;
                self.rejections.push(rejection);
            }
        }
    }

    async fn rejected(self) -> Outcome<Option<Rejected>> {
        if self.rejections.is_empty() {
            return Ok(None);
        }
        let csv = blocking(move || texts::import::rejected_csv(&self.headers, &self.rejections)).await?;
        Ok(Some(Rejected {
            csv,
            left_out: self.rejected_left_out,
        }))
    }

    /// The groups just declared, as [`Run::possible`] shows the parts where they would be.
    async fn declared(&self, tx: &mut Tx, declared: &[GroupId]) -> Result<Vec<(String, u32)>, StoreError> {
        if declared.is_empty() {
            return Ok(Vec::new());
        }
        // Counted in one query: group by group, each would read everyone.
        let signed_up: HashMap<TerritoryId, u32> = imports::parts(tx)
            .await?
            .into_iter()
            .map(|part| (part.territory, part.signed_up))
            .collect();
        let mut possible = Vec::with_capacity(declared.len());
        for group in declared {
            let here = groups::territories(tx, *group).await?;
            let signed_up = here.iter().filter_map(|territory| signed_up.get(territory)).sum();
            if let Some(facts) = groups::get(tx, *group).await? {
                possible.push((label(&self.atlas, &facts), signed_up));
            }
        }
        rank(&mut possible);
        Ok(possible)
    }

    /// The parts without a group where this run would bring enough people, most people first.
    async fn possible(&self, tx: &mut Tx, threshold: u32) -> Result<Vec<(String, u32)>, StoreError> {
        let mut today: HashMap<TerritoryKey, (u32, bool)> = HashMap::new();
        for part in imports::parts(tx).await? {
            today.insert(
                TerritoryKey::new(part.basin, part.departement),
                (part.signed_up, part.held),
            );
        }
        let mut possible: Vec<(String, u32)> = Vec::new();
        // Parts that are ripe today are declared by the import whatever it brings.
        let keys = self
            .parts
            .keys()
            .chain(today.keys().filter(|key| !self.parts.contains_key(*key)));
        for key in keys {
            let (signed_up, held) = today.get(key).copied().unwrap_or_default();
            let more = self
                .parts
                .get(key)
                .and_then(|id| self.more.get(id))
                .copied()
                .unwrap_or_default();
            let after = u32::try_from((i64::from(signed_up) + more).max(0)).unwrap_or(u32::MAX);
            if !held && after >= threshold {
                possible.push((
                    self.atlas
                        .label_with_departement(key)
                        .unwrap_or_else(|| key.to_string()),
                    after,
                ));
            }
        }
        rank(&mut possible);
        Ok(possible)
    }
}

/// Most people first, then by name.
fn rank(possible: &mut [(String, u32)]) {
    possible.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
}

/// Someone as a batch writes him.
fn write(person: &Candidate, reopens: bool) -> Write {
    Write {
        id: person.id,
        identity: person.identity.clone(),
        place: person.place.clone(),
        signed_up_on: person.signed_up_on,
        pseudo: person.pseudo.clone(),
        reopens,
        number_blocked: false,
        indexes: person.indexes,
    }
}
