//! What the bot asked, so that tests can count it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::snowflake::Id;

/// One request to the REST interface.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its number, from 1.
    pub number: usize,
    /// When it came, by the world's clock.
    pub at: DateTime<Utc>,
    /// GET, POST, PUT, PATCH or DELETE.
    pub method: String,
    /// The route, with names for its parameters: «/channels/{channel}/messages».
    pub template: String,
    /// The path as asked, without the version and without interaction tokens.
    pub path: String,
    /// The identifiers in the path.
    pub ids: Vec<Id>,
    /// The JSON body, Null when there is none; files are not kept here.
    pub body: Value,
    /// Names of the uploaded files.
    pub files: Vec<String>,
    /// The reason for the audit log.
    pub reason: Option<String>,
    /// The status answered; 0 when the connection was broken instead.
    pub status: u16,
    /// Discord's JSON code of a refusal.
    pub code: Option<u32>,
    /// The identifier of what was created.
    pub created: Option<Id>,
    /// Whether the request took effect (a fault may hide that from the bot).
    pub done: bool,
}

impl Call {
    /// Whether it could change something.
    #[must_use]
    pub fn is_mutating(&self) -> bool {
        self.method != "GET"
    }

    /// Whether it answers an interaction, which Discord counts apart.
    #[must_use]
    pub fn is_interaction_answer(&self) -> bool {
        self.template.starts_with("/interactions/") || self.template.starts_with("/webhooks/")
    }

    /// Whether it concerns one of `ids`: in its path, as the parent of a new channel, or by creating it.
    #[must_use]
    pub fn touches(&self, ids: &[Id]) -> bool {
        let parent = self.body["parent_id"].as_str().and_then(|id| id.parse().ok());
        self.ids
            .iter()
            .copied()
            .chain(self.created)
            .chain(parent)
            .any(|id| ids.contains(&id))
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {} {} → {}", self.number, self.method, self.path, self.status)?;
        if let Some(code) = self.code {
            write!(f, " ({code})")?;
        }
        Ok(())
    }
}

/// A list of requests that can be narrowed.
#[derive(Clone, Debug)]
pub struct Calls(pub Vec<Call>);

impl Calls {
    /// Those that could change something, answers to interactions left out.
    #[must_use]
    pub fn mutating(self) -> Self {
        self.only(|c| c.is_mutating() && !c.is_interaction_answer())
    }

    /// The mutating ones that product.md §7 counts for a space: give its role, its category and its channels.
    #[must_use]
    pub fn mutating_in_space(self, ids: &[Id]) -> Self {
        self.mutating().only(|c| c.touches(ids))
    }

    /// Those of one method and route template.
    #[must_use]
    pub fn route(self, method: &str, template: &str) -> Self {
        self.only(|c| c.method == method && c.template == template)
    }

    /// Those that were refused or broken.
    #[must_use]
    pub fn failed(self) -> Self {
        self.only(|c| !(200..300).contains(&c.status))
    }

    /// Those that took effect.
    #[must_use]
    pub fn done(self) -> Self {
        self.only(|c| c.done)
    }

    /// Those after the call of that number.
    #[must_use]
    pub fn after(self, number: usize) -> Self {
        self.only(|c| c.number > number)
    }

    /// Those for which `keep` is true.
    #[must_use]
    pub fn only(mut self, keep: impl Fn(&Call) -> bool) -> Self {
        self.0.retain(|c| keep(c));
        self
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|call| writeln!(f, "{call}"))
    }
}

/// Something that no bot should ever ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The method and route, or path when the route is unknown.
    pub route: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.route, self.what)
    }
}
