//! The script language: what stands in `tests/scenarios/*.txt`, read line by line.
//!
//! One file is script and expected transcript in one. A line at the margin is an act or a remark; an indented line goes on
//! with the line above; a line that starts with `│` is what people saw when the act was played. The grammar, by example:
//!
//! ```text
//! # A remark for whoever reads the file.
//! == A title ==                          > A sentence of the storyteller.
//! Nous sommes le 01/03/2027 18:00
//! personne Camille (@camille.d), équipe nationale
//! fichier site.csv                       (its lines follow, indented)
//! Camille tape /valider inscrit:anouk membre:@Noé note:« sonne occupé »
//! Camille remplit telephone="06 39 98 12 34"        (or one field a line, indented: telephone : 06…)
//! Camille valide de même prenom=Lila …   (de /valider à [Confirmer] ; seule la fin est racontée)
//! Camille appuie sur [Confirmer]         … deux fois sur [Confirmer]   … sur [Valider] sous « Anouk L. »
//! Camille choisit « Lunel »              … choisit @Noé
//! Camille écrit dans #discussion : Bonjour
//! Camille regarde #registre              … regarde ses salons   … regarde ses messages privés
//! Noé rejoint le serveur                 … quitte le serveur
//! Noé arrive devant le règlement         … accepte le règlement
//! Noé ferme ses messages privés          … rouvre ses messages privés
//! Noé reçoit le rôle « MCP national »    … perd le rôle « MCP national »   (d’une main humaine)
//! Le temps avance de 2 jours
//! Qui voit #registre ?
//! Discord retient sa réponse à la 2e création de salon
//! Le programme s’arrête net              Le programme redémarre
//! Discord tombe en panne                 Discord revient
//! ```

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::grammar;

/// The sign at the head of each line of the transcript.
pub const SEEN: char = '│';

/// A scenario that has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Everything in it, in order.
    pub items: Vec<Item>,
}

/// One act or remark, with the transcript below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The number of its first line, from 1.
    pub line: usize,
    /// Its lines as they were written, without the transcript.
    pub source: Vec<String>,
    /// What it means.
    pub kind: Kind,
    /// What people saw, as the file tells it: without the sign and the space at the head of each line.
    pub expected: Vec<String>,
}

/// What an item means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A blank line.
    Blank,
    /// A remark for whoever reads the file.
    Remark,
    /// A title or a sentence of the storyteller, which belongs to the transcript.
    Story,
    /// Somebody with an account.
    Person(Cast),
    /// A file that people attach.
    File {
        /// Its name.
        name: String,
        /// Its text.
        content: String,
    },
    /// Something happens.
    Step(Step),
}

/// Somebody with an account, as the scenario begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    /// The display name, by which the script calls this person.
    pub name: String,
    /// The unique name of the account.
    pub username: String,
    /// What is special about the account.
    pub traits: Vec<Trait>,
}

/// What is special about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trait {
    /// Holds the national role.
    National,
    /// Has the permission *Manage Server*.
    ManagesServer,
    /// Is not on the server yet.
    Outside,
    /// Has not passed membership screening yet.
    Pending,
    /// Refuses direct messages.
    ClosedDms,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is that instant; the first one is the beginning of the story.
    At(DateTime<Utc>),
    /// Time goes by.
    Advance(TimeDelta),
    /// Somebody does something.
    Act(String, Act),
    /// Who of the cast sees a channel.
    WhoSees(Place),
    /// Discord does what is asked at the n-th creation of a channel from now, and keeps its answer to itself.
    HoldCreation(usize),
    /// The program dies, as by `kill -9`.
    Kill,
    /// The program starts again.
    Restart,
    /// Discord refuses every connection.
    Outage,
    /// Discord is back.
    Back,
}

/// What a person does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Types a slash command, without its slash, and fills its options in.
    Slash(String, Vec<(String, String)>),
    /// Writes a message.
    Write(Place, String),
    /// Presses a button.
    Press {
        /// Its label.
        label: String,
        /// Twice in the same instant.
        twice: bool,
        /// Something that stands in the message, when the label alone would not tell which one is meant.
        under: Option<String>,
    },
    /// Sends the form on the screen, after changing these fields.
    Fill(Vec<(String, String)>),
    /// Validates a participation from `/valider` to «Confirmer», with these fields; only the end is told.
    Validate(Vec<(String, String)>),
    /// Chooses options in a select, by label.
    Choose(Vec<String>),
    /// Chooses an account in a select of members.
    ChoosePerson(String),
    /// Joins the server.
    Join,
    /// Joins the server, whose rules are still to be accepted.
    JoinPending,
    /// Leaves the server.
    Leave,
    /// Passes membership screening.
    AcceptRules,
    /// Refuses direct messages from now on, or accepts them again.
    CloseDms(bool),
    /// Is given a role by hand, or loses it.
    Role(String, bool),
    /// Reads a channel: what is pinned, and the messages.
    LookAt(Place),
    /// Reads the list of channels.
    LookAround,
    /// Reads the direct conversation with the bot.
    LookAtDms,
}

/// A channel, called by its name, and by part of its category's when several bear it: `#Lunel/registre`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Part of the category's name; empty when any will do.
    pub category: String,
    /// The channel's name.
    pub name: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.category.is_empty() {
            write!(f, "#{}", self.name)
        } else {
            write!(f, "#{}/{}", self.category, self.name)
        }
    }
}

/// A line that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptFault {
    /// Its number, from 1.
    pub line: usize,
    /// Why, in French.
    pub why: String,
}

impl fmt::Display for ScriptFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ligne {} : {}", self.line, self.why)
    }
}

impl std::error::Error for ScriptFault {}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// Names the first line that could not be understood.
    pub fn parse(text: &str) -> Result<Self, ScriptFault> {
        let mut items: Vec<Item> = Vec::new();
        let mut people: Vec<String> = Vec::new();
        for raw in grammar::group(text)? {
            let first = raw.source[0].as_str();
            let rest = &raw.source[1..];
            let kind = grammar::read(first, rest, &people).map_err(|why| ScriptFault { line: raw.line, why })?;
            if let Kind::Person(cast) = &kind {
                people.push(cast.name.clone());
            }
            items.push(Item {
                line: raw.line,
                source: raw.source,
                kind,
                expected: raw.expected,
            });
        }
        Ok(Self { items })
    }

    /// The cast, in the order of the file.
    pub fn people(&self) -> impl Iterator<Item = &Cast> {
        self.items.iter().filter_map(|item| match &item.kind {
            Kind::Person(cast) => Some(cast),
            _ => None,
        })
    }

    /// The text of a file that people attach.
    #[must_use]
    pub fn file(&self, wanted: &str) -> Option<&str> {
        self.items.iter().find_map(|item| match &item.kind {
            Kind::File { name, content } if name == wanted => Some(content.as_str()),
            _ => None,
        })
    }

    /// The whole file again, with `blocks` (one for each item) as transcript.
    #[must_use]
    pub fn with_transcript(&self, blocks: &[Vec<String>]) -> String {
        let mut out = String::new();
        for (item, block) in self.items.iter().zip(blocks) {
            for line in &item.source {
                out.push_str(line);
                out.push('\n');
            }
            out.push_str(&block_text(block));
        }
        out
    }
}

/// A block of the transcript as it stands in a file.
#[must_use]
pub fn block_text(block: &[String]) -> String {
    let mut out = String::new();
    for line in block {
        out.push(SEEN);
        if !line.is_empty() {
            out.push(' ');
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}
