//! Plays a scenario: acts as its persons through the loopback Discord, against the real bot, and writes down what they see.
//!
//! The bot does much of its work after it has answered. With the transcript of the file at hand, an act is over as soon as
//! everything told there has been seen, or when it has not within `LIMIT`; without it, when nothing has moved for `CALM`.
//! The bot's clock stands still but when the script moves it, so that the same story gives the same lines.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::DemoError;
use super::page;
use super::program::{Folder, Program};
use super::script::{Cast, Item, Kind, Place, Scenario, Step, Trait};
use super::transcript::{self, Picture};
use crate::clock::Clock;
use crate::config::{ApiBase, Settings, Token};
use crate::loopback::{Action, Builder, Fault, Gate, Id, Loopback, Modal, Network, fold, permissions};

/// How long the transcript of an act may take to come true.
const LIMIT: Duration = Duration::from_secs(15);
/// How long nothing may have moved for an act without transcript to be over.
const CALM: Duration = Duration::from_millis(1_500);
/// How soon what failed is tried again: well before all is taken for calm.
const FIRST_RETRY: Duration = Duration::from_millis(20);
/// What stands when an act had no visible effect.
const NOTHING: &str = "(rien ne change)";

/// How an act is known to be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// When the transcript of the file has come true; after the first one that does not, when all is calm.
    Transcript,
    /// When all is calm: to write a transcript.
    Calm,
}

/// Plays a whole scenario and tells each item, once over, to `told`. Gives the transcript of each item.
///
/// # Errors
/// When the script asks for the impossible, when the bot does not start, and when it leaves somebody without an answer.
pub async fn play(
    scenario: &Scenario,
    until: Until,
    mut told: impl FnMut(&Item, &[String]) -> Result<(), DemoError>,
) -> Result<Vec<Vec<String>>, DemoError> {
    let mut stage: Option<Stage> = None;
    let mut until = until;
    let mut blocks = Vec::with_capacity(scenario.items.len());
    for item in &scenario.items {
        let block = match (&item.kind, &mut stage) {
            (Kind::Step(Step::At(start)), None) => {
                stage = Some(
                    Stage::open(scenario, *start)
                        .await
                        .map_err(|error| error.at(item.line))?,
                );
                Vec::new()
            }
            (Kind::Step(_), None) => {
                let why = "l’histoire commence par « Nous sommes le … »".to_owned();
                return Err(DemoError::Impossible(why).at(item.line));
            }
            (Kind::Step(step), Some(stage)) => {
                let expected = (until == Until::Transcript).then_some(item.expected.as_slice());
                let block = stage
                    .step(scenario, step, expected)
                    .await
                    .map_err(|error| error.at(item.line))?;
                if expected.is_some_and(|expected| expected != block) {
                    until = Until::Calm;
                }
                block
            }
            _ => Vec::new(),
        };
        told(item, &block)?;
        blocks.push(block);
    }
    if let Some(stage) = stage {
        stage.close().await?;
    }
    Ok(blocks)
}

/// The loopback, the bot, and what the cast holds in hand.
pub(super) struct Stage {
    pub(super) discord: Loopback,
    program: Option<Program>,
    settings: Settings,
    clock: Clock,
    cast: Vec<(Id, String)>,
    before: Picture,
    /// The form on somebody's screen.
    pub(super) forms: BTreeMap<Id, Modal>,
    /// The message that somebody's last act led to.
    pub(super) last: BTreeMap<Id, Id>,
    gate: Option<Gate>,
    /// The long framed texts that the transcript has shown already.
    read: BTreeSet<String>,
    /// One-time codes, which chance makes: the transcript calls them by rank.
    pub(super) codes: Vec<String>,
    _folder: Folder,
}

impl Stage {
    async fn open(scenario: &Scenario, start: DateTime<Utc>) -> Result<Self, DemoError> {
        let folder = Folder::new()?;
        let people: Vec<&Cast> = scenario.people().collect();
        let discord = Loopback::start(world(&people, start)).await?;
        let clock = Clock::manual(start);
        let cast = people
            .iter()
            .map(|one| (discord.user(&one.username), one.name.clone()))
            .collect::<Vec<_>>();
        let settings = settings(&discord, &folder)?;
        let program = Program::start(settings.clone(), clock.clone()).await?;
        let before = discord.read(|world| Picture::take(world, &cast, start));
        let mut stage = Self {
            discord,
            program: Some(program),
            settings,
            clock,
            cast,
            before,
            forms: BTreeMap::new(),
            last: BTreeMap::new(),
            gate: None,
            read: BTreeSet::new(),
            codes: Vec::new(),
            _folder: folder,
        };
        let registered = |world: &crate::loopback::World| (!world.commands.is_empty()).then_some(());
        stage
            .discord
            .try_wait("the commands", LIMIT, registered)
            .await
            .map_err(|too_long| DemoError::Stuck(too_long.what))?;
        stage.calm().await;
        stage.before = stage.picture();
        Ok(stage)
    }

    async fn close(self) -> Result<(), DemoError> {
        if let Some(program) = self.program {
            program.kill().await;
        }
        let violations = self.discord.finish();
        if violations.is_empty() {
            return Ok(());
        }
        let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
        Err(DemoError::Violations(list.join("\n")))
    }

    pub(super) fn picture(&self) -> Picture {
        self.discord
            .read(|world| Picture::take(world, &self.cast, self.clock.now()))
    }

    async fn step(
        &mut self,
        scenario: &Scenario,
        step: &Step,
        expected: Option<&[String]>,
    ) -> Result<Vec<String>, DemoError> {
        let is_act = matches!(step, Step::Act(..));
        let direct = match step {
            Step::Act(who, act) => self.act(scenario, who, act).await?,
            Step::At(at) => self.advance(*at - self.clock.now()),
            Step::Advance(by) => self.advance(*by),
            Step::WhoSees(place) => self.who_sees(place),
            Step::HoldCreation(nth) => {
                let gate = Gate::new();
                let action = Action::PauseAfter(gate.clone());
                self.discord
                    .faults()
                    .add(Fault::on("POST", "/guilds/{guild}/channels", action).nth(*nth));
                self.gate = Some(gate);
                Vec::new()
            }
            Step::Kill => self.kill().await?,
            Step::Restart => {
                if self.program.is_none() {
                    self.program = Some(Program::start(self.settings.clone(), self.clock.clone()).await?);
                }
                Vec::new()
            }
            Step::Outage => {
                self.discord.faults().network(Network::Refusing);
                Vec::new()
            }
            Step::Back => {
                self.discord.faults().network(Network::Up);
                Vec::new()
            }
        };
        let block = self.settle(&direct, is_act, expected).await;
        self.read.extend(transcript::frames(&block));
        self.before = self.picture();
        Ok(block)
    }

    fn advance(&self, by: TimeDelta) -> Vec<String> {
        self.clock.advance(by);
        self.discord.set_clock(self.clock.now());
        if let Some(program) = &self.program {
            program.wake();
        }
        Vec::new()
    }

    async fn kill(&mut self) -> Result<Vec<String>, DemoError> {
        let held = match &self.gate {
            Some(gate) => gate.reached_within(LIMIT).await,
            None => true,
        };
        if !held {
            return Err(DemoError::Stuck("the request to hold".to_owned()));
        }
        if let Some(program) = self.program.take() {
            program.kill().await;
        }
        if let Some(gate) = self.gate.take() {
            gate.open();
        }
        Ok(Vec::new())
    }

    /// Waits for the end of an act and gives its block.
    async fn settle(&mut self, direct: &[String], is_act: bool, expected: Option<&[String]>) -> Vec<String> {
        let handle = self.discord.handle();
        let mut changes = handle.changes();
        let deadline = Instant::now() + LIMIT;
        loop {
            changes.mark_unchanged();
            let mut block: Vec<String> = direct
                .iter()
                .cloned()
                .chain(self.picture().since(&self.before))
                .collect();
            if block.is_empty() && is_act {
                block.push(NOTHING.to_owned());
            }
            let block = self.steady(block);
            if expected.is_some_and(|expected| expected == block) {
                return block;
            }
            let next = if expected.is_some() {
                deadline
            } else {
                deadline.min(Instant::now() + CALM)
            };
            if !matches!(tokio::time::timeout_at(next, changes.changed()).await, Ok(Ok(()))) {
                return block;
            }
        }
    }

    /// Waits until nothing has moved for a while.
    async fn calm(&self) {
        let mut changes = self.discord.changes();
        let deadline = Instant::now() + LIMIT;
        while Instant::now() < deadline {
            changes.mark_unchanged();
            if tokio::time::timeout(CALM, changes.changed()).await.is_err() {
                return;
            }
        }
    }

    /// The block without what chance made, and without the long texts that have been read before.
    fn steady(&self, block: Vec<String>) -> Vec<String> {
        let named = |line: String| {
            self.codes.iter().enumerate().fold(line, |line, (n, code)| {
                line.replace(code.as_str(), &format!("‹code {}›", n + 1))
            })
        };
        let block: Vec<String> = block.into_iter().map(named).collect();
        transcript::without_repeats(&block, &self.read)
    }

    /// What was typed, with the codes that the transcript calls by rank.
    pub(super) fn typed(&self, text: &str) -> String {
        self.codes.iter().enumerate().fold(text.to_owned(), |text, (n, code)| {
            text.replace(&format!("‹code {}›", n + 1), code)
        })
    }

    pub(super) fn account(&self, name: &str) -> Result<Id, DemoError> {
        let found = self.cast.iter().find(|(_, one)| fold(one) == fold(name));
        found
            .map(|(id, _)| *id)
            .ok_or_else(|| DemoError::Impossible(format!("personne ne s’appelle {name}")))
    }

    pub(super) fn place(&self, place: &Place) -> Result<Id, DemoError> {
        let found = self.picture().find(&place.category, &place.name);
        found.ok_or_else(|| DemoError::Impossible(format!("il n’y a pas de salon {place}")))
    }

    fn who_sees(&self, place: &Place) -> Vec<String> {
        let Ok(channel) = self.place(place) else {
            return vec![format!("✗ Il n’y a pas de salon {place}.")];
        };
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        self.discord.read(|world| {
            for (user, name) in self.cast.iter().filter(|(user, _)| world.member(*user).is_some()) {
                let writes = world
                    .channels
                    .get(&channel)
                    .is_some_and(|place| world.permissions_of(*user, place) & permissions::SEND_MESSAGES != 0);
                match (world.sees(*user, channel), writes) {
                    (true, true) => yes.push(format!("{name} (peut écrire)")),
                    (true, false) => yes.push(name.clone()),
                    (false, _) => no.push(name.clone()),
                }
            }
        });
        let list = |names: &[String]| {
            if names.is_empty() {
                "personne".to_owned()
            } else {
                names.join(", ")
            }
        };
        let mut lines = page::text(&format!("Oui : {}", list(&yes)), "");
        lines.extend(page::text(&format!("Non : {}", list(&no)), ""));
        lines
    }
}

/// The world before the story: the cast, the roles that it holds, one channel for everyone.
fn world(people: &[&Cast], start: DateTime<Utc>) -> Builder {
    const MANAGER: &str = "Gestion du serveur";
    const NATIONAL: &str = "MCP national";
    let holds = |one: Trait| people.iter().any(|person| person.traits.contains(&one));
    let mut builder = Builder::at(start).lenient();
    if holds(Trait::National) {
        builder = builder.role(NATIONAL, 0);
    }
    if holds(Trait::ManagesServer) {
        builder = builder.role(MANAGER, permissions::MANAGE_GUILD);
    }
    for person in people {
        builder = builder.person(&person.username, &person.name, |spec| {
            person.traits.iter().fold(spec, |spec, one| match one {
                Trait::National => spec.role(NATIONAL),
                Trait::ManagesServer => spec.role(MANAGER),
                Trait::Outside => spec.outside(),
                Trait::Pending => spec.pending(),
                Trait::ClosedDms => spec.dms_closed(),
            })
        });
    }
    builder
}

/// The usual settings; only what makes people wait in real time is taken away.
pub(super) fn settings(discord: &Loopback, folder: &Folder) -> Result<Settings, DemoError> {
    let mut settings = Settings::load_offline(&|_| None, folder.path()).map_err(|faults| {
        DemoError::Impossible(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })?;
    settings.token = Token::parse(&discord.token());
    settings.api = ApiBase::parse(&discord.base_url());
    settings.tunables.direct_messages.pace = TimeDelta::zero();
    settings.tunables.register.coalesce = TimeDelta::zero();
    settings.tunables.retry.first = FIRST_RETRY;
    Ok(settings)
}
