//! The second station: the fields are checked, then the person's consent is asked, with the choices that are needed.

use chrono::{DateTime, Utc};

use super::place::{self, Placing};
use super::whom::{self, Matches, Standing};
use super::{Sheet, Typed, groups_of, open_sheet, relay};
use crate::domain::action::DraftId;
use crate::domain::ids::GroupId;
use crate::domain::person::{FieldError, Identity};
use crate::domain::territory::{Atlas, PostalCode};
use crate::error::{Outcome, Refusal, UserError};
use crate::store::groups::Group;
use crate::store::people::{self, Person};
use crate::store::{Tx, drafts};
use crate::texts;
use crate::texts::templates::{Consent, ConsentFacts};
use crate::texts::valider::{Elsewhere, GroupOption, Summary};
use crate::usecases::App;
use crate::usecases::authority::{Actor, Authority};

/// What follows the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// Some fields are to be corrected; what was typed is kept.
    Faulty(Vec<FieldError>),
    /// Everything is well formed: the consent is asked.
    Summary(Box<Summary>),
}

/// Checks the form. What was typed is kept before it is judged, so that «Corriger» finds it again.
///
/// # Errors
/// Reserved to relays; an expired or spent draft; a person or an account that was refused meanwhile.
pub async fn submit(app: &App, actor: Actor, draft: &DraftId, typed: Typed, now: DateTime<Utc>) -> Outcome<Submitted> {
    change(app, actor, draft, now, |sheet| sheet.typed = typed).await
}

/// Chooses the group, for a relay of several.
///
/// # Errors
/// As [`submit`]; a group that is not the relay's is not found.
pub async fn choose_group(
    app: &App,
    actor: Actor,
    draft: &DraftId,
    group: GroupId,
    now: DateTime<Utc>,
) -> Outcome<Submitted> {
    change(app, actor, draft, now, |sheet| sheet.group = Some(group)).await
}

/// Chooses the territory of an ambiguous postal code; `place` is the value of its line.
///
/// # Errors
/// As [`submit`].
pub async fn choose_place(
    app: &App,
    actor: Actor,
    draft: &DraftId,
    place: &str,
    now: DateTime<Utc>,
) -> Outcome<Submitted> {
    change(app, actor, draft, now, |sheet| sheet.place = Some(place.to_owned())).await
}

async fn change(
    app: &App,
    actor: Actor,
    draft: &DraftId,
    now: DateTime<Utc>,
    edit: impl FnOnce(&mut Sheet),
) -> Outcome<Submitted> {
    let mut tx = app.store.write().await?;
    let authority = relay(&mut tx, actor).await?;
    let mut sheet = open_sheet(&mut tx, draft, actor.user, now).await?;
    edit(&mut sheet);
    let atlas = app.atlas();
    let answer = match read(&atlas, &sheet.typed) {
        Err(faults) => Submitted::Faulty(faults),
        Ok(form) => {
            let case = Case::study(&mut tx, &authority, &atlas, &mut sheet, form).await?;
            Submitted::Summary(Box::new(case.summary(&mut tx, app, &atlas, draft, &sheet).await?))
        }
    };
    drafts::replace(&mut tx, draft, &sheet).await?;
    tx.commit_quietly().await?;
    Ok(answer)
}

/// A form whose five fields are well formed.
pub(super) struct Form {
    pub(super) identity: Identity,
    pub(super) code: PostalCode,
}

/// Reads the five fields.
pub(super) fn read(atlas: &Atlas, typed: &Typed) -> Result<Form, Vec<FieldError>> {
    let identity = Identity::parse(&typed.first, &typed.last, &typed.phone, &typed.mail, &typed.postal_code);
    match (identity, place::postal_code(atlas, &typed.postal_code)) {
        (Ok(identity), Ok(code)) => Ok(Form { identity, code }),
        (Err(mut faults), Err(fault)) => {
            faults.push(fault);
            Err(faults)
        }
        (Err(faults), Ok(_)) => Err(faults),
        (Ok(_), Err(fault)) => Err(vec![fault]),
    }
}

/// Everything that is known of one validation before it is written.
pub(super) struct Case {
    pub(super) form: Form,
    /// The person on file: chosen by the relay, else recognised.
    pub(super) person: Option<Person>,
    pub(super) matches: Matches,
    pub(super) standing: Option<Standing>,
    pub(super) placing: Placing,
    /// The groups among which the relay chooses.
    pub(super) groups: Vec<Group>,
    /// The group, once it is known which.
    pub(super) group: Option<Group>,
}

impl Case {
    /// Gathers the facts. The group and the place of the sheet are settled on the way, so that what is confirmed later is
    /// what was shown.
    pub(super) async fn study(
        tx: &mut Tx,
        authority: &Authority,
        atlas: &Atlas,
        sheet: &mut Sheet,
        form: Form,
    ) -> Outcome<Case> {
        let chosen = match sheet.person {
            Some(id) => Some(whom::chosen(tx, authority, id).await?),
            None => None,
        };
        let matches = whom::matches(tx, &form.identity, &form.code.to_string(), sheet.person).await?;
        let standing = whom::standing(tx, chosen.as_ref(), &matches).await?;
        let recognised = match (&chosen, matches.same.first()) {
            (None, Some(same)) => people::get(tx, same.id).await?,
            _ => None,
        };
        let person = chosen.or(recognised);
        if let Some(seen) = &sheet.account {
            whom::linkable(tx, seen, person.as_ref()).await?;
        }
        if sheet.place.as_ref().is_some_and(|place| {
            !place::choices(atlas, form.code)
                .iter()
                .any(|option| option.value == *place)
        }) {
            sheet.place = None;
        }
        let placing = place::placing(atlas, form.code, person.as_ref(), sheet.place.as_deref());
        let groups = groups_of(tx, authority).await?;
        sheet.group = match (groups.as_slice(), sheet.group) {
            (_, Some(chosen)) => {
                authority.relayed_group(tx, chosen).await?;
                Some(chosen)
            }
            ([only], None) => Some(only.id),
            (several, None) if sheet.person.is_some() => {
                let calling = match &person {
                    Some(person) => whom::calling_group(tx, person).await?,
                    None => None,
                };
                calling.filter(|group| several.iter().any(|own| own.id == *group))
            }
            (_, None) => None,
        };
        let group = groups.iter().find(|group| Some(group.id) == sheet.group).cloned();
        if sheet.group.is_some() && group.is_none() {
            return Err(UserError::new(Refusal::Conflict, texts::valider::only_archived_groups()).into());
        }
        Ok(Case {
            form,
            person,
            matches,
            standing,
            placing,
            groups,
            group,
        })
    }

    /// Whether nothing is left to choose.
    pub(super) fn is_ready(&self) -> bool {
        self.group.is_some() && !matches!(self.placing, Placing::Ambiguous(_))
    }

    /// Whether the place is outside the group's territory; unknown while a choice is open.
    pub(super) async fn is_outside(&self, tx: &mut Tx) -> Outcome<bool> {
        let Some(group) = &self.group else { return Ok(false) };
        if matches!(self.placing, Placing::Ambiguous(_)) {
            return Ok(false);
        }
        Ok(place::group_of(tx, &self.placing).await? != Some(group.id))
    }

    async fn summary(&self, tx: &mut Tx, app: &App, atlas: &Atlas, draft: &DraftId, sheet: &Sheet) -> Outcome<Summary> {
        let key = place::key_of(tx, &self.placing).await?;
        let places = match &self.placing {
            Placing::Kept(_) => Vec::new(),
            _ => place::choices(atlas, self.form.code),
        };
        Ok(Summary {
            draft: draft.clone(),
            identity: self.form.identity.clone(),
            postal_code: self.form.code.to_string(),
            place: atlas.place_label(self.form.code, key.as_ref()),
            account: sheet
                .account
                .as_ref()
                .map(|seen| (seen.display.clone(), seen.username.clone())),
            group: self.group.as_ref().map(|group| group.name.clone()),
            groups: self.group_options(),
            places,
            place_chosen: sheet.place.clone(),
            consent: self.group.as_ref().map(|group| consent(app, &group.name)),
            already: self.standing.as_ref().map(|standing| Elsewhere {
                group: standing.name.clone(),
                number: standing.number,
                same: self.group.as_ref().is_none_or(|group| group.id == standing.group),
            }),
            outside: self.is_outside(tx).await?,
            ready: self.is_ready(),
        })
    }

    fn group_options(&self) -> Vec<GroupOption> {
        if self.groups.len() < 2 {
            return Vec::new();
        }
        let chosen = self.group.as_ref().map(|group| group.id);
        self.groups
            .iter()
            .map(|group| GroupOption {
                id: group.id,
                name: group.name.clone(),
                chosen: Some(group.id) == chosen,
            })
            .collect()
    }
}

/// The consent text for a group, in the version that is kept with the participation.
pub(in crate::usecases) fn consent(app: &App, group: &str) -> Consent {
    let texts = app.texts();
    let privacy = texts.privacy_summary(&app.settings.privacy_facts());
    texts.consent(&ConsentFacts {
        group: group.to_owned(),
        privacy,
    })
}
