//! The one native Discord event that stands for the next meeting: what it should be, what it is, and what to do about it
//! (product.md §11).
//!
//! Pure, like the planner of the spaces: a plan can be printed, compared and found empty. An event is ours when the bot made
//! it and its description ends with our marker, or when a binding names it; nothing else on the server is ever touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::ids::{EventId, UserId};

/// An event cannot be made for an instant that is past (Discord documentation, resources/guild-scheduled-event): clocks
/// differ, so what starts within a minute counts as started.
pub const MARGIN: TimeDelta = TimeDelta::minutes(1);

/// What precedes the day in the last line of a description.
const MARKER: &str = "réf. réunion ";

/// The subject of the setback of one meeting's event, and the key of its binding.
#[must_use]
pub fn key(day: NaiveDate) -> String {
    format!("event:{day}")
}

/// The day that [`key`] names.
#[must_use]
pub fn day_of_key(key: &str) -> Option<NaiveDate> {
    key.strip_prefix("event:")?.parse().ok()
}

/// The last line of a description, by which an event of ours is found again after a crash.
#[must_use]
pub fn marker(day: NaiveDate) -> String {
    format!("{MARKER}{day}")
}

/// The day that the last line of a description names.
#[must_use]
pub fn day_of(description: &str) -> Option<NaiveDate> {
    description.lines().last()?.trim().strip_prefix(MARKER)?.parse().ok()
}

/// What the event of a meeting should show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSpec {
    /// The regular day of the meeting, which names it.
    pub day: NaiveDate,
    /// At most 100 characters.
    pub name: String,
    /// At most 1000 characters; its last line is the [`marker`].
    pub description: String,
    /// At most 100 characters.
    pub location: String,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
}

/// Where an event is in its life (Discord documentation, «Guild Scheduled Event Status»).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Announced.
    Scheduled,
    /// Going on.
    Active,
    /// Ended, or called off: it can no longer change.
    Over,
}

/// An event as Discord shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEvent {
    /// Its id.
    pub id: EventId,
    /// Who made it.
    pub creator: Option<UserId>,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its place; empty for one in a voice channel.
    pub location: String,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When it ends, if that is said.
    pub ends_at: Option<DateTime<Utc>>,
    /// Where it is in its life.
    pub status: Status,
}

impl SeenEvent {
    /// Where it is in its life at `now`: events held elsewhere begin and end by themselves, without our being told.
    fn status_at(&self, now: DateTime<Utc>) -> Status {
        let ended = self.ends_at.is_some_and(|end| end <= now);
        match self.status {
            Status::Over => Status::Over,
            _ if ended => Status::Over,
            Status::Scheduled if self.starts_at > now => Status::Scheduled,
            Status::Scheduled | Status::Active => Status::Active,
        }
    }
}

/// What differs: only that is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventEdit {
    /// Another name.
    pub name: Option<String>,
    /// Another description.
    pub description: Option<String>,
    /// Another place.
    pub location: Option<String>,
    /// Another start and end, always together.
    pub time: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventAct {
    /// Make it.
    Create(EventSpec),
    /// It is there already, made by a process that died before writing it down.
    Adopt(EventId),
    /// Change it.
    Edit(EventId, EventEdit),
    /// The meeting is called off: those who are interested read it so.
    Cancel(EventId),
    /// End one that runs.
    Complete(EventId),
    /// Take away one that says nothing true: of a meeting that is not the next one, or a second one.
    Delete(EventId),
    /// Forget a binding whose event is over or gone.
    Forget,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventStep {
    /// The meeting.
    pub day: NaiveDate,
    /// What to do.
    pub act: EventAct,
}

impl EventStep {
    /// Whether it makes a call.
    #[must_use]
    pub fn calls(&self) -> bool {
        !matches!(self.act, EventAct::Adopt(_) | EventAct::Forget)
    }
}

impl fmt::Display for EventStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = key(self.day);
        match &self.act {
            EventAct::Create(spec) => write!(f, "create {key} at {}", spec.starts_at),
            EventAct::Adopt(id) => write!(f, "adopt {id} as {key}"),
            EventAct::Edit(id, edit) => {
                let EventEdit {
                    name,
                    description,
                    location,
                    time,
                } = edit;
                let what = [
                    ("name", name.is_some()),
                    ("description", description.is_some()),
                    ("location", location.is_some()),
                    ("time", time.is_some()),
                ];
                let what: Vec<&str> = what
                    .iter()
                    .filter(|(_, differs)| *differs)
                    .map(|(word, _)| *word)
                    .collect();
                write!(f, "edit {key} ({id}): {}", what.join(", "))
            }
            EventAct::Cancel(id) => write!(f, "cancel {key} ({id})"),
            EventAct::Complete(id) => write!(f, "complete {key} ({id})"),
            EventAct::Delete(id) => write!(f, "delete {key} ({id})"),
            EventAct::Forget => write!(f, "forget {key}"),
        }
    }
}

/// What a plan is made of.
#[derive(Debug, Clone, Copy)]
pub struct Outlook<'a> {
    /// The meetings that are held and have not ended, soonest first.
    pub upcoming: &'a [EventSpec],
    /// The days of meetings that were called off.
    pub cancelled: &'a BTreeSet<NaiveDate>,
    /// The events that Discord lists.
    pub seen: &'a [SeenEvent],
    /// The event bound to each meeting; `None` while it is only an intention.
    pub bound: &'a BTreeMap<NaiveDate, Option<EventId>>,
    /// The bot's account.
    pub bot: UserId,
}

/// What to do now, in order; empty when Discord is as it should be.
///
/// One event stands for the next meeting: the first that is not over. One that has begun keeps its event; when it has none,
/// none can be made any more, and the meeting after it is the next.
#[must_use]
pub fn plan(outlook: &Outlook<'_>, now: DateTime<Utc>) -> Vec<EventStep> {
    let ours = ours(outlook, now);
    let target = outlook
        .upcoming
        .iter()
        .find(|spec| spec.starts_at > now + MARGIN || ours.contains_key(&spec.day));
    let mut days: BTreeSet<NaiveDate> = ours.keys().chain(outlook.bound.keys()).copied().collect();
    days.extend(target.map(|spec| spec.day));
    let mut steps = Vec::new();
    for day in days {
        let events = ours.get(&day).map(Vec::as_slice).unwrap_or_default();
        let bound = outlook.bound.get(&day);
        let mut push = |act| steps.push(EventStep { day, act });
        match target.filter(|spec| spec.day == day) {
            Some(spec) => keep(spec, events, bound.copied().flatten(), now, &mut push),
            None => {
                let called_off = outlook.cancelled.contains(&day);
                for event in events {
                    match event.status_at(now) {
                        Status::Scheduled if called_off => push(EventAct::Cancel(event.id)),
                        Status::Scheduled => push(EventAct::Delete(event.id)),
                        Status::Active if called_off => push(EventAct::Complete(event.id)),
                        // It runs until its end, and is forgotten then.
                        Status::Active | Status::Over => {}
                    }
                }
                if events.is_empty() && bound.is_some() {
                    push(EventAct::Forget);
                }
            }
        }
    }
    steps
}

/// The events that are ours and not over, by meeting, oldest first.
fn ours<'a>(outlook: &Outlook<'a>, now: DateTime<Utc>) -> BTreeMap<NaiveDate, Vec<&'a SeenEvent>> {
    let bound: BTreeMap<EventId, NaiveDate> = outlook
        .bound
        .iter()
        .filter_map(|(day, id)| Some(((*id)?, *day)))
        .collect();
    let mut ours: BTreeMap<NaiveDate, Vec<&SeenEvent>> = BTreeMap::new();
    for event in outlook.seen {
        let marked = || day_of(&event.description).filter(|_| event.creator == Some(outlook.bot));
        let day = bound.get(&event.id).copied().or_else(marked);
        if let Some(day) = day.filter(|_| event.status_at(now) != Status::Over) {
            ours.entry(day).or_default().push(event);
        }
    }
    for events in ours.values_mut() {
        events.sort_by_key(|event| event.id);
    }
    ours
}

/// Makes the event of the next meeting what it should be, and the only one.
fn keep(
    spec: &EventSpec,
    events: &[&SeenEvent],
    bound: Option<EventId>,
    now: DateTime<Utc>,
    push: &mut impl FnMut(EventAct),
) {
    let kept = events
        .iter()
        .find(|event| Some(event.id) == bound)
        .or_else(|| events.first());
    let Some(kept) = kept else {
        push(EventAct::Create(spec.clone()));
        return;
    };
    if Some(kept.id) != bound {
        push(EventAct::Adopt(kept.id));
    }
    let running = kept.status_at(now) == Status::Active;
    if running && kept.ends_at.is_some_and(|end| end <= spec.starts_at) {
        // The meeting was moved to a later time after someone had started its event by hand.
        push(EventAct::Complete(kept.id));
    } else {
        let edit = difference(spec, kept, running);
        if edit != EventEdit::default() {
            push(EventAct::Edit(kept.id, edit));
        }
    }
    for second in events.iter().filter(|event| event.id != kept.id) {
        push(match second.status_at(now) {
            Status::Scheduled => EventAct::Delete(second.id),
            Status::Active | Status::Over => EventAct::Complete(second.id),
        });
    }
}

/// What differs between what should be and what is. The start of an event that runs is a fact.
fn difference(spec: &EventSpec, seen: &SeenEvent, running: bool) -> EventEdit {
    let EventSpec {
        day: _,
        name,
        description,
        location,
        starts_at,
        ends_at,
    } = spec;
    let differs = |wanted: &str, shown: &str| (wanted.trim() != shown.trim()).then(|| wanted.to_owned());
    let on_time = seen.starts_at == *starts_at && seen.ends_at == Some(*ends_at);
    EventEdit {
        name: differs(name, &seen.name),
        description: differs(description, &seen.description),
        location: differs(location, &seen.location),
        time: (!on_time && !running).then_some((*starts_at, *ends_at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOT: UserId = UserId(1);

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn spec(of: &str) -> EventSpec {
        let starts_at = utc(&format!("{of}T18:00:00Z"));
        EventSpec {
            day: day(of),
            name: "Réunion".to_owned(),
            description: format!("Venez.\n{}", marker(day(of))),
            location: "Ici".to_owned(),
            starts_at,
            ends_at: starts_at + TimeDelta::hours(2),
        }
    }

    fn seen(id: u64, spec: &EventSpec) -> SeenEvent {
        SeenEvent {
            id: EventId(id),
            creator: Some(BOT),
            name: spec.name.clone(),
            description: spec.description.clone(),
            location: spec.location.clone(),
            starts_at: spec.starts_at,
            ends_at: Some(spec.ends_at),
            status: Status::Scheduled,
        }
    }

    /// A server on Wednesday 31 March 2027, with meetings on 5, 12 and 19 April.
    struct Scene {
        upcoming: Vec<EventSpec>,
        cancelled: BTreeSet<NaiveDate>,
        seen: Vec<SeenEvent>,
        bound: BTreeMap<NaiveDate, Option<EventId>>,
        now: DateTime<Utc>,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                upcoming: ["2027-04-05", "2027-04-12", "2027-04-19"].map(spec).to_vec(),
                cancelled: BTreeSet::new(),
                seen: Vec::new(),
                bound: BTreeMap::new(),
                now: utc("2027-03-31T12:00:00Z"),
            }
        }

        /// The same with the event of the first meeting made and bound.
        fn converged() -> Self {
            let mut scene = Self::new();
            scene.seen.push(seen(9, &scene.upcoming[0]));
            scene.bound.insert(scene.upcoming[0].day, Some(EventId(9)));
            scene
        }

        fn plan(&self) -> Vec<String> {
            let outlook = Outlook {
                upcoming: &self.upcoming,
                cancelled: &self.cancelled,
                seen: &self.seen,
                bound: &self.bound,
                bot: BOT,
            };
            plan(&outlook, self.now).iter().map(ToString::to_string).collect()
        }
    }

    #[test]
    fn a_converged_server_gets_nothing_to_do() {
        assert_eq!(Scene::converged().plan(), Vec::<String>::new());
        assert_eq!(
            Scene::new().plan(),
            ["create event:2027-04-05 at 2027-04-05 18:00:00 UTC"]
        );
    }

    #[test]
    fn an_event_made_by_a_process_that_died_is_adopted() {
        let mut scene = Scene::converged();
        scene.bound.insert(day("2027-04-05"), None);
        assert_eq!(scene.plan(), ["adopt 9 as event:2027-04-05"]);
        // Somebody else's event that copies our marker is nobody's but his.
        scene.seen[0].creator = Some(UserId(2));
        assert_eq!(scene.plan(), ["create event:2027-04-05 at 2027-04-05 18:00:00 UTC"]);
    }

    #[test]
    fn what_was_changed_by_hand_is_put_back_and_what_was_deleted_is_made_again() {
        let mut scene = Scene::converged();
        scene.seen[0].name = "Fête".to_owned();
        scene.seen[0].description = "Sans marque".to_owned();
        scene.seen[0].starts_at += TimeDelta::hours(1);
        assert_eq!(scene.plan(), ["edit event:2027-04-05 (9): name, description, time"]);
        scene.seen.clear();
        assert_eq!(scene.plan(), ["create event:2027-04-05 at 2027-04-05 18:00:00 UTC"]);
    }

    #[test]
    fn a_meeting_called_off_is_cancelled_on_discord_and_the_next_one_takes_its_place() {
        let mut scene = Scene::converged();
        let first = scene.upcoming.remove(0);
        scene.cancelled.insert(first.day);
        let create = "create event:2027-04-12 at 2027-04-12 18:00:00 UTC";
        assert_eq!(scene.plan(), ["cancel event:2027-04-05 (9)", create]);
        scene.seen.clear();
        assert_eq!(scene.plan(), ["forget event:2027-04-05", create]);
    }

    #[test]
    fn a_meeting_held_again_puts_the_later_event_away() {
        let mut scene = Scene::new();
        scene.seen.push(seen(12, &scene.upcoming[1]));
        scene.bound.insert(day("2027-04-12"), Some(EventId(12)));
        assert_eq!(
            scene.plan(),
            [
                "create event:2027-04-05 at 2027-04-05 18:00:00 UTC",
                "delete event:2027-04-12 (12)"
            ]
        );
    }

    #[test]
    fn the_event_runs_by_itself_and_the_next_one_follows_its_end() {
        let mut scene = Scene::converged();
        scene.now = utc("2027-04-05T19:00:00Z");
        assert_eq!(scene.plan(), Vec::<String>::new(), "it has begun, nobody told us");
        scene.now = utc("2027-04-05T20:00:00Z");
        scene.upcoming.remove(0);
        assert_eq!(
            scene.plan(),
            [
                "forget event:2027-04-05",
                "create event:2027-04-12 at 2027-04-12 18:00:00 UTC"
            ]
        );
    }

    #[test]
    fn an_event_cannot_be_made_for_a_meeting_that_begins() {
        let mut scene = Scene::new();
        scene.now = utc("2027-04-05T17:59:30Z");
        assert_eq!(scene.plan(), ["create event:2027-04-12 at 2027-04-12 18:00:00 UTC"]);
        scene.bound.insert(day("2027-04-05"), None);
        assert_eq!(
            scene.plan(),
            [
                "forget event:2027-04-05",
                "create event:2027-04-12 at 2027-04-12 18:00:00 UTC"
            ]
        );
    }

    #[test]
    fn a_second_event_goes_away_and_the_bound_one_stays() {
        let mut scene = Scene::converged();
        scene.seen.push(seen(4, &scene.upcoming[0]));
        assert_eq!(scene.plan(), ["delete event:2027-04-05 (4)"]);
        scene.bound.clear();
        assert_eq!(
            scene.plan(),
            ["adopt 4 as event:2027-04-05", "delete event:2027-04-05 (9)"]
        );
    }

    #[test]
    fn an_event_started_by_hand_keeps_its_start_unless_the_meeting_was_moved() {
        let mut scene = Scene::converged();
        scene.seen[0].status = Status::Active;
        scene.seen[0].starts_at = utc("2027-03-31T11:00:00Z");
        assert_eq!(scene.plan(), Vec::<String>::new());
        scene.upcoming[0].starts_at += TimeDelta::days(1);
        scene.upcoming[0].ends_at += TimeDelta::days(1);
        assert_eq!(scene.plan(), ["complete event:2027-04-05 (9)"]);
        scene.seen.clear();
        assert_eq!(scene.plan(), ["create event:2027-04-05 at 2027-04-06 18:00:00 UTC"]);
    }

    #[test]
    fn keys_and_markers_round_trip() {
        let monday = day("2027-04-05");
        assert_eq!(day_of_key(&key(monday)), Some(monday));
        assert_eq!(day_of_key("event:demain"), None);
        assert_eq!(day_of(&format!("Un texte.\n{}", marker(monday))), Some(monday));
        assert_eq!(day_of("réf. réunion 2027-04-05 ou presque"), None);
        assert_eq!(day_of(""), None);
    }
}
