//! Who acts, and what that person may do (product.md §2). Every use case begins here.

use crate::domain::ids::{GroupId, PersonId, RegionCode, UserId};
use crate::error::{Outcome, Refusal, UserError};
use crate::store::groups::Group;
use crate::store::{Tx, authority, groups};
use crate::texts;

/// Whoever presses a button or types a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The account.
    pub user: UserId,
    /// On the bound server: whether it has «Manage Server» there. In a DM that is not known, hence `false`.
    pub manages_server: bool,
}

/// What an actor may do at this instant, read from the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The account.
    pub user: UserId,
    /// National team.
    pub national: bool,
    /// Has «Manage Server» on the bound server.
    pub manages_server: bool,
    /// Referent of these régions.
    pub regions: Vec<RegionCode>,
    /// Relay of these groups.
    pub relays: Vec<GroupId>,
    /// The person linked to the account.
    pub person: Option<PersonId>,
    /// Member of this group.
    pub member_of: Option<GroupId>,
}

/// Reads what an actor may do.
///
/// # Errors
/// When the database fails.
pub async fn of(tx: &mut Tx, actor: Actor) -> Outcome<Authority> {
    let functions = authority::functions(tx, actor.user).await?;
    Ok(Authority {
        user: actor.user,
        national: functions.national || actor.manages_server,
        manages_server: actor.manages_server,
        regions: functions.regions,
        relays: functions.relays,
        person: functions.person,
        member_of: functions.member_of,
    })
}

impl Authority {
    /// Refuses whoever is not of the national team.
    ///
    /// # Errors
    /// «Cette action est réservée à l’équipe nationale.»
    pub fn require_national(&self) -> Outcome<()> {
        if self.national {
            Ok(())
        } else {
            Err(reserved(texts::refusals::NATIONAL))
        }
    }

    /// Refuses whoever may not manage the server: the national role alone does not suffice (product.md §17, §19).
    ///
    /// # Errors
    /// «Cette action est réservée aux personnes qui peuvent gérer ce serveur.»
    pub fn require_manager(&self) -> Outcome<()> {
        if self.manages_server {
            Ok(())
        } else {
            Err(reserved(texts::refusals::SERVER_MANAGERS))
        }
    }

    /// Refuses whoever is relay of no group.
    ///
    /// # Errors
    /// «Cette action est réservée aux relais locaux.»
    pub fn require_relay(&self) -> Outcome<()> {
        if self.relays.is_empty() {
            Err(reserved(texts::refusals::RELAYS))
        } else {
            Ok(())
        }
    }

    /// Refuses whoever is neither referent nor national.
    ///
    /// # Errors
    /// «Cette action est réservée aux référents régionaux et à l’équipe nationale.»
    pub fn require_referent(&self) -> Outcome<()> {
        if self.national || !self.regions.is_empty() {
            Ok(())
        } else {
            Err(reserved(texts::refusals::REFERENTS))
        }
    }

    /// Whether this person acts for that région as a referent may: his own, or any for the national team.
    #[must_use]
    pub fn steers(&self, region: &RegionCode) -> bool {
        self.national || self.regions.contains(region)
    }

    /// Whether this person is relay of that group.
    #[must_use]
    pub fn relays(&self, group: GroupId) -> bool {
        self.relays.contains(&group)
    }

    /// Whether this person reads what the members of that group read: a member, or a relay of it (product.md §19).
    #[must_use]
    pub fn reads(&self, group: GroupId) -> bool {
        self.member_of == Some(group) || self.relays(group)
    }

    /// The group, for a referent of its région or the national team; «introuvable» for everyone else's.
    ///
    /// # Errors
    /// Reserved without the function; not found out of scope or when it does not exist.
    pub async fn steered_group(&self, tx: &mut Tx, id: GroupId) -> Outcome<Group> {
        self.require_referent()?;
        let group = groups::get(tx, id).await?;
        group
            .filter(|group| self.steers(&group.region))
            .ok_or_else(group_not_found)
    }

    /// The group, for one of its relays.
    ///
    /// # Errors
    /// Reserved for whoever relays no group; not found when he relays another.
    pub async fn relayed_group(&self, tx: &mut Tx, id: GroupId) -> Outcome<Group> {
        self.require_relay()?;
        let group = groups::get(tx, id).await?;
        group.filter(|group| self.relays(group.id)).ok_or_else(group_not_found)
    }
}

/// «Cette action est réservée à …».
pub fn reserved(to: &str) -> crate::error::Failure {
    UserError::new(Refusal::Reserved, texts::refusals::reserved(to)).into()
}

/// «Ce groupe est introuvable», the same words out of scope and when it does not exist.
#[must_use]
pub fn group_not_found() -> crate::error::Failure {
    UserError::new(Refusal::NotFound, texts::refusals::group_not_found()).into()
}
