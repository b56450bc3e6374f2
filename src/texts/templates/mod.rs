//! The long texts of `config/textes`: embedded in the binary, each replaced by the host's file of the same name when
//! there is one (product.md §17).
//!
//! [`Texts::load`] reads and checks everything at once; afterwards rendering cannot fail. The texts are immutable: to
//! read the files again, load anew and swap the value.

mod facts;
mod parse;

use std::io::ErrorKind;
use std::path::Path;

use facts::Facts;
use parse::{Document, Shape, Spec};

use super::faults::{Fault, Place, file};

pub use facts::{
    ConsentFacts, HelpFacts, PitchFacts, PrivacyFacts, SmsFacts, StatutesFacts, StrategyFacts, WelcomeFacts,
};
pub use parse::Passage;

/// Where the host's own texts are, as named in faults.
const FOLDER: &str = "config/textes";

macro_rules! spec {
    ($file:literal, $shape:expr, $part_max:literal, $whole_max:literal, $required:expr) => {
        Spec {
            file: $file,
            embedded: include_str!(concat!("../../../config/textes/", $file)),
            shape: $shape,
            part_max: $part_max,
            whole_max: $whole_max,
            required: &$required,
        }
    };
}

// Limits are those of where the text is shown: a message has 2,000 characters, a field of an embed 1,024, an embed's
// description 4,096 (Discord documentation). Reference texts are shown passage by passage.
const STATUTES: Spec = spec!(
    "statuts.md",
    Shape::Articles,
    1800,
    100_000,
    ["groupe", "quorum", "majorite", "jours_vote"]
);
const PRIVACY: Spec = spec!(
    "confidentialite.md",
    Shape::Parts(&["resume"]),
    1000,
    6000,
    ["responsable", "contact"]
);
const CONSENT: Spec = spec!(
    "consentement.md",
    Shape::Keys(&["question", "compte", "information"]),
    900,
    1500,
    ["groupe", "donnees"]
);
const CHARTER: Spec = spec!("charte-relai.md", Shape::Whole, 1950, 1950, []);
const PITCH: Spec = spec!(
    "argumentaire.md",
    Shape::Parts(&[]),
    1000,
    1900,
    ["lien_inscription", "lien_discord"]
);
const CORE: Spec = spec!("socle-commun.md", Shape::Parts(&[]), 1800, 200_000, []);
const STRATEGY: Spec = spec!("strategie-de-maillage.md", Shape::Parts(&[]), 1800, 200_000, []);
const HELP: Spec = spec!("aide.md", Shape::Keys(&HelpPart::KEYS), 1000, 5500, ["donnees"]);
const WELCOME: Spec = spec!(
    "bienvenue.md",
    Shape::Keys(&Welcome::KEYS),
    1900,
    5000,
    ["reunion", "lien_inscription"]
);
const SMS: Spec = spec!("sms.md", Shape::Keys(&Sms::KEYS), 600, 2000, ["code"]);

/// A part of `/aide`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelpPart {
    /// For everyone.
    Everyone,
    /// For a member of a group.
    Member,
    /// For a relay.
    Relay,
    /// For a referent.
    Referent,
    /// For the national team.
    National,
    /// About personal data.
    Data,
}

impl HelpPart {
    const KEYS: [&'static str; 6] = ["tous", "membre", "relai", "referent", "national", "donnees"];

    const fn key(self) -> &'static str {
        Self::KEYS[self as usize]
    }
}

/// Which welcome (product.md §11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Welcome {
    /// The first direct message of somebody who belongs to no group.
    Newcomer,
    /// The direct message of somebody already validated and linked.
    Member,
    /// The mention in the welcome channel of somebody whose direct messages are closed.
    Channel,
}

impl Welcome {
    const KEYS: [&'static str; 3] = ["accueil", "membre", "salon"];

    const fn key(self) -> &'static str {
        Self::KEYS[self as usize]
    }
}

/// Which ready SMS text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sms {
    /// Before any call (product.md §5).
    FirstContact,
    /// After a call without answer (product.md §5).
    AfterCall,
    /// With an invitation code (product.md §6).
    Invitation,
}

impl Sms {
    const KEYS: [&'static str; 3] = ["contact", "relance", "invitation"];

    const fn key(self) -> &'static str {
        Self::KEYS[self as usize]
    }
}

/// The generic statutes made those of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statutes {
    /// The version of the generic text.
    pub version: String,
    /// What stands before the first article; may be empty.
    pub preamble: String,
    /// The articles, numbered from 1 without a gap.
    pub articles: Vec<Article>,
}

/// An article of statutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// Its number, from 1.
    pub number: u32,
    /// Its title, without number.
    pub title: String,
    /// Its text: with its title about 1,800 characters at most.
    pub text: String,
}

/// What is read to somebody before a validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// The version to be kept with the consent.
    pub version: String,
    /// The question.
    pub question: String,
    /// What to add when a Discord account is linked.
    pub account: String,
    /// Who is responsible, why, how long, and which rights one has.
    pub information: String,
}

/// A text with its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The version to be kept with the agreement.
    pub version: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub text: String,
}

/// A passage of a reference text, for the full-text search (product.md §10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// A stable name of the document: the file without its ending.
    pub document: &'static str,
    /// The version of the document: passages of another one are to be replaced.
    pub version: String,
    /// The title of the document.
    pub document_title: String,
    /// The passage.
    pub passage: Passage,
}

/// All texts, read and checked.
#[derive(Clone)]
pub struct Texts {
    statutes: Document<StatutesFacts>,
    privacy: Document<PrivacyFacts>,
    consent: Document<ConsentFacts>,
    charter: Document<()>,
    pitch: Document<PitchFacts>,
    core: Document<()>,
    strategy: Document<StrategyFacts>,
    help: Document<HelpFacts>,
    welcome: Document<WelcomeFacts>,
    sms: Document<SmsFacts>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Texts")
            .field("statutes", &self.statutes.version)
            .finish_non_exhaustive()
    }
}

impl Texts {
    /// Reads the texts: each file of `folder` (normally [`crate::config::Settings::texts_dir`]) takes the place of the
    /// embedded text of the same name. Without a folder, or where it has no such file, the embedded text is used.
    ///
    /// # Errors
    /// All faults of all files, each one French line.
    pub fn load(folder: Option<&Path>) -> Result<Self, Vec<Fault>> {
        let mut loader = Loader {
            folder,
            faults: Vec::new(),
        };
        loader.refuse_misspelt();
        let texts = (|| {
            // Every file is read before the first fault stops the building: `?` comes after all of them.
            let (statutes, privacy, consent) = (loader.read(&STATUTES), loader.read(&PRIVACY), loader.read(&CONSENT));
            let (charter, pitch, core) = (loader.read(&CHARTER), loader.read(&PITCH), loader.read(&CORE));
            let (strategy, help) = (loader.read(&STRATEGY), loader.read(&HELP));
            let (welcome, sms) = (loader.read(&WELCOME), loader.read(&SMS));
            Some(Self {
                statutes: statutes?,
                privacy: privacy?,
                consent: consent?,
                charter: charter?,
                pitch: pitch?,
                core: core?,
                strategy: strategy?,
                help: help?,
                welcome: welcome?,
                sms: sms?,
            })
        })();
        match texts {
            Some(texts) if loader.faults.is_empty() => Ok(texts),
            _ => Err(loader.faults),
        }
    }

    /// The generic statutes of a new assembly (product.md §9).
    #[must_use]
    pub fn statutes(&self, facts: &StatutesFacts) -> Statutes {
        let articles = (1..)
            .zip(self.statutes.passages(facts))
            .map(|(number, Passage { title, text })| Article { number, title, text })
            .collect();
        Statutes {
            version: self.statutes.version.clone(),
            preamble: self.statutes.introduction(facts),
            articles,
        }
    }

    /// The privacy notice, part by part; the first parts are the most asked for (product.md §16).
    #[must_use]
    pub fn privacy(&self, facts: &PrivacyFacts) -> Vec<Passage> {
        self.privacy.passages(facts)
    }

    /// The summary of the privacy notice, which goes with the first message, the consent and `/aide` (product.md §16).
    #[must_use]
    pub fn privacy_summary(&self, facts: &PrivacyFacts) -> String {
        self.privacy.part("resume", facts).text
    }

    /// How one's rights are used (product.md §16): the part «droits» of the privacy notice, or the summary when the host's own
    /// notice has none.
    #[must_use]
    pub fn privacy_rights(&self, facts: &PrivacyFacts) -> Passage {
        let rights = self.privacy.part("droits", facts);
        if rights.text.is_empty() {
            self.privacy.part("resume", facts)
        } else {
            rights
        }
    }

    /// The version of the privacy notice.
    #[must_use]
    pub fn privacy_version(&self) -> &str {
        &self.privacy.version
    }

    /// What the relay reads before «Confirmer» (product.md §6).
    #[must_use]
    pub fn consent(&self, facts: &ConsentFacts) -> Consent {
        Consent {
            version: self.consent.version.clone(),
            question: self.consent.part("question", facts).text,
            account: self.consent.part("compte", facts).text,
            information: self.consent.part("information", facts).text,
        }
    }

    /// The charter that a relay accepts once (product.md §5).
    #[must_use]
    pub fn charter(&self) -> Versioned {
        Versioned {
            version: self.charter.version.clone(),
            title: self.charter.title.clone(),
            text: self.charter.introduction(&()),
        }
    }

    /// The recruiting text as one message (product.md §10).
    #[must_use]
    pub fn pitch(&self, facts: &PitchFacts) -> String {
        let introduction = self.pitch.introduction(facts);
        let parts = self
            .pitch
            .passages(facts)
            .into_iter()
            .map(|part| format!("**{}**\n{}", part.title, part.text));
        std::iter::once(introduction)
            .filter(|text| !text.is_empty())
            .chain(parts)
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    /// Every passage of the reference texts: Socle Commun, strategy and recruiting text (product.md §10).
    #[must_use]
    pub fn references(&self, strategy: &StrategyFacts) -> Vec<Reference> {
        let pitch = PitchFacts {
            goal: strategy.goal.clone(),
            signup_link: strategy.signup_link.clone(),
            discord_link: strategy.discord_link.clone(),
        };
        let mut all = references("socle-commun", &self.core, &());
        all.extend(references("strategie-de-maillage", &self.strategy, strategy));
        all.extend(references("argumentaire", &self.pitch, &pitch));
        all
    }

    /// A part of `/aide`: at most 1,000 characters, title included.
    #[must_use]
    pub fn help(&self, part: HelpPart, facts: &HelpFacts) -> Passage {
        self.help.part(part.key(), facts)
    }

    /// A welcome (product.md §11): at most about 1,900 characters.
    #[must_use]
    pub fn welcome(&self, which: Welcome, facts: &WelcomeFacts) -> String {
        self.welcome.part(which.key(), facts).text
    }

    /// A ready SMS text, to be shown with [`super::markdown::code_block`].
    #[must_use]
    pub fn sms(&self, which: Sms, facts: &SmsFacts) -> String {
        self.sms.part(which.key(), facts).text
    }
}

fn references<F: Facts>(name: &'static str, document: &Document<F>, facts: &F) -> Vec<Reference> {
    document
        .passages(facts)
        .into_iter()
        .map(|passage| Reference {
            document: name,
            version: document.version.clone(),
            document_title: document.title.clone(),
            passage,
        })
        .collect()
}

/// How the notice says where to write: by mail when the host chose an address, else to the national team.
#[must_use]
pub fn contact(mail: Option<&str>) -> String {
    match mail {
        Some(mail) => format!("écrire à {mail}"),
        None => "s’adresser à l’équipe nationale".to_owned(),
    }
}

struct Loader<'a> {
    folder: Option<&'a Path>,
    faults: Vec<Fault>,
}

impl Loader<'_> {
    fn read<F: Facts>(&mut self, spec: &Spec) -> Option<Document<F>> {
        let path = format!("{FOLDER}/{}", spec.file);
        let own = match self
            .folder
            .map(|folder| std::fs::read_to_string(folder.join(spec.file)))
        {
            None => None,
            Some(Ok(text)) => Some(text),
            Some(Err(error)) if error.kind() == ErrorKind::NotFound => None,
            Some(Err(error)) => {
                let sentence = format!("{}.", file::unreadable(spec.file, error.kind()));
                self.faults.push(Fault::free(Place::file(path), sentence));
                return None;
            }
        };
        Document::parse(spec, &path, own.as_deref().unwrap_or(spec.embedded), &mut self.faults)
    }

    /// A file whose name is nearly that of a text would be ignored in silence.
    fn refuse_misspelt(&mut self) {
        let names = [
            &STATUTES, &PRIVACY, &CONSENT, &CHARTER, &PITCH, &CORE, &STRATEGY, &HELP, &WELCOME, &SMS,
        ]
        .map(|s| s.file);
        let Some(entries) = self.folder.and_then(|folder| std::fs::read_dir(folder).ok()) else {
            return;
        };
        let mut found: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !names.contains(&name.as_str()))
            .collect();
        found.sort();
        for name in found {
            let near = names
                .iter()
                .find(|known| strsim::normalized_damerau_levenshtein(&name.to_lowercase(), known) >= 0.7);
            if let Some(near) = near {
                let sentence = format!("ce nom de fichier n’est pas celui d’un texte. Vouliez-vous dire {near}\u{a0}?");
                self.faults
                    .push(Fault::free(Place::file(format!("{FOLDER}/{name}")), sentence));
            }
        }
    }
}

#[cfg(test)]
mod tests;
