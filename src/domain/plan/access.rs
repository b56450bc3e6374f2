//! The decisions about who holds a role of ours.

use super::planner::{Place, Planner};
use super::{Act, Step};
use crate::domain::bindings::Key;
use crate::domain::desired::RoleSpec;
use crate::domain::ids::{RoleId, UserId};
use crate::domain::notice::PutBack;

impl Planner<'_> {
    /// Gives the role to those who should hold it and takes it from the others. A role given is recorded: so we know what
    /// was taken or given by hand, and what only ended.
    pub(super) fn access(&mut self, spec: &RoleSpec, place: Place, key_of: impl Fn(UserId) -> Key) {
        let role = match place {
            Place::Blocked => return,
            Place::Here(id) => Some(RoleId(id)),
            Place::Coming => None,
        };
        let holders = role
            .and_then(|role| self.holders.get(&role))
            .cloned()
            .unwrap_or_default();
        for user in spec.holders.iter().copied() {
            let Some(member) = self.observed.members.get(&user) else {
                continue;
            };
            let key = key_of(user);
            let given = self
                .bindings
                .get(&key)
                .filter(|row| row.id.is_some() && row.id == role.map(|role| role.0));
            match (holders.contains(&user), role) {
                (true, Some(role)) => {
                    if given.is_none() {
                        self.push(Step {
                            key,
                            act: Act::Adopt {
                                id: role.0,
                                channel: None,
                                pinned: false,
                            },
                            report: None,
                        });
                    }
                }
                _ => {
                    // Whoever joined again since lost the role by leaving, not by anybody's hand.
                    let taken = given.is_some_and(|row| member.joined_at <= row.bound_at);
                    let report = taken.then_some(PutBack::Access);
                    self.push(Step {
                        key,
                        act: Act::Grant { role: spec.key, user },
                        report,
                    });
                }
            }
        }
        let Some(role) = role else { return };
        for user in holders.difference(&spec.holders).copied() {
            let key = key_of(user);
            let report = (!self.bindings.contains_key(&key)).then_some(PutBack::Access);
            self.push(Step {
                key,
                act: Act::Revoke { role, user },
                report,
            });
        }
        let given: Vec<(Key, UserId)> = self
            .bindings
            .range(key_of(UserId(0))..=key_of(UserId(u64::MAX)))
            .filter_map(|(key, _)| match key {
                Key::Access(_, user) | Key::DutyHeld(_, user) => Some((*key, *user)),
                _ => None,
            })
            .collect();
        for (key, user) in given {
            let wanted = spec.holders.contains(&user) && self.observed.members.contains_key(&user);
            if !wanted && !holders.contains(&user) {
                self.push(Step {
                    key,
                    act: Act::Forget,
                    report: None,
                });
            }
        }
    }
}
