//! The facts that stand in for `{{words}}` in the texts: one struct per document, so that a text cannot ask for what its
//! caller does not have, and a caller cannot forget what its text asks for.

use std::borrow::Cow;

use crate::texts::markdown::escape_line;

/// The words of one kind of document and their values.
pub(super) trait Facts {
    /// The names that may stand between `{{` and `}}`.
    const SLOTS: &'static [&'static str];

    /// The value of a name of [`Self::SLOTS`], ready to be shown.
    fn value(&self, slot: &str) -> Cow<'_, str>;
}

/// `typed` values come from people and are escaped for Discord's Markdown; `ours` are put in as they are.
macro_rules! facts {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $origin:ident $field:ident: $slot:literal,)* }) => {
        $(#[$doc])*
        ///
        /// It may hold identities and therefore has no `Debug`.
        #[derive(Clone, Default)]
        pub struct $name { $($(#[$field_doc])* pub $field: String,)* }

        impl Facts for $name {
            const SLOTS: &'static [&'static str] = &[$($slot),*];

            fn value(&self, slot: &str) -> Cow<'_, str> {
                match slot {
                    $($slot => facts!(@ $origin &self.$field),)*
                    _ => Cow::Borrowed(""),
                }
            }
        }
    };
    (@ typed $value:expr) => { Cow::Owned(escape_line($value)) };
    (@ ours $value:expr) => { Cow::Borrowed($value.as_str()) };
}

/// For a text without any.
impl Facts for () {
    const SLOTS: &'static [&'static str] = &[];

    fn value(&self, _: &str) -> Cow<'_, str> {
        Cow::Borrowed("")
    }
}

facts! {
    /// For the generic statutes (product.md §9).
    StatutesFacts {
        /// The group's name.
        typed group: "groupe",
        /// The name of its basin.
        typed basin: "bassin",
        /// The day the assembly was formed, written in full.
        ours date: "date",
        /// How many days a vote is open.
        ours vote_days: "jours_vote",
        /// «50 %».
        ours quorum: "quorum",
        /// «50 %».
        ours majority: "majorite",
        /// How many days a decision taken in a meeting may be contested.
        ours contest_days: "jours_contestation",
    }
}

facts! {
    /// For the privacy notice (product.md §16).
    PrivacyFacts {
        /// Who is responsible.
        typed controller: "responsable",
        /// Where to write: see [`super::contact`].
        ours contact: "contact",
        /// Months until never-validated sign-ups are erased.
        ours signups_months: "mois_inscrits",
        /// Months until refusals are erased.
        ours refusals_months: "mois_refus",
        /// Months until leavers are erased.
        ours leavers_months: "mois_departs",
    }
}

facts! {
    /// For the consent asked by `/valider` (product.md §6).
    ConsentFacts {
        /// The group's name.
        typed group: "groupe",
        /// The summary of the privacy notice.
        ours privacy: "donnees",
    }
}

facts! {
    /// For the recruiting text (product.md §10).
    PitchFacts {
        /// The number of sign-ups aimed at.
        ours goal: "objectif",
        /// The sign-up page.
        ours signup_link: "lien_inscription",
        /// The invitation to the server.
        ours discord_link: "lien_discord",
    }
}

facts! {
    /// For the strategy, whose numbers are settings (product.md §3).
    StrategyFacts {
        /// Sign-ups of a possible group.
        ours possible: "possible",
        /// Members of a group «en formation».
        ours forming: "formation",
        /// Members of an ACP.
        ours assembly: "acp",
        /// Members that open the first subject.
        ours first_subject: "ric",
        /// Members that open the other subjects.
        ours other_subjects: "autres",
        /// The number of sign-ups aimed at.
        ours goal: "objectif",
        /// The sign-up page.
        ours signup_link: "lien_inscription",
        /// The invitation to the server.
        ours discord_link: "lien_discord",
    }
}

facts! {
    /// For `/aide`.
    HelpFacts {
        /// The summary of the privacy notice.
        ours privacy: "donnees",
        /// The next newcomers' meeting, as a Discord timestamp.
        ours meeting: "reunion",
    }
}

facts! {
    /// For the welcome (product.md §11).
    WelcomeFacts {
        /// The name that the server shows.
        typed name: "nom",
        /// The next meeting, as a Discord timestamp.
        ours meeting: "reunion",
        /// The sign-up page.
        ours signup_link: "lien_inscription",
        /// The invitation to the server.
        ours discord_link: "lien_discord",
        /// The group's name, for a member.
        typed group: "groupe",
        /// What a member is told of the group's space: a sentence, with the link once there is one.
        ours space: "espace",
    }
}

facts! {
    /// For the ready SMS texts (product.md §5 and §6). They are shown in a block to copy, hence nothing is escaped.
    SmsFacts {
        /// The first name of the person written to.
        ours first_name: "prenom",
        /// The relay who writes.
        ours relay: "relai",
        /// The group's name.
        ours group: "groupe",
        /// The invitation code.
        ours code: "code",
        /// How many days the code may be used.
        ours days: "jours",
        /// The invitation to the server.
        ours discord_link: "lien_discord",
    }
}

/// How many characters a word may become, for the check of lengths: a prudent guess, as the facts come later.
pub(super) fn weight(slot: &str) -> usize {
    match slot {
        "donnees" => 700,
        "espace" => 110,
        "responsable" | "contact" | "groupe" | "bassin" => 80,
        "lien_inscription" | "lien_discord" => 60,
        "nom" | "prenom" | "relai" | "reunion" | "date" => 40,
        _ => 10,
    }
}
