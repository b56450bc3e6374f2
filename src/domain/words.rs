//! What the spaces say, as the domain asks for it. The wording itself is French and lives in `texts`, above this room: the
//! planner decides which page or announcement exists without knowing how it reads.

use chrono::{DateTime, Utc};

use super::bindings::{Duty, Room};
use super::ids::{ChannelId, RoleId};
use super::ladder::{Stage, Step, Thresholds};
use super::snapshot::{ArticleFacts, GroupFacts, MemberFacts};

/// What an announcement says of a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Occasion {
    /// The group's name.
    pub group: String,
    /// The step reached.
    pub step: Step,
    /// Its validated members, now.
    pub members: u32,
    /// The next step that members open, with its number.
    pub next: Option<(Step, u32)>,
    /// The entry links.
    pub links: Links,
}

/// The two links that let people in (product.md §10).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Links {
    /// The sign-up page of the movement's website.
    pub signup: String,
    /// The invitation to the movement's server.
    pub discord: String,
}

/// Where an announcement sends its readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// Whom it calls.
    pub role: RoleId,
    /// The register.
    pub register: ChannelId,
    /// The documents.
    pub documents: ChannelId,
}

/// The wording of the spaces. Names that people typed come out escaped; lengths are those that Discord takes.
pub trait Words: Sync {
    /// The name of a group's role.
    fn role(&self, group: &str) -> String;
    /// The name of the role of a function.
    fn duty(&self, duty: Duty) -> String;
    /// The name of a group's category.
    fn category(&self, group: &str, stage: Stage) -> String;
    /// The topic of a room, which ends with `marker`.
    fn topic(&self, room: Room, marker: &str) -> String;
    /// The announcement of a step in the space; its last line ends with `marker`.
    fn announcement(&self, occasion: &Occasion, places: Places, marker: &str) -> String;
    /// The head of the first page of a register.
    fn register_header(&self, group: &GroupFacts, thresholds: &Thresholds) -> String;
    /// The head of its next pages.
    fn register_next_header(&self, group: &GroupFacts) -> String;
    /// The line of a member.
    fn register_line(&self, member: &MemberFacts) -> String;
    /// What stands for the lines when there is no member.
    fn register_nobody(&self) -> String;
    /// The last line of a page, which ends with `marker`.
    fn register_footer(&self, updated: DateTime<Utc>, page: u32, pages: u32, marker: &str) -> String;
    /// The label of the button under the register.
    fn coordinates(&self) -> String;
    /// The title, text and footer of an article; the footer ends with `marker`.
    fn article(&self, article: &ArticleFacts, marker: &str) -> (String, String, String);
}
