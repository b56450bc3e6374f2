//! Where a group stands on the ladder, in words: what it is, what comes next, how far it is (product.md §3; voice.md: numbers
//! carry their meaning).

use chrono::{DateTime, Utc};

use super::dates;
use super::markdown::count;
use crate::domain::calendar::paris_date;
use crate::domain::ladder::{Stage, Step};

/// «🌱 Groupe en formation».
#[must_use]
pub const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Possible => "Groupe possible",
        Stage::Forming => "🌱 Groupe en formation",
        Stage::Assembly => "🏛️ ACP",
    }
}

/// What the group is, after its name: «en formation».
#[must_use]
pub const fn is(stage: Stage) -> &'static str {
    match stage {
        Stage::Possible => "groupe possible",
        Stage::Forming => "en formation",
        Stage::Assembly => "ACP",
    }
}

/// The sign of a stage, at the head of a message; none for a group that is only possible.
#[must_use]
pub const fn sign(stage: Stage) -> &'static str {
    match stage {
        Stage::Possible => "",
        Stage::Forming => "🌱 ",
        Stage::Assembly => "🏛️ ",
    }
}

/// What a step gives to the group, after «encore 3 membres»: «pour devenir une ACP et recevoir des statuts». Relays and
/// referents read it too, who may not be members.
#[must_use]
pub const fn gives(step: Step) -> &'static str {
    match step {
        Step::Possible => "pour être déclaré groupe possible",
        Step::Forming => "pour passer «\u{a0}en formation\u{a0}» et recevoir un espace Discord",
        Step::Assembly => "pour devenir une ACP et recevoir des statuts",
        Step::PublishRic => "pour publier une procédure de RIC constituant",
        Step::PublishWorks => "pour publier des travaux sur les deux autres questions",
    }
}

/// What a step gives, said to a member of the group: «pour devenir une ACP et recevoir vos statuts».
#[must_use]
pub const fn gives_you(step: Step) -> &'static str {
    match step {
        Step::Possible => "pour être déclaré groupe possible",
        Step::Forming => "pour passer «\u{a0}en formation\u{a0}» et recevoir votre espace Discord",
        Step::Assembly => "pour devenir une ACP et recevoir vos statuts",
        Step::PublishRic => "pour publier votre procédure de RIC constituant",
        Step::PublishWorks => "pour publier vos travaux sur les deux autres questions",
    }
}

/// What has just been reached, after «le groupe».
#[must_use]
pub const fn becomes(step: Step) -> &'static str {
    match step {
        Step::Possible => "le groupe est possible",
        Step::Forming => "le groupe passe «\u{a0}en formation\u{a0}»",
        Step::Assembly => "le groupe devient une ACP (Assemblée Constituante Populaire) et reçoit ses statuts",
        Step::PublishRic => "le groupe peut publier sa procédure de RIC constituant",
        Step::PublishWorks => "le groupe peut publier ses travaux sur les deux autres questions",
    }
}

/// «7 / 10 : encore 3 membres pour devenir une ACP et recevoir des statuts». At the top, «21 / 20 : …».
#[must_use]
pub fn progress(members: u32, next: Option<(Step, u32)>, top: u32) -> String {
    match next {
        Some((step, threshold)) => {
            let missing = threshold.saturating_sub(members);
            let missing = count(u64::from(missing), "membre", "membres");
            format!("{members} / {threshold}\u{a0}: encore {missing} {}", gives(step))
        }
        None => format!("{members} / {top}\u{a0}: toutes les étapes sont franchies"),
    }
}

/// «⚠️ Sous le seuil depuis le 10 mars 2027. Rien n’est perdu : le statut reste acquis», without its full stop.
#[must_use]
pub fn under(since: DateTime<Utc>) -> String {
    format!(
        "⚠️ Sous le seuil depuis le {}. Rien n’est perdu\u{a0}: le statut reste acquis",
        dates::day(paris_date(since))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_their_meaning() {
        assert_eq!(
            progress(7, Some((Step::Assembly, 10)), 20),
            "7 / 10\u{a0}: encore 3\u{a0}membres pour devenir une ACP et recevoir des statuts"
        );
        assert_eq!(
            progress(21, None, 20),
            "21 / 20\u{a0}: toutes les étapes sont franchies"
        );
        assert!(progress(4, Some((Step::Forming, 5)), 20).contains("encore 1\u{a0}membre pour"));
    }
}
