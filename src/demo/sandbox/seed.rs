//! The past of the sandbox: sign-ups, relays, calls and validations, written through the use cases at the dates at which
//! they happened, before the bot is started on the database.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::country::{ALONE, TOWNS, Town};
use super::names::Invented;
use super::{AWA, CAMILLE, NADIA, NOE, REFERENTS};
use crate::demo::DemoError;
use crate::domain::action::ListAt;
use crate::domain::calendar::paris_date;
use crate::domain::contact::{Filter, OutcomeKind};
use crate::domain::fold::fold;
use crate::domain::ids::{GroupId, PersonId, UserId};
use crate::domain::import::Progress;
use crate::error::Failure;
use crate::loopback::Loopback;
use crate::store::{groups, outbox, people};
use crate::usecases::authority::Actor;
use crate::usecases::calls::{self, Said};
use crate::usecases::validation::confirm::Confirmation;
use crate::usecases::validation::open::{Asked, Opened};
use crate::usecases::validation::{self, Seen, Typed};
use crate::usecases::{App, contacts, import, posts};

/// How long ago the website's list came in.
const IMPORTED: TimeDelta = TimeDelta::days(30);
/// News older than this were read long ago: nobody is told them when the bot starts.
const READ: TimeDelta = TimeDelta::days(2);
/// Notes that relays wrote down.
const NOTES: [&str; 4] = [
    "préfère être appelé le soir",
    "veut d’abord en parler chez elle",
    "connaît déjà deux membres",
    "disponible le samedi matin",
];

/// Whether the member of that rank in a town has an account on the server.
pub(super) fn has_account(town: &Town, rank: usize) -> bool {
    rank < town.members && rank.is_multiple_of(2)
}

/// The number from which a town's people are counted.
fn first_number(rank: usize) -> usize {
    TOWNS[..rank].iter().map(|town| town.signed).sum()
}

/// The people of a town, in the order in which they signed up.
pub(super) fn people_of(rank: usize) -> Vec<Invented> {
    let first = first_number(rank);
    (first..first + TOWNS[rank].signed).map(Invented::new).collect()
}

/// The unique names of a town's relays.
pub(super) fn relays_of(rank: usize) -> Vec<String> {
    let number = 2000 + rank * 2;
    let mut names: Vec<String> = (number..number + TOWNS[rank].relays)
        .map(|number| Invented::new(number).username())
        .collect();
    match TOWNS[rank].name {
        "Lunel" => CAMILLE.0.clone_into(&mut names[0]),
        "Nîmes" => NOE.0.clone_into(&mut names[0]),
        _ => {}
    }
    names
}

/// The accounts of relays that are not of the cast, with their display names.
pub(super) fn relay_accounts() -> Vec<Invented> {
    let numbers = TOWNS
        .iter()
        .enumerate()
        .flat_map(|(rank, town)| (0..town.relays).map(move |n| (town.name, n, 2000 + rank * 2 + n)));
    numbers
        .filter(|(town, n, _)| !(matches!(*town, "Lunel" | "Nîmes") && *n == 0))
        .map(|(.., number)| Invented::new(number))
        .collect()
}

/// The website's file.
fn sign_ups(start: DateTime<Utc>) -> String {
    let mut csv = String::from("prénom;nom;téléphone;mail;code postal;commune;date d’inscription\n");
    let mut line = |person: &Invented, code: &str, town: &str, days: usize| {
        let on = paris_date(start - IMPORTED) - TimeDelta::days(i64::try_from(days % 50).unwrap_or(0));
        csv.push_str(&format!(
            "{};{};{};{};{code};{town};{}\n",
            person.first,
            person.last,
            person.phone(),
            person.mail(),
            on.format("%d/%m/%Y")
        ));
    };
    for (rank, town) in TOWNS.iter().enumerate() {
        for (n, person) in people_of(rank).iter().enumerate() {
            line(person, town.code, town.name, n * 3 + rank);
        }
    }
    let mut number = first_number(TOWNS.len());
    for (town, code, count) in ALONE {
        for _ in 0..count {
            line(&Invented::new(number), code, town, number);
            number += 1;
        }
    }
    csv
}

/// Writes the past.
pub(super) struct Past<'a> {
    pub(super) app: &'a App,
    pub(super) discord: &'a Loopback,
    pub(super) start: DateTime<Utc>,
}

fn told(what: &str) -> impl Fn(Failure) -> DemoError + '_ {
    move |failure| {
        let why = match failure {
            Failure::User(refusal) => refusal.text,
            Failure::Internal(error) => error.to_string(),
        };
        DemoError::Impossible(format!("{what} : {why}"))
    }
}

fn broken(error: crate::store::StoreError) -> DemoError {
    DemoError::Impossible(format!("la base : {error}"))
}

impl Past<'_> {
    fn actor(&self, username: &str, manages_server: bool) -> Actor {
        Actor {
            user: UserId(self.discord.user(username)),
            manages_server,
        }
    }

    fn seen(&self, username: &str) -> Seen {
        let user = self.discord.user(username);
        Seen {
            user: UserId(user),
            present: true,
            bot: false,
            display: self.discord.read(|world| world.display_name(user)),
            username: username.to_owned(),
        }
    }

    /// Writes everything, in the order in which it happened in each town.
    pub(super) async fn write(&self) -> Result<(), DemoError> {
        let groups = self.import().await?;
        let national = self.actor(NADIA.0, true);
        let named = self.start - TimeDelta::days(29);
        for region in REFERENTS {
            posts::name_referent(self.app, national, region, &self.seen(AWA.0), named)
                .await
                .map_err(told(region))?;
        }
        for (rank, town) in TOWNS.iter().enumerate() {
            let Some(group) = groups.get(town.name) else {
                return Err(DemoError::Impossible(format!("le groupe {} n’existe pas", town.name)));
            };
            self.live(rank, town, *group).await.map_err(|error| match error {
                DemoError::Impossible(why) => DemoError::Impossible(format!("{} : {why}", town.name)),
                other => other,
            })?;
        }
        let mut tx = self.app.store.write().await.map_err(broken)?;
        outbox::drop_older(&mut tx, self.start - READ, self.start)
            .await
            .map_err(broken)?;
        tx.commit_quietly().await.map_err(broken)
    }

    async fn import(&self) -> Result<HashMap<String, GroupId>, DemoError> {
        let (progress, _) = watch::channel(Progress::default());
        let bytes = sign_ups(self.start).into_bytes();
        let done = import::apply(self.app, None, bytes, self.start - IMPORTED, &progress)
            .await
            .map_err(told("l’import"))?;
        let mut tx = self.app.store.read().await.map_err(broken)?;
        let mut named = HashMap::new();
        for id in done.declared {
            if let Some(group) = groups::get(&mut tx, id).await.map_err(broken)? {
                named.insert(group.name, id);
            }
        }
        Ok(named)
    }

    /// The life of one group up to now.
    async fn live(&self, rank: usize, town: &Town, group: GroupId) -> Result<(), DemoError> {
        let relays = relays_of(rank);
        let national = self.actor(NADIA.0, true);
        let stagger = TimeDelta::minutes(i64::try_from(rank * 17).unwrap_or(0));
        let named = self.start - TimeDelta::days(28) + stagger;
        for relay in &relays {
            posts::name_relay(self.app, national, &group.to_string(), &self.seen(relay), named)
                .await
                .map_err(told("le relai"))?;
            contacts::accept_charter(self.app, self.actor(relay, false), named + TimeDelta::hours(2))
                .await
                .map_err(told("la charte"))?;
        }
        let Some(relay) = relays.first() else { return Ok(()) };
        let ids = self.ids(group).await?;
        let invented = people_of(rank);
        let steps = i32::try_from(town.members.max(1)).unwrap_or(i32::MAX);
        for (n, person) in invented.iter().enumerate().take(town.members) {
            // From three weeks ago to yesterday, one after the other.
            let at = named + TimeDelta::days(4) + (TimeDelta::days(22) / steps) * i32::try_from(n).unwrap_or(0);
            let by = self.actor(&relays[n % relays.len()], false);
            let id = found(&ids, person)?;
            self.validate(by, id, person, has_account(town, n), at).await?;
        }
        let by = self.actor(relay, false);
        for (n, person) in invented.iter().enumerate().skip(town.members) {
            self.call(by, found(&ids, person)?, n - town.members, rank).await?;
        }
        Ok(())
    }

    /// The people on file for a group, by name.
    async fn ids(&self, group: GroupId) -> Result<BTreeMap<String, PersonId>, DemoError> {
        let mut tx = self.app.store.read().await.map_err(broken)?;
        let known = people::of_groups(&mut tx, &[group]).await.map_err(broken)?;
        let named = known.into_iter().filter_map(|person| {
            let identity = person.identity?;
            Some((identity.fold(), person.id))
        });
        Ok(named.collect())
    }

    /// `/valider`, from the form to «Confirmer».
    async fn validate(
        &self,
        by: Actor,
        id: PersonId,
        person: &Invented,
        with_account: bool,
        at: DateTime<Utc>,
    ) -> Result<(), DemoError> {
        let what = "la validation";
        let asked = Asked {
            inscrit: Some(id.to_string()),
            account: with_account.then(|| self.seen(&person.username())),
        };
        let opened = validation::open::start(self.app, by, asked, at)
            .await
            .map_err(told(what))?;
        let Opened::Form { draft, typed } = opened else {
            return Err(DemoError::Impossible("la charte n’est pas acceptée".to_owned()));
        };
        let typed: Typed = typed;
        validation::form::submit(self.app, by, &draft, typed, at)
            .await
            .map_err(told(what))?;
        let done = validation::confirm::confirm(self.app, by, &draft, None, at)
            .await
            .map_err(told(what))?;
        match done {
            Confirmation::Done(_) => Ok(()),
            Confirmation::Already(_) | Confirmation::Elsewhere { .. } => {
                Err(DemoError::Impossible(format!("{what} a déjà eu lieu")))
            }
        }
    }

    /// What came of a call, one of all kinds; some were never called.
    async fn call(&self, by: Actor, person: PersonId, n: usize, rank: usize) -> Result<(), DemoError> {
        let at = self.start - TimeDelta::hours(i64::try_from(23 + (n * 7 + rank * 3) % 200).unwrap_or(24));
        let today = paris_date(self.start);
        let (kind, day) = match (n, (n + rank) % 9) {
            // The tour's reminders: two people ask to be called on the day after the beginning.
            (1 | 2, _) if rank == 0 => (OutcomeKind::CallBack, Some(today + TimeDelta::days(1))),
            (0 | 3, _) if rank == 0 => return Ok(()),
            (_, 0 | 4 | 8) => return Ok(()),
            (_, 1) => (OutcomeKind::NoAnswer, None),
            (_, 2) => (
                OutcomeKind::CallBack,
                Some(today + TimeDelta::days(1 + i64::from(n.is_multiple_of(3)))),
            ),
            (_, 3) => (OutcomeKind::MessageLeft, None),
            (_, 5) => (OutcomeKind::TextSent, None),
            (_, 6) => (OutcomeKind::Refusal, None),
            (_, _) => (OutcomeKind::WrongNumber, None),
        };
        let note = (n % 4 == 1).then(|| Zeroizing::new(NOTES[rank % NOTES.len()].to_owned()));
        let list = ListAt::first(Filter::ToCall);
        calls::record(self.app, by, person, kind, Said { day, note }, list, at)
            .await
            .map_err(told("un appel"))?;
        Ok(())
    }
}

fn found(ids: &BTreeMap<String, PersonId>, person: &Invented) -> Result<PersonId, DemoError> {
    ids.get(&fold(&person.display()))
        .copied()
        .ok_or_else(|| DemoError::Impossible("une personne n’est pas dans son groupe".to_owned()))
}
