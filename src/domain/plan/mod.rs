//! From what should exist, what exists and what is recorded, to the fewest steps that close the difference.
//!
//! The planner is pure and takes every decision; the executor takes none. A plan can be printed, compared and found empty:
//! planning a converged server gives no step at all. Steps name objects by key, so that a whole space can be planned before
//! its role exists; ids come in when a step is applied, and a step whose objects failed is not reached.
//!
//! ```text
//! plan(desired, observed, bindings, setbacks) -> Plan      decides
//! ledger::intention(step)                     -> Binding   what is stored before the call
//! discord::apply(step)                        -> Made      one call
//! ledger::settled(step, made)                 -> Change    what is stored after it
//! ```

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::bindings::{Bindings, Key, Setbacks};
use super::desired::{ChannelSpec, Desired, Post, Target};
use super::ids::{ChannelId, GroupId, MessageId, RoleId, UserId};
use super::notice::PutBack;
use super::observed::{Bits, ChannelKind, Observed, Overwrites, Subject};
use super::snapshot::HashKey;

mod access;
#[cfg(test)]
mod history_tests;
pub mod ledger;
mod messages;
#[cfg(test)]
mod place_tests;
mod planner;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod world_tests;

/// The delays that the planner keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The least time between two edits of one page of a register (product.md §8).
    pub coalesce: TimeDelta,
    /// The least time between two changes of a channel's name or topic: Discord allows two in ten minutes.
    pub rename: TimeDelta,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            coalesce: TimeDelta::seconds(10),
            rename: TimeDelta::minutes(5),
        }
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Makes a role without permissions.
    CreateRole {
        /// Its name.
        name: String,
    },
    /// Makes the role of the national team, without permissions.
    CreateNational {
        /// Its name.
        name: String,
        /// The number of the `/installer` that wants it.
        wish: i64,
    },
    /// Gives a role its name, and takes its permissions away.
    EditRole {
        /// The role.
        role: RoleId,
        /// Its name.
        name: String,
    },
    /// Makes a category or a text channel, private from the first instant.
    CreateChannel {
        /// All of it.
        spec: ChannelSpec,
    },
    /// Changes what differs of a category or a channel.
    EditChannel {
        /// The channel.
        channel: ChannelId,
        /// What it should be.
        spec: ChannelSpec,
        /// What is sent.
        edit: ChannelEdit,
    },
    /// Gives a role.
    Grant {
        /// The role.
        role: Key,
        /// To whom.
        user: UserId,
    },
    /// Takes a role away.
    Revoke {
        /// The role.
        role: RoleId,
        /// From whom.
        user: UserId,
    },
    /// Posts a message.
    Post {
        /// The message.
        post: Post,
    },
    /// Edits a message.
    Edit {
        /// Where it lies.
        channel: ChannelId,
        /// Which.
        message: MessageId,
        /// What it should be.
        post: Post,
    },
    /// Pins the message of this key.
    Pin,
    /// Deletes a message of ours and forgets it.
    Delete {
        /// Where it lies.
        channel: ChannelId,
        /// Which.
        message: MessageId,
    },
    /// Deletes a message that no binding names: a pin notice, or a stray copy.
    Sweep {
        /// Where it lies.
        channel: ChannelId,
        /// Which.
        message: MessageId,
    },
    /// Records an object that is there already. No call.
    Adopt {
        /// Its id.
        id: u64,
        /// Where it lies, for a message.
        channel: Option<ChannelId>,
        /// Whether it is pinned.
        pinned: bool,
    },
    /// Records that an object is as it should be. No call.
    Remember {
        /// What was found.
        found: Found,
    },
    /// Forgets an object that is gone and not wanted any more. No call.
    Forget,
}

/// What was found as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A role of this name.
    Role(String),
    /// The role of the national team, at the `/installer` of this number.
    National(i64),
    /// A channel.
    Channel(ChannelSpec),
    /// A pinned message.
    Pinned,
}

/// What is sent to change a channel: only the fields that differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelEdit {
    /// The name.
    pub name: Option<String>,
    /// The topic.
    pub topic: Option<String>,
    /// The category.
    pub parent: Option<Key>,
    /// The complete overwrites.
    pub overwrites: Option<Vec<(Target, Bits)>>,
    /// Whether something that differs has to wait (renames are limited).
    pub partial: bool,
}

impl ChannelEdit {
    fn is_empty(&self) -> bool {
        let ChannelEdit {
            name,
            topic,
            parent,
            overwrites,
            partial: _,
        } = self;
        name.is_none() && topic.is_none() && parent.is_none() && overwrites.is_none()
    }

    /// Whether it counts against the limit of renames.
    #[must_use]
    pub fn renames(&self) -> bool {
        self.name.is_some() || self.topic.is_some()
    }
}

/// One step: at most one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The object.
    pub key: Key,
    /// What is done.
    pub act: Act,
    /// What the national team is told was put back (product.md §7), when someone had changed it by hand.
    pub report: Option<PutBack>,
}

impl Step {
    /// Whether the step calls Discord.
    #[must_use]
    pub fn calls(&self) -> bool {
        match self.act {
            Act::CreateRole { .. }
            | Act::CreateNational { .. }
            | Act::EditRole { .. }
            | Act::CreateChannel { .. }
            | Act::EditChannel { .. }
            | Act::Grant { .. }
            | Act::Revoke { .. }
            | Act::Post { .. }
            | Act::Edit { .. }
            | Act::Pin
            | Act::Delete { .. }
            | Act::Sweep { .. } => true,
            Act::Adopt { .. } | Act::Remember { .. } | Act::Forget => false,
        }
    }

    /// The name under which a failure of this step is kept.
    #[must_use]
    pub fn subject(&self) -> String {
        let key = self.key;
        match &self.act {
            Act::Pin => format!("{key}:pin"),
            Act::Sweep { message, .. } => format!("{key}:sweep:{message}"),
            Act::EditChannel { edit, .. } if !edit.renames() => format!("{key}:overwrites"),
            _ => key.to_string(),
        }
    }

    /// The hash of what the step sends or finds, to be recorded; `None` when it sends nothing that is compared later.
    #[must_use]
    pub fn hash(&self, ids: impl Fn(Key) -> Option<u64>, key: &HashKey) -> Option<String> {
        match &self.act {
            Act::CreateRole { name }
            | Act::EditRole { name, .. }
            | Act::Remember {
                found: Found::Role(name),
            } => Some(key.hash(name)),
            Act::CreateNational { wish, .. }
            | Act::Remember {
                found: Found::National(wish),
            } => Some(national_hash(*wish, key)),
            Act::EditChannel { edit, .. } if edit.partial => None,
            Act::CreateChannel { spec }
            | Act::EditChannel { spec, .. }
            | Act::Remember {
                found: Found::Channel(spec),
            } => channel_hash(spec, ids, key),
            Act::Post { post } | Act::Edit { post, .. } => Some(post.hash(key)),
            Act::Grant { .. }
            | Act::Revoke { .. }
            | Act::Pin
            | Act::Delete { .. }
            | Act::Sweep { .. }
            | Act::Adopt { .. }
            | Act::Remember { found: Found::Pinned }
            | Act::Forget => None,
        }
    }

    /// The hash of what a creating call asks for, stored with the intention: by it the object is known again, even when
    /// something else is wanted by then, or a role that it names is no more. The same as [`Step::hash`] but for channels.
    #[must_use]
    pub fn asked(&self, ids: impl Fn(Key) -> Option<u64>, key: &HashKey) -> Option<String> {
        let Act::CreateChannel { spec } = &self.act else {
            return self.hash(ids, key);
        };
        let mut overwrites = Overwrites::new();
        let mut own = Vec::new();
        for (target, bits) in &spec.overwrites {
            match target {
                Target::Role(role) => drop(overwrites.insert(Subject::Role(*role), *bits)),
                Target::Member(user) => drop(overwrites.insert(Subject::Member(*user), *bits)),
                Target::Bound(_) => own.push(*bits),
            }
        }
        Some(asked_hash(&spec.name, &overwrites, &own, key))
    }
}

/// The hash of a channel as it is asked for: its name, the overwrites that name others, and those of our own roles, whose ids
/// may change.
fn asked_hash(name: &str, overwrites: &Overwrites, own: &[Bits], key: &HashKey) -> String {
    let mut text = format!("{name}\n");
    for (subject, Bits { allow, deny }) in overwrites {
        let subject = match subject {
            Subject::Role(role) => format!("role {role}"),
            Subject::Member(user) => format!("member {user}"),
        };
        text.push_str(&format!("{subject} {allow} {deny}\n"));
    }
    for Bits { allow, deny } in own {
        text.push_str(&format!("own {allow} {deny}\n"));
    }
    key.hash(&text)
}

/// What is recorded of the national team's role: for which `/installer` it was there.
fn national_hash(wish: i64, key: &HashKey) -> String {
    key.hash(&format!("/installer {wish}"))
}

/// The hash of a channel with the ids of the objects that it names; `None` while one does not exist.
fn channel_hash(spec: &ChannelSpec, ids: impl Fn(Key) -> Option<u64>, key: &HashKey) -> Option<String> {
    let ChannelSpec {
        key: _,
        kind: _,
        name,
        topic,
        parent,
        overwrites,
    } = spec;
    let parent = match parent {
        Some(parent) => Some(ids(*parent)?),
        None => None,
    };
    let mut text = format!("{name}\n{topic}\n{parent:?}\n");
    for (target, Bits { allow, deny }) in overwrites {
        let target = match target {
            Target::Role(role) => format!("role {role}"),
            Target::Bound(key) => format!("role {}", ids(*key)?),
            Target::Member(user) => format!("member {user}"),
        };
        text.push_str(&format!("{target} {allow} {deny}\n"));
    }
    Some(key.hash(&text))
}

impl fmt::Display for Step {
    /// One line, without any name: a plan may be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key;
        match &self.act {
            Act::CreateRole { .. } | Act::CreateNational { .. } => write!(f, "create {key}"),
            Act::CreateChannel { spec } => {
                let kind = if spec.kind == ChannelKind::Category {
                    "category"
                } else {
                    "channel"
                };
                write!(f, "create {kind} {key}")
            }
            Act::EditRole { role, .. } => write!(f, "edit {key} ({role})"),
            Act::EditChannel { channel, edit, .. } => {
                let ChannelEdit {
                    name,
                    topic,
                    parent,
                    overwrites,
                    partial: _,
                } = edit;
                let fields = [
                    (name.is_some(), "name"),
                    (topic.is_some(), "topic"),
                    (parent.is_some(), "parent"),
                    (overwrites.is_some(), "overwrites"),
                ];
                let fields: Vec<&str> = fields
                    .iter()
                    .filter(|(changed, _)| *changed)
                    .map(|(_, name)| *name)
                    .collect();
                write!(f, "edit {key} ({channel}): {}", fields.join(", "))
            }
            Act::Grant { role, user } => write!(f, "grant {role} to {user}"),
            Act::Revoke { role, user } => write!(f, "revoke {role} from {user}"),
            Act::Post { .. } => write!(f, "post {key}"),
            Act::Edit { message, .. } => write!(f, "edit {key} ({message})"),
            Act::Pin => write!(f, "pin {key}"),
            Act::Delete { message, .. } => write!(f, "delete {key} ({message})"),
            Act::Sweep { message, .. } => write!(f, "sweep {message} from {key}"),
            Act::Adopt { id, .. } => write!(f, "adopt {key} ({id})"),
            Act::Remember { .. } => write!(f, "remember {key}"),
            Act::Forget => write!(f, "forget {key}"),
        }?;
        match self.report {
            Some(what) => write!(f, " [put back: {what:?}]"),
            None => Ok(()),
        }
    }
}

/// What is to be done now, and when to look again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps, in the order in which they are applied.
    pub steps: Vec<Step>,
    /// When something that waits may be done.
    pub wake: Option<DateTime<Utc>>,
    /// The subjects of what was wanted but waits for its setback to end.
    pub held: BTreeSet<String>,
    /// The groups for whose space Discord has no room, in the order of the queue.
    pub waiting: Vec<GroupId>,
    /// Channels to list before anything is decided about their messages.
    pub look: BTreeSet<ChannelId>,
    /// How full the tightest of Discord's limits is, in percent.
    pub fullness: u8,
}

impl Plan {
    /// Whether there is nothing to do now.
    #[must_use]
    pub fn is_noop(&self) -> bool {
        self.steps.is_empty() && self.look.is_empty()
    }

    /// How many calls the plan makes.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.steps.iter().filter(|step| step.calls()).count()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        Ok(())
    }
}

/// The subject under which a group without room waits.
#[must_use]
pub fn queue_subject(group: GroupId) -> String {
    format!("group:{group}:space")
}

/// The group that [`queue_subject`] names.
#[must_use]
pub fn queue_group(subject: &str) -> Option<GroupId> {
    let group = subject.strip_prefix("group:")?.strip_suffix(":space")?;
    group.parse().ok()
}

/// Whether a setback of this subject is the planner's to keep and to clear.
#[must_use]
pub fn is_own_subject(subject: &str) -> bool {
    let words: Vec<&str> = subject.split(':').collect();
    let rest = match words.as_slice() {
        ["group", _, "space"] => return true,
        [rest @ .., "pin" | "overwrites"] | [rest @ .., "sweep", _] => rest.join(":"),
        _ => subject.to_owned(),
    };
    rest.parse::<Key>().is_ok()
}

/// Plans.
#[must_use]
pub fn plan(
    desired: &Desired,
    observed: &Observed,
    bindings: &Bindings,
    setbacks: &Setbacks,
    pace: &Pace,
    now: DateTime<Utc>,
) -> Plan {
    planner::Planner::new(desired, observed, bindings, setbacks, pace, now).run()
}
