//! Plays a scenario: acts as its persons through the loopback Discord, against the real bot, and writes down what they see.
//!
//! The bot does much of its work after it has answered. With the transcript of the file at hand, an act is over as soon as
//! everything told there has been seen, or when it has not within [`LIMIT`]; without it, when nothing has moved for [`CALM`].
//! The bot's clock stands still but when the script moves it, so that the same story gives the same lines.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value as Json;
use tokio::time::Instant;

use super::DemoError;
use super::page;
use super::program::{Folder, Program};
use super::script::{Act, Cast, Item, Kind, Place, Scenario, Step, Trait};
use super::transcript::Picture;
use crate::clock::Clock;
use crate::config::{ApiBase, Settings, Token};
use crate::loopback::model::Message;
use crate::loopback::{
    Action, AnswerKind, Builder, Fault, Gate, Id, Loopback, Modal, Network, Person, Refusal, Value, fold, labels_of,
    permissions, text_of,
};

/// How long the transcript of an act may take to come true.
const LIMIT: Duration = Duration::from_secs(15);
/// How long nothing may have moved for an act without transcript to be over.
const CALM: Duration = Duration::from_millis(1_500);
/// The longest list of suggestions shown.
const SUGGESTIONS: usize = 5;
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
struct Stage {
    discord: Loopback,
    program: Option<Program>,
    settings: Settings,
    clock: Clock,
    cast: Vec<(Id, String)>,
    before: Picture,
    /// The form on somebody's screen.
    forms: BTreeMap<Id, Modal>,
    /// The message that somebody's last act led to.
    last: BTreeMap<Id, Id>,
    gate: Option<Gate>,
    /// One-time codes, which chance makes: the transcript calls them by rank.
    codes: Vec<String>,
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

    fn picture(&self) -> Picture {
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
        if let Some(gate) = &self.gate {
            if !gate.reached_within(LIMIT).await {
                return Err(DemoError::Stuck("the request to hold".to_owned()));
            }
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

    /// The block without what chance made.
    fn steady(&self, block: Vec<String>) -> Vec<String> {
        let named = |line: String| {
            self.codes.iter().enumerate().fold(line, |line, (n, code)| {
                line.replace(code.as_str(), &format!("‹code {}›", n + 1))
            })
        };
        block.into_iter().map(named).collect()
    }

    /// What was typed, with the codes that the transcript calls by rank.
    fn typed(&self, text: &str) -> String {
        self.codes.iter().enumerate().fold(text.to_owned(), |text, (n, code)| {
            text.replace(&format!("‹code {}›", n + 1), code)
        })
    }

    fn account(&self, name: &str) -> Result<Id, DemoError> {
        let found = self.cast.iter().find(|(_, one)| fold(one) == fold(name));
        found
            .map(|(id, _)| *id)
            .ok_or_else(|| DemoError::Impossible(format!("personne ne s’appelle {name}")))
    }

    fn place(&self, place: &Place) -> Result<Id, DemoError> {
        let found = self.picture().find(&place.category, &place.name);
        found.ok_or_else(|| DemoError::Impossible(format!("il n’y a pas de salon {place}")))
    }

    /// Does what a person does. Gives what is seen at once: forms, suggestions, refusals of the client.
    async fn act(&mut self, scenario: &Scenario, who: &str, act: &Act) -> Result<Vec<String>, DemoError> {
        let user = self.account(who)?;
        let person = self.discord.as_user(user);
        let done = match act {
            Act::Slash(line, options) => self.slash(scenario, &person, line, options).await,
            Act::Press { label, twice, under } => self.press(&person, label, *twice, under.as_deref()).await,
            Act::Fill(fields) => self.fill(&person, fields).await,
            Act::Choose(labels) => self.choose(&person, labels).await,
            Act::ChoosePerson(name) => {
                let chosen = self.account(name)?;
                self.choose_person(&person, chosen).await
            }
            Act::Write(place, text) => {
                let channel = self.place(place)?;
                person
                    .send_message(channel, text)
                    .map(|_| Vec::new())
                    .map_err(Halt::Refused)
            }
            Act::Join => Ok(quiet(person.join())),
            Act::Leave => Ok(quiet(person.leave())),
            Act::AcceptRules => Ok(quiet(person.accept_rules())),
            Act::CloseDms(closed) => Ok(quiet(self.discord.admin().set_dms_closed(user, *closed))),
            Act::Role(name, given) => self.role(user, name, *given),
            Act::LookAt(place) => self.place(place).map_err(Halt::Script).map(|channel| {
                if self.discord.read(|world| world.sees(user, channel)) {
                    self.picture().channel_page(channel)
                } else {
                    vec![format!("✗ {who} ne voit pas {place}.")]
                }
            }),
            Act::LookAround => {
                let seen: BTreeSet<Id> = person.visible_channels().iter().map(|channel| channel.id).collect();
                Ok(self.picture().tree(&seen))
            }
            Act::LookAtDms => Ok(self.picture().conversation(user)),
        };
        match done {
            Ok(lines) => Ok(lines),
            Err(Halt::Refused(Refusal::NotOffered(why))) => Ok(vec![format!("✗ Discord ne le permet pas : {why}.")]),
            Err(Halt::Script(DemoError::Impossible(why))) => Ok(vec![format!("✗ {why}.")]),
            Err(Halt::Refused(refusal)) => Err(DemoError::Unanswered(refusal.to_string())),
            Err(Halt::Script(error)) => Err(error),
        }
    }

    fn role(&self, user: Id, name: &str, given: bool) -> Result<Vec<String>, Halt> {
        let found = self.discord.read(|world| world.role_named(name).map(|role| role.id));
        let Some(role) = found else {
            return Err(Halt::Script(DemoError::Impossible(format!(
                "il n’y a pas de rôle « {name} »"
            ))));
        };
        if given {
            self.discord.admin().give_role(user, role);
        } else {
            self.discord.admin().take_role(user, role);
        }
        Ok(Vec::new())
    }

    async fn slash(
        &mut self,
        scenario: &Scenario,
        person: &Person,
        line: &str,
        options: &[(String, String)],
    ) -> Result<Vec<String>, Halt> {
        let mut lines = Vec::new();
        let mut given: Vec<(&str, Value)> = Vec::new();
        let definitions = self.discord.read(|world| definitions(world, line));
        for (name, written) in options {
            let written = self.typed(written);
            let definition = definitions
                .iter()
                .find(|definition| definition["name"] == name.as_str());
            let suggests = definition.is_some_and(|definition| definition["autocomplete"] == true);
            let kind = definition.and_then(|definition| definition["type"].as_u64());
            let value = if suggests {
                let offered = person.autocomplete_with(line, name, &written, &given).await?;
                lines.push(suggestions(name, &offered));
                offered.first().map_or(Value::Text(written), Value::from)
            } else {
                self.option(scenario, kind, &written)?
            };
            given.push((name, value));
        }
        let answer = person.slash(line, &given).await?;
        if line == "invitation" {
            self.codes.extend(code_in(&answer.text()));
        }
        lines.extend(self.received(person, &answer));
        Ok(lines)
    }

    fn option(&self, scenario: &Scenario, kind: Option<u64>, written: &str) -> Result<Value, Halt> {
        Ok(match kind {
            Some(4) => written
                .parse()
                .map_or_else(|_| Value::Text(written.to_owned()), Value::Int),
            Some(5) => Value::Bool(fold(written) == "oui"),
            Some(6) => Value::User(self.account(written.trim_start_matches('@')).map_err(Halt::Script)?),
            Some(11) => {
                let missing = || Halt::Script(DemoError::Impossible(format!("il n’y a pas de fichier {written}")));
                Value::file(written, scenario.file(written).ok_or_else(missing)?)
            }
            _ => Value::Text(written.to_owned()),
        })
    }

    /// Keeps the form or the message that an act led to; shows the form.
    fn received(&mut self, person: &Person, answer: &crate::loopback::Answer) -> Vec<String> {
        if let Some(message) = answer.message_id {
            self.last.insert(person.id(), message);
        }
        if answer.kind == AnswerKind::Modal {
            self.forms.insert(person.id(), answer.modal().clone());
            return page::form(answer.modal());
        }
        Vec::new()
    }

    async fn press(
        &mut self,
        person: &Person,
        label: &str,
        twice: bool,
        under: Option<&str>,
    ) -> Result<Vec<String>, Halt> {
        let bears = |message: &Message| labels_of(message).iter().any(|one| *one == fold(label));
        let message = self
            .on_screen(person, under, bears)
            .ok_or_else(|| missing(&format!("de bouton « {label} »")))?;
        if !twice {
            let answer = person.press(message, label).await?;
            return Ok(self.received(person, &answer));
        }
        let (first, second) = tokio::join!(person.press(message, label), person.press(message, label));
        let mut lines = self.received(person, &first?);
        lines.extend(self.received(person, &second?));
        Ok(lines)
    }

    async fn fill(&mut self, person: &Person, fields: &[(String, String)]) -> Result<Vec<String>, Halt> {
        let Some(form) = self.forms.get(&person.id()).cloned() else {
            return Err(missing("de formulaire"));
        };
        let typed: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| (name.clone(), self.typed(value)))
            .collect();
        let texts: Vec<(&str, &str)> = typed
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let answer = person.submit(&form, &texts).await?;
        Ok(self.received(person, &answer))
    }

    async fn choose(&mut self, person: &Person, labels: &[String]) -> Result<Vec<String>, Halt> {
        let offers = |message: &Message| selects(message).any(|select| offers_all(select, labels));
        let message = self
            .on_screen(person, None, offers)
            .ok_or_else(|| missing(&format!("de choix {labels:?}")))?;
        let found = self.discord.read(|world| {
            let message = world.message(message)?;
            selects(message).find(|select| offers_all(select, labels)).cloned()
        });
        let Some(select) = found else {
            return Err(missing(&format!("de choix {labels:?}")));
        };
        let whole: Vec<String> = labels.iter().filter_map(|label| option_of(&select, label)).collect();
        let chosen: Vec<&str> = whole.iter().map(String::as_str).collect();
        let answer = person
            .select(message, select["custom_id"].as_str().unwrap_or("0"), &chosen)
            .await?;
        Ok(self.received(person, &answer))
    }

    async fn choose_person(&mut self, person: &Person, chosen: Id) -> Result<Vec<String>, Halt> {
        let offers = |message: &Message| selects(message).any(|select| select["type"] == 5 || select["type"] == 7);
        let message = self
            .on_screen(person, None, offers)
            .ok_or_else(|| missing("de choix d’une personne"))?;
        let found = self.discord.read(|world| {
            let message = world.message(message)?;
            selects(message)
                .find(|select| select["type"] == 5 || select["type"] == 7)
                .cloned()
        });
        let which = found
            .as_ref()
            .and_then(|select| select["custom_id"].as_str())
            .unwrap_or("0");
        let answer = person.select_users(message, which, &[chosen]).await?;
        Ok(self.received(person, &answer))
    }

    /// The message that a person means: the one that the last act led to, else the newest that fits.
    fn on_screen(&self, person: &Person, under: Option<&str>, fits: impl Fn(&Message) -> bool) -> Option<Id> {
        let user = person.id();
        let picture = self.picture();
        let reads = |message: &Message| {
            let text = fold(&super::markup::plain(&text_of(message), &picture));
            under.is_none_or(|under| text.contains(&fold(under)))
        };
        self.discord.read(|world| {
            let conversation = world.dm_channel(user).map(|channel| channel.id);
            let visible = |message: &&Message| match message.ephemeral_to {
                Some(only) => only == user,
                None => Some(message.channel_id) == conversation || world.sees(user, message.channel_id),
            };
            let fitting = |message: &&Message| visible(message) && fits(message) && reads(message);
            let last = self.last.get(&user).and_then(|id| world.message(*id)).filter(fitting);
            let lasting = world.messages.values().flat_map(BTreeMap::values);
            let newest = || {
                lasting
                    .chain(world.ephemerals.values())
                    .filter(fitting)
                    .max_by_key(|message| message.id)
            };
            last.or_else(newest).map(|message| message.id)
        })
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

/// Why an act could not be done.
enum Halt {
    /// The client or the bot.
    Refused(Refusal),
    /// The script.
    Script(DemoError),
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn missing(what: &str) -> Halt {
    Halt::Refused(Refusal::NotOffered(format!("il n’y a pas {what} à l’écran")))
}

fn quiet((): ()) -> Vec<String> {
    Vec::new()
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
fn settings(discord: &Loopback, folder: &Folder) -> Result<Settings, DemoError> {
    let mut settings = Settings::load_offline(&|_| None, folder.path()).map_err(|faults| {
        DemoError::Impossible(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })?;
    settings.token = Token::parse(&discord.token());
    settings.api = ApiBase::parse(&discord.base_url());
    settings.tunables.direct_messages.pace = TimeDelta::zero();
    settings.tunables.register.coalesce = TimeDelta::zero();
    Ok(settings)
}

/// The options of a command's leaf, as registered.
fn definitions(world: &crate::loopback::World, line: &str) -> Vec<Json> {
    let mut words = line.split_whitespace();
    let Some(command) = words.next().and_then(|root| world.command_named(root)) else {
        return Vec::new();
    };
    let list = |value: &Json| value["options"].as_array().cloned().unwrap_or_default();
    words.fold(list(&command.definition), |options, word| {
        options
            .iter()
            .find(|option| option["name"] == word)
            .map(list)
            .unwrap_or_default()
    })
}

fn suggestions(name: &str, offered: &[crate::loopback::Choice]) -> String {
    let names: Vec<&str> = offered
        .iter()
        .take(SUGGESTIONS)
        .map(|choice| choice.name.as_str())
        .collect();
    match offered.len() {
        0 => format!("({name} : rien n’est proposé)"),
        n if n > SUGGESTIONS => format!("({name} : {} … et {} autres)", names.join(" · "), n - SUGGESTIONS),
        _ => format!("({name} : {})", names.join(" · ")),
    }
}

/// A one-time code: eight capitals and digits, perhaps parted in the middle, with a digit at least.
fn code_in(text: &str) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .map(str::to_owned)
        .find(|word| {
            let signs = word.chars().filter(|c| *c != '-');
            signs.clone().count() == 8 && signs.clone().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        })
}

fn selects(message: &Message) -> impl Iterator<Item = &Json> {
    let rows = message.components.iter().filter_map(|row| row["components"].as_array());
    rows.flatten()
        .filter(|part| part["type"].as_u64().is_some_and(|kind| (3..=8).contains(&kind)))
}

fn offers_all(select: &Json, labels: &[String]) -> bool {
    labels.iter().all(|label| option_of(select, label).is_some())
}

/// The whole label of an option called by its label or the beginning of it.
fn option_of(select: &Json, wanted: &str) -> Option<String> {
    let labels: Vec<&str> = select["options"]
        .as_array()?
        .iter()
        .filter_map(|option| option["label"].as_str())
        .collect();
    let same = labels.iter().find(|label| fold(label) == fold(wanted));
    let begins = || labels.iter().find(|label| fold(label).starts_with(&fold(wanted)));
    same.or_else(begins).map(|label| (*label).to_owned())
}
