//! Every button, select and modal of the product, and the stable `custom_id` that each bears.
//!
//! A `custom_id` outlives the process: a message sent last month must still answer. So it says by itself what it does
//! (`kind:argument:…`), holds ids only, never personal data, and at most 100 characters (Discord, components/reference).
//! Whoever presses is checked by the use case, each time (product.md §2).

use chrono::NaiveDate;

use super::contact::{Filter, OutcomeKind};
use super::ids::{GroupId, JournalId, MembershipId, PersonId, TransferId};
use super::report::Scope;

/// The random name of a sealed draft: 16 characters of a URL-safe alphabet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DraftId(pub String);

impl DraftId {
    /// Reads a draft's name, refusing anything that we did not write.
    #[must_use]
    pub fn parse(text: &str) -> Option<DraftId> {
        let plain = text.len() == 16
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        plain.then(|| DraftId(text.to_owned()))
    }
}

/// A page of one of the lists of `/contacts`: where a card was opened, and where one goes back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ListAt {
    /// Which list.
    pub filter: Filter,
    /// Which page, from 0.
    pub page: u32,
}

impl ListAt {
    /// The first page of a list.
    #[must_use]
    pub fn first(filter: Filter) -> Self {
        Self { filter, page: 0 }
    }

    /// Another page of the same list.
    #[must_use]
    pub fn at(self, page: u32) -> Self {
        Self { page, ..self }
    }
}

/// Where one is in the journal: which lines, and from where on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct JournalAt {
    /// Only those of this group, and of those merged into it.
    pub group: Option<GroupId>,
    /// Only those on this person.
    pub person: Option<PersonId>,
    /// The latest lines, or those before or after one.
    pub from: JournalFrom,
}

/// From where on lines of the journal are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum JournalFrom {
    /// The latest.
    #[default]
    Latest,
    /// Those before this line.
    Before(JournalId),
    /// Those after this line.
    After(JournalId),
}

/// Declares [`Action`] with its two conversions, so that they cannot disagree.
macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident $(($($arg:ident : $ty:ty),+))? = $key:literal;)+) => {
        /// One thing that a component or a modal can do.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[$doc])* $name $(($($ty),+))?,)+
        }

        impl Action {
            /// The stable identifier that Discord keeps for us.
            #[must_use]
            #[allow(unused_mut, reason = "actions without arguments add nothing to the key")]
            pub fn custom_id(&self) -> String {
                match self {
                    $(Action::$name $(($($arg),+))? => {
                        let mut id = String::from($key);
                        $($(id.push(':'); id.push_str(&Argument::write($arg));)+)?
                        id
                    })+
                }
            }

            /// The action that a `custom_id` names; `None` for one that this version does not know.
            #[must_use]
            #[allow(unused_mut, unused_variables, reason = "actions without arguments read nothing")]
            pub fn parse(custom_id: &str) -> Option<Action> {
                let mut parts = custom_id.split(':');
                let action = match parts.next()? {
                    $($key => Action::$name $(($(<$ty as Argument>::read(parts.next()?)?),+))?,)+
                    _ => return None,
                };
                parts.next().is_none().then_some(action)
            }
        }
    };
}

/// What can stand in a `custom_id`.
trait Argument: Sized {
    fn write(&self) -> String;
    fn read(text: &str) -> Option<Self>;
}

/// Arguments written by `Display` and read by `FromStr`.
macro_rules! plain_arguments {
    ($($ty:ty),+) => {
        $(impl Argument for $ty {
            fn write(&self) -> String {
                self.to_string()
            }
            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        })+
    };
}
plain_arguments!(
    PersonId,
    GroupId,
    MembershipId,
    JournalId,
    NaiveDate,
    u32,
    TransferId,
    bool,
    Scope
);

impl Argument for DraftId {
    fn write(&self) -> String {
        self.0.clone()
    }
    fn read(text: &str) -> Option<Self> {
        DraftId::parse(text)
    }
}

impl Argument for OutcomeKind {
    fn write(&self) -> String {
        self.code().to_owned()
    }
    fn read(text: &str) -> Option<Self> {
        OutcomeKind::from_code(text)
    }
}

impl Argument for JournalAt {
    fn write(&self) -> String {
        let (group, person) = (self.group.map_or(0, |id| id.0), self.person.map_or(0, |id| id.0));
        match self.from {
            JournalFrom::Latest => format!("{group}.{person}.l.0"),
            JournalFrom::Before(line) => format!("{group}.{person}.b.{line}"),
            JournalFrom::After(line) => format!("{group}.{person}.a.{line}"),
        }
    }
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut number = || parts.next()?.parse::<i64>().ok();
        let (group, person) = (number()?, number()?);
        let (way, line) = (parts.next()?, JournalId(parts.next()?.parse().ok()?));
        let from = match way {
            "l" => JournalFrom::Latest,
            "b" => JournalFrom::Before(line),
            "a" => JournalFrom::After(line),
            _ => return None,
        };
        parts.next().is_none().then_some(JournalAt {
            group: (group > 0).then_some(GroupId(group)),
            person: (person > 0).then_some(PersonId(person)),
            from,
        })
    }
}

impl Argument for ListAt {
    fn write(&self) -> String {
        format!("{}.{}", self.filter, self.page)
    }
    fn read(text: &str) -> Option<Self> {
        let (filter, page) = text.split_once('.')?;
        Some(ListAt {
            filter: Filter::from_code(filter)?,
            page: page.parse().ok()?,
        })
    }
}

actions! {
    /// Submission of the modal «Valider une participation» (product.md §6); the draft says whom and for whom.
    ValiderForm(draft: DraftId) = "valider-form";
    /// «Corriger»: opens that modal again, filled with what was typed.
    ValiderCorrect(draft: DraftId) = "valider-corriger";
    /// «Confirmer»: writes the validation.
    ValiderConfirm(draft: DraftId) = "valider-confirmer";
    /// «Annuler»: forgets the draft.
    ValiderCancel(draft: DraftId) = "valider-annuler";
    /// Choice of the group, for a relay of several.
    ValiderGroup(draft: DraftId) = "valider-groupe";
    /// Choice of the commune or basin, for an ambiguous postal code.
    ValiderPlace(draft: DraftId) = "valider-lieu";
    /// «J’accepte la charte», on the way to a validation.
    ValiderCharter(draft: DraftId) = "valider-charte";
    /// «Annuler la validation», by the relay (24 hours) or the referent (14 days): opens the modal of the reason.
    Annul(membership: MembershipId) = "annuler-validation";
    /// Submission of the reason of an annulment.
    AnnulForm(membership: MembershipId) = "annuler-validation-form";
    /// Choice of the validation to annul, under a message of a feed: which of its two selects (product.md §12).
    AnnulPick(part: u32) = "annuler-validation-choix";
    /// «Ce n’est pas moi», under the DM that tells an account that it was linked.
    NotMe(person: PersonId) = "pas-moi";
    /// «Proposer un transfert», under «déjà membre du groupe …» (product.md §6.5).
    TransferAsk(draft: DraftId) = "transfert-proposer";
    /// «Accepter le transfert», by the group to leave.
    TransferAccept(transfer: TransferId) = "transfert-accepter";
    /// «Refuser», by the group to leave.
    TransferDecline(transfer: TransferId) = "transfert-refuser";
    /// «Cette personne accepte», by the relay who asked: makes the move.
    TransferConfirm(transfer: TransferId) = "transfert-confirmer";
    /// «Abandonner», by the relay who asked.
    TransferDrop(transfer: TransferId) = "transfert-abandonner";
    /// «Voir le transfert», under the mention of a relay whose direct messages are closed.
    TransferSee(transfer: TransferId) = "transfert-voir";
    /// «Importer», under a dry run.
    ImportConfirm(draft: DraftId) = "import-confirmer";
    /// «Annuler», under a dry run.
    ImportCancel(draft: DraftId) = "import-annuler";
    /// «Nommer un relai», under the announcement of a group without relay.
    NameRelay(group: GroupId) = "nommer-relai";
    /// Choice of the member to name relay, on the server.
    NameRelayUser(group: GroupId) = "nommer-relai-membre";
    /// Submission of the modal that asks for a Discord name, in a DM where members cannot be listed.
    NameRelayForm(group: GroupId) = "nommer-relai-form";
    /// Choice of one group among several announced together.
    NameRelayPick = "nommer-relai-choix";
    /// «Défaire», under the answer to a change that can be undone for 30 days: the line of the journal that tells it.
    Undo(line: JournalId) = "defaire";
    /// «Confirmer», under what an undo would change.
    UndoConfirm(line: JournalId) = "defaire-confirmer";
    /// «Annuler», under what an undo would change: nothing is done.
    UndoCancel(line: JournalId) = "defaire-annuler";
    /// «Confirmer», under what a merge would do.
    MergeConfirm(draft: DraftId) = "fusion-confirmer";
    /// «Annuler», under what a merge would do.
    MergeCancel(draft: DraftId) = "fusion-annuler";
    /// A page of the communes by which a group is split.
    SplitPage(draft: DraftId, page: u32) = "scission-page";
    /// Choice of communes on a page.
    SplitPick(draft: DraftId, page: u32) = "scission-choix";
    /// «Chercher…», among the communes: opens the modal.
    SplitSearch(draft: DraftId) = "scission-chercher";
    /// Submission of what is searched among the communes.
    SplitSearchForm(draft: DraftId) = "scission-chercher-form";
    /// «Toutes les communes»: ends the search.
    SplitAll(draft: DraftId) = "scission-toutes";
    /// «Continuer», under the chosen communes.
    SplitReview(draft: DraftId) = "scission-continuer";
    /// «Confirmer», under what a split would do.
    SplitConfirm(draft: DraftId) = "scission-confirmer";
    /// «Annuler», under the chosen communes, or under what a split would do.
    SplitCancel(draft: DraftId) = "scission-annuler";
    /// Lines of the journal: «Plus récent» and «Plus ancien».
    Journal(at: JournalAt) = "journal";

    /// A page of `/inscrits a-placer`.
    ToPlace(page: u32) = "a-placer";
    /// Choice of the person to place: opens the modal that asks for a basin.
    ToPlacePick = "a-placer-choix";
    /// Submission of a basin, a commune or a postal code.
    PlaceForm(person: PersonId) = "placer-form";
    /// Choice of one basin among those that answer.
    PlaceChoice(person: PersonId) = "placer-choix";
    /// A pair of `/inscrits a-verifier`, by rank.
    Pair(rank: u32) = "paire";
    /// «Même personne».
    PairSame(a: PersonId, b: PersonId, rank: u32) = "paire-meme";
    /// «Pas un doublon».
    PairDistinct(a: PersonId, b: PersonId, rank: u32) = "paire-autre";
    /// A page of `/groupe liste`.
    GroupList(page: u32) = "groupes";
    /// A page of `/relai liste`.
    RelayList(page: u32) = "relais";
    /// «Coordonnées du groupe», under the register: page, from 0.
    Coordinates(group: GroupId, page: u32) = "coordonnees";
    /// A page of `/registre voir`, from 0.
    RegisterPage(group: GroupId, page: u32) = "registre";
    /// Choice of the group whose register is read, for a relay of several.
    RegisterPick = "registre-choix";

    /// A page of the relay's list: «Précédent», «Suivant», and back from a card (product.md §5).
    Contacts(at: ListAt) = "contacts";
    /// «J’accepte la charte», on the way to a list.
    ContactsCharter(at: ListAt) = "contacts-charte";
    /// Choice of one person of the page: opens the card.
    ContactPick(at: ListAt) = "contacts-choix";
    /// The card of one person.
    Contact(person: PersonId, at: ListAt) = "contact";
    /// «Valider», on the card: opens the modal «Valider une participation», filled.
    ContactValidate(person: PersonId) = "contact-valider";
    /// What came of a call: the seven buttons of the card. «À rappeler…» asks for the day, «Ne plus appeler» for a confirmation.
    CallOutcome(person: PersonId, outcome: OutcomeKind, at: ListAt) = "appel";
    /// Choice of the day of a call-back.
    CallBackPick(person: PersonId, at: ListAt) = "appel-jour";
    /// Submission of a typed day.
    CallBackForm(person: PersonId, at: ListAt) = "appel-jour-form";
    /// «Confirmer», under «Ne plus appeler».
    DoNotCall(person: PersonId, at: ListAt) = "appel-jamais";
    /// «Note», on the card: opens the modal.
    CallNote(person: PersonId, at: ListAt) = "appel-note";
    /// Submission of a note.
    CallNoteForm(person: PersonId, at: ListAt) = "appel-note-form";
    /// «J’accepte la charte», on the way to what `/appel` asked for.
    CallCharter(draft: DraftId) = "appel-charte";
    /// «Confirmer», under «Ne plus appeler» asked by `/appel` with a note.
    CallConfirm(draft: DraftId) = "appel-confirmer";

    /// Choice of the région of a report, with or without its file (product.md §12).
    ReportRegion(file: bool) = "rapport-region";
    /// «Relancer», under a report: prompts the relays who did nothing for a while.
    Prompt(scope: Scope) = "relancer";

    /// «J’ai un code», under the welcome: opens the modal (product.md §11).
    Code = "code";
    /// Submission of a code.
    CodeForm = "code-form";
    /// «Me le rappeler», under the welcome: a message before the newcomers’ meeting (product.md §11).
    MeetingRemind = "reunion-rappel";
    /// «Ne plus me le rappeler».
    MeetingForget = "reunion-oubli";
    /// «Mes données», under the welcome: what is held about the account that presses (product.md §11, §16).
    MyData = "mes-donnees";
    /// «Ne plus recevoir de messages».
    MessagesStop = "messages-arret";
    /// «Recevoir à nouveau les messages».
    MessagesResume = "messages-reprise";

    /// «Maintenir», under the question about a public holiday: the meeting of that regular day (product.md §11).
    MeetingKeep(day: NaiveDate) = "reunion-maintenir";
    /// «Annuler cette réunion».
    MeetingCancel(day: NaiveDate) = "reunion-annuler";
    /// «Déplacer»: opens the modal that asks for the new date.
    MeetingMove(day: NaiveDate) = "reunion-deplacer";
    /// Submission of the new date.
    MeetingMoveForm(day: NaiveDate) = "reunion-deplacer-form";

    /// «Actualiser», under `/diagnostic` (product.md §17).
    Diagnostic = "diagnostic";
    /// «Recharger les textes», under `/diagnostic`.
    ReloadTexts = "recharger-textes";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn identifiers_round_trip_and_stay_short() {
        let draft = DraftId("aZ09-_aZ09-_aZ09".to_owned());
        for action in [
            Action::ValiderForm(draft.clone()),
            Action::ValiderConfirm(draft),
            Action::Annul(MembershipId(i64::MAX)),
            Action::NameRelayPick,
            Action::Coordinates(GroupId(12), 3),
            Action::CallOutcome(
                PersonId(i64::MAX),
                OutcomeKind::DoNotCall,
                ListAt {
                    filter: Filter::CallBack,
                    page: u32::MAX,
                },
            ),
            Action::Code,
            Action::Journal(JournalAt {
                group: Some(GroupId(i64::MAX)),
                person: Some(PersonId(i64::MAX)),
                from: JournalFrom::After(JournalId(i64::MAX)),
            }),
            Action::Journal(JournalAt::default()),
            Action::MeetingRemind,
            Action::MessagesStop,
            Action::MeetingMove(NaiveDate::MAX),
            Action::ReportRegion(true),
            Action::Prompt(Scope::France),
        ] {
            let id = action.custom_id();
            assert!(id.len() <= 100, "{id}");
            assert_eq!(Action::parse(&id), Some(action));
        }
    }

    #[test]
    fn what_we_did_not_write_is_not_read() {
        for id in [
            "",
            "inconnu",
            "pas-moi",
            "pas-moi:douze",
            "pas-moi:1:2",
            "valider-form:../../etc",
            "nommer-relai-choix:1",
            "contacts:tous",
            "contacts:tous.x",
            "contacts:toutes.1",
            "appel:1:oui:tous.0",
            "journal:1.2",
            "journal:1.2.x.3",
            "journal:1.2.a.3.4",
            "rapport-region:oui",
            "relancer:Bretagne",
        ] {
            assert_eq!(Action::parse(id), None, "{id}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(id in ".{0,120}") {
            if let Some(action) = Action::parse(&id) {
                prop_assert_eq!(Action::parse(&action.custom_id()), Some(action));
            }
        }
    }
}
