//! The settings that the long texts tell: numbers of the ladder, rules of votes, durations, links.

use chrono::NaiveDate;

use super::sections::Tunables;
use crate::texts::dates;
use crate::texts::markdown::{number, percent};
use crate::texts::templates::{PitchFacts, PrivacyFacts, StatutesFacts, StrategyFacts, contact};

impl Tunables {
    /// What the privacy notice tells.
    #[must_use]
    pub fn privacy_facts(&self) -> PrivacyFacts {
        PrivacyFacts {
            controller: self.data.controller.clone(),
            contact: contact(self.data.contact.as_deref()),
            signups_months: self.data.signups_months.to_string(),
            refusals_months: self.data.refusals_months.to_string(),
            leavers_months: self.data.leavers_months.to_string(),
        }
    }

    /// What the generic statutes tell to a group that became an assembly on `date`.
    #[must_use]
    pub fn statutes_facts(&self, group: &str, basin: &str, date: NaiveDate) -> StatutesFacts {
        StatutesFacts {
            group: group.to_owned(),
            basin: basin.to_owned(),
            date: dates::day(date),
            vote_days: self.votes.duration.num_days().to_string(),
            quorum: percent(self.votes.quorum_percent),
            majority: percent(self.votes.majority_percent),
            contest_days: self.votes.contest.num_days().to_string(),
        }
    }

    /// What the strategy tells.
    #[must_use]
    pub fn strategy_facts(&self) -> StrategyFacts {
        StrategyFacts {
            possible: self.ladder.possible.to_string(),
            forming: self.ladder.forming.to_string(),
            assembly: self.ladder.assembly.to_string(),
            first_subject: self.ladder.first_subject.to_string(),
            other_subjects: self.ladder.other_subjects.to_string(),
            goal: number(self.reports.signups_goal.into()),
            signup_link: self.links.signup.clone(),
            discord_link: self.links.discord.clone(),
        }
    }

    /// What the recruiting text tells.
    #[must_use]
    pub fn pitch_facts(&self) -> PitchFacts {
        PitchFacts {
            goal: number(self.reports.signups_goal.into()),
            signup_link: self.links.signup.clone(),
            discord_link: self.links.discord.clone(),
        }
    }
}
