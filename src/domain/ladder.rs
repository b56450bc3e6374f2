//! The ladder of a group: five steps, what opens them, and the one function that decides (product.md §3).
//!
//! Nothing here counts: the store counts rows, this module compares. A step is only ever added; falling under its
//! threshold is a remark on it, never a removal.

use serde::{Deserialize, Serialize};

/// One step of the ladder, in the order in which a group climbs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// «Groupe possible»: enough people signed up in the territory, or a declaration by the national team.
    Possible,
    /// «Groupe en formation»: enough validated members; the group gets its reserved space.
    Forming,
    /// «ACP»: the group gets the generic statutes.
    Assembly,
    /// The right to publish its procedure of RIC constituant (works, subject 1).
    PublishRic,
    /// The right to publish on the two other questions (works, subjects 2 and 3).
    PublishWorks,
}

impl Step {
    /// Every step, lowest first.
    pub const ALL: [Step; 5] = [
        Step::Possible,
        Step::Forming,
        Step::Assembly,
        Step::PublishRic,
        Step::PublishWorks,
    ];

    /// The stable name written in the database and in logs.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Step::Possible => "possible",
            Step::Forming => "forming",
            Step::Assembly => "assembly",
            Step::PublishRic => "publish_ric",
            Step::PublishWorks => "publish_works",
        }
    }

    /// The step that [`Step::key`] names.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Step> {
        Step::ALL.into_iter().find(|step| step.key() == key)
    }
}

/// What a group is at present: the highest of the first three steps that it ever reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// «Groupe possible».
    Possible,
    /// «Groupe en formation».
    Forming,
    /// «ACP, Assemblée Constituante Populaire».
    Assembly,
}

impl Stage {
    /// The stage that a set of reached steps gives.
    #[must_use]
    pub fn of(reached: &[Step]) -> Stage {
        if reached.contains(&Step::Assembly) {
            Stage::Assembly
        } else if reached.contains(&Step::Forming) {
            Stage::Forming
        } else {
            Stage::Possible
        }
    }
}

/// The five numbers of the ladder; 5 · 5 · 10 · 15 · 20 unless the host configures others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// People signed up in the territory for a «groupe possible».
    pub possible: u32,
    /// Validated members for a «groupe en formation».
    pub forming: u32,
    /// Validated members for an ACP.
    pub assembly: u32,
    /// Validated members for the right to publish a procedure of RIC constituant.
    pub publish_ric: u32,
    /// Validated members for the right to publish on the two other questions.
    pub publish_works: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            possible: 5,
            forming: 5,
            assembly: 10,
            publish_ric: 15,
            publish_works: 20,
        }
    }
}

impl Thresholds {
    /// The number that opens `step`: of people signed up for [`Step::Possible`], of validated members for the others.
    #[must_use]
    pub fn of(&self, step: Step) -> u32 {
        match step {
            Step::Possible => self.possible,
            Step::Forming => self.forming,
            Step::Assembly => self.assembly,
            Step::PublishRic => self.publish_ric,
            Step::PublishWorks => self.publish_works,
        }
    }

    /// The next step that members open, with its number, or `None` at the top.
    #[must_use]
    pub fn next(&self, reached: &[Step]) -> Option<(Step, u32)> {
        Step::ALL
            .into_iter()
            .skip(1)
            .find(|step| !reached.contains(step))
            .map(|step| (step, self.of(step)))
    }
}

/// What is counted, from rows, at the moment of deciding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// People on file for the territory who came by the website (product.md §3).
    pub signed_up: u32,
    /// Validated members who have not left.
    pub members: u32,
}

/// What the counts change for a group. All lists are in the order of the ladder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Steps reached now, for the first time.
    pub reached: Vec<Step>,
    /// Steps reached earlier whose count is now under the threshold.
    pub under: Vec<Step>,
    /// Steps reached earlier whose count is at or over the threshold.
    pub upheld: Vec<Step>,
}

/// Decides what `counts` change for a group that has already `reached` some steps.
///
/// A step is never skipped: reaching one reaches all those below it that members open. `Possible` is reached by the
/// number of people signed up, or implied by any higher step (a group whose members were all recruited locally).
#[must_use]
pub fn decide(thresholds: &Thresholds, counts: Counts, reached: &[Step]) -> Change {
    let highest_open = Step::ALL
        .into_iter()
        .rev()
        .find(|step| is_open(thresholds, counts, *step));
    let mut change = Change::default();
    for step in Step::ALL {
        if reached.contains(&step) {
            if is_open(thresholds, counts, step) {
                change.upheld.push(step);
            } else {
                change.under.push(step);
            }
        } else if highest_open.is_some_and(|highest| step <= highest) {
            change.reached.push(step);
        }
    }
    change
}

/// Whether the counts alone open `step`.
fn is_open(thresholds: &Thresholds, counts: Counts, step: Step) -> bool {
    let count = if step == Step::Possible {
        counts.signed_up
    } else {
        counts.members
    };
    count >= thresholds.of(step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counts(signed_up: u32, members: u32) -> Counts {
        Counts { signed_up, members }
    }

    #[test]
    fn each_threshold_opens_its_step_and_no_other() {
        let thresholds = Thresholds::default();
        assert_eq!(decide(&thresholds, counts(4, 0), &[]).reached, []);
        assert_eq!(decide(&thresholds, counts(5, 0), &[]).reached, [Step::Possible]);
        assert_eq!(
            decide(&thresholds, counts(9, 5), &[Step::Possible]).reached,
            [Step::Forming]
        );
        let forming = [Step::Possible, Step::Forming];
        assert_eq!(decide(&thresholds, counts(9, 9), &forming).reached, []);
        assert_eq!(decide(&thresholds, counts(9, 10), &forming).reached, [Step::Assembly]);
        assert_eq!(
            decide(&thresholds, counts(9, 15), &Step::ALL[..3]).reached,
            [Step::PublishRic]
        );
        assert_eq!(
            decide(&thresholds, counts(9, 20), &Step::ALL[..4]).reached,
            [Step::PublishWorks]
        );
    }

    #[test]
    fn a_jump_reaches_every_step_on_the_way() {
        let change = decide(&Thresholds::default(), counts(6, 12), &[Step::Possible]);
        assert_eq!(change.reached, [Step::Forming, Step::Assembly]);
    }

    #[test]
    fn falling_under_a_threshold_keeps_the_step() {
        let change = decide(&Thresholds::default(), counts(6, 9), &Step::ALL[..3]);
        assert_eq!(change.reached, []);
        assert_eq!(change.under, [Step::Assembly]);
        assert_eq!(change.upheld, [Step::Possible, Step::Forming]);
    }

    #[test]
    fn keys_round_trip() {
        for step in Step::ALL {
            assert_eq!(Step::from_key(step.key()), Some(step));
        }
        assert_eq!(Step::from_key("autre"), None);
    }

    fn thresholds() -> impl Strategy<Value = Thresholds> {
        (1u32..10, 1u32..10, 1u32..10, 1u32..10, 1u32..10).prop_map(|(possible, a, b, c, d)| Thresholds {
            possible,
            forming: a,
            assembly: a + b,
            publish_ric: a + b + c,
            publish_works: a + b + c + d,
        })
    }

    proptest! {
        /// Over any history of counts, each step is reached at most once, in order, without a gap, and never undone.
        #[test]
        fn the_ladder_never_skips_nor_repeats(
            thresholds in thresholds(),
            history in prop::collection::vec((0u32..60, 0u32..60), 0..40),
        ) {
            let mut reached: Vec<Step> = Vec::new();
            for (signed_up, members) in history {
                let change = decide(&thresholds, counts(signed_up, members), &reached);
                for step in &change.reached {
                    prop_assert!(!reached.contains(step), "{step:?} reached twice");
                    reached.push(*step);
                }
                prop_assert_eq!(&reached[..], &Step::ALL[..reached.len()], "a step was skipped");
                let again = decide(&thresholds, counts(signed_up, members), &reached);
                prop_assert_eq!(again.reached, Vec::new(), "deciding again changes nothing");
                for step in Step::ALL {
                    let open = is_open(&thresholds, counts(signed_up, members), step);
                    prop_assert!(!open || reached.contains(&step), "an open step was not reached");
                }
            }
        }

        /// Reached steps are split between those upheld and those under their threshold, none forgotten.
        #[test]
        fn every_reached_step_is_upheld_or_under(
            thresholds in thresholds(), signed_up in 0u32..60, members in 0u32..60, height in 0usize..=5,
        ) {
            let reached = &Step::ALL[..height];
            let change = decide(&thresholds, counts(signed_up, members), reached);
            let mut both: Vec<Step> = change.under.iter().chain(&change.upheld).copied().collect();
            both.sort();
            prop_assert_eq!(&both[..], reached);
        }
    }
}
