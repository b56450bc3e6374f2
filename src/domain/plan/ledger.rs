//! What is recorded around a call: the intention before it, the outcome after it. Pure, so that the simulation of crashes and
//! the real executor keep the same books.

use chrono::{DateTime, Utc};

use super::{Act, Found, Step};
use crate::domain::bindings::{Binding, nonce};
use crate::domain::ids::ChannelId;

/// What a call made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// An object with this id.
    Object(u64),
    /// Nothing that has an id of its own.
    Nothing,
}

/// What changes in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The row of the key becomes this.
    Put(Binding),
    /// The row of the key goes.
    Remove,
    /// Nothing.
    Keep,
}

/// What is stored before the call of `step`; `None` when the call can be repeated without harm. `channel` is where a message
/// is going to lie, `asked` what the step asks for ([`Step::asked`]).
///
/// An intention that was never fulfilled keeps its age and its nonce: by them the object is found, if it was made after all.
#[must_use]
pub fn intention(
    step: &Step,
    current: Option<&Binding>,
    channel: Option<ChannelId>,
    asked: Option<String>,
    now: DateTime<Utc>,
) -> Option<Binding> {
    let nonce = match &step.act {
        Act::CreateRole { .. } | Act::CreateNational { .. } | Act::CreateChannel { .. } => None,
        Act::Post { .. } => Some(nonce(step.key, now)),
        _ => return None,
    };
    let kept = current
        .filter(|binding| binding.id.is_none() && binding.channel == channel)
        .cloned();
    let intention = kept.unwrap_or_else(|| Binding::intention(channel, nonce, now));
    Some(Binding {
        hash: asked,
        ..intention
    })
}

/// What is stored after the call of `step`.
#[must_use]
pub fn settled(step: &Step, current: Option<&Binding>, made: Made, hash: Option<String>, now: DateTime<Utc>) -> Change {
    let binding = || current.cloned().unwrap_or_else(|| Binding::intention(None, None, now));
    match (&step.act, made) {
        (
            Act::CreateRole { .. } | Act::CreateNational { .. } | Act::CreateChannel { .. } | Act::Post { .. },
            Made::Object(id),
        ) => Change::Put(Binding {
            id: Some(id),
            hash,
            bound_at: Some(now),
            ..binding()
        }),
        (
            Act::CreateRole { .. } | Act::CreateNational { .. } | Act::CreateChannel { .. } | Act::Post { .. },
            Made::Nothing,
        ) => Change::Keep,
        (Act::EditRole { .. }, _) => Change::Put(Binding { hash, ..binding() }),
        (Act::EditChannel { edit, .. }, _) => {
            let binding = binding();
            let edited_at = if edit.renames() { Some(now) } else { binding.edited_at };
            Change::Put(Binding {
                hash,
                edited_at,
                ..binding
            })
        }
        (Act::Grant { .. }, Made::Object(role)) => Change::Put(Binding {
            id: Some(role),
            bound_at: Some(now),
            ..Binding::intention(None, None, now)
        }),
        (Act::Grant { .. }, Made::Nothing) => Change::Keep,
        (Act::Edit { .. }, _) => Change::Put(Binding {
            hash,
            edited_at: Some(now),
            ..binding()
        }),
        (Act::Pin, _) => Change::Put(Binding {
            pinned: true,
            ..binding()
        }),
        (Act::Adopt { id, channel, pinned }, _) => Change::Put(Binding {
            id: Some(*id),
            channel: *channel,
            pinned: *pinned,
            bound_at: Some(now),
            ..binding()
        }),
        (Act::Remember { found }, _) => match found {
            Found::Role(_) | Found::National(_) | Found::Channel(_) => Change::Put(Binding { hash, ..binding() }),
            Found::Pinned => Change::Put(Binding {
                pinned: true,
                ..binding()
            }),
        },
        (Act::Revoke { .. } | Act::Delete { .. } | Act::Forget, _) => Change::Remove,
        (Act::Sweep { .. }, _) => Change::Keep,
    }
}
