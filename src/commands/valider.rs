//! `/valider` and everything that its messages can do (product.md §6).

use serenity::all as serenity;

use super::components::{Press, Submission};
use super::{Context, author, reply, suggest};
use crate::domain::action::{Action, DraftId};
use crate::domain::ids::{GroupId, MembershipId, PersonId, TransferId};
use crate::domain::person::Field;
use crate::domain::view::{Message, Modal};
use crate::error::{Failure, Outcome};
use crate::texts;
use crate::texts::valider::Filled;
use crate::usecases::transfer::Stand;
use crate::usecases::validation::confirm::{Confirmation, Thread};
use crate::usecases::validation::form::Submitted;
use crate::usecases::validation::open::{Asked, Opened};
use crate::usecases::validation::{Typed, confirm, form, open};
use crate::usecases::{annul, not_me, transfer};

/// Valider la participation d’une personne, avec son accord
#[poise::command(slash_command, rename = "valider")]
pub(super) async fn valider(
    ctx: Context<'_>,
    #[description = "La personne inscrite ; laissez vide pour une personne recrutée sur place"]
    #[autocomplete = "inscrit"]
    inscrit: Option<String>,
    #[description = "Son compte Discord, si elle est déjà sur ce serveur"] membre: Option<serenity::User>,
) -> Result<(), Failure> {
    let app = &ctx.data().app;
    let asked = Asked {
        inscrit,
        account: membre
            .as_ref()
            .map(|user| super::seen(&ctx.interaction.data.resolved, user.id)),
    };
    match open::start(app, author(ctx), asked, app.clock.now()).await? {
        Opened::Charter { charter, draft } => {
            let message = texts::valider::charter(&charter, Action::ValiderCharter(draft));
            reply(ctx).send(&message).await?;
        }
        Opened::Form { draft, typed } => reply(ctx).open(&modal(&draft, &typed)).await?,
    }
    Ok(())
}

/// The suggestions of `inscrit`.
async fn inscrit(ctx: Context<'_>, partial: &str) -> serenity::CreateAutocompleteResponse {
    let app = &ctx.data().app;
    suggest::answer(crate::usecases::validation::suggest::contacts(app, author(ctx), partial).await)
}

fn modal(draft: &DraftId, typed: &Typed) -> Modal {
    let filled = Filled {
        first: &typed.first,
        last: &typed.last,
        phone: &typed.phone,
        mail: &typed.mail,
        postal_code: &typed.postal_code,
    };
    texts::valider::form(draft, &filled)
}

/// «Valider», on the card of a contact: the form, filled (product.md §5).
pub(super) async fn open_for(press: &Press<'_>, person: PersonId) -> Outcome<()> {
    let app = &press.data.app;
    let asked = Asked {
        inscrit: Some(person.to_string()),
        account: None,
    };
    match open::start(app, press.actor, asked, app.clock.now()).await? {
        Opened::Charter { charter, draft } => {
            press
                .reply
                .send(&texts::valider::charter(&charter, Action::ValiderCharter(draft)))
                .await?;
        }
        Opened::Form { draft, typed } => press.reply.open(&modal(&draft, &typed)).await?,
    }
    Ok(())
}

/// «J’accepte la charte»: straight on to the form.
pub(super) async fn accept_charter(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    let opened = open::accept_charter(app, press.actor, draft, app.clock.now()).await?;
    if let Opened::Form { draft, typed } = opened {
        press.reply.open(&modal(&draft, &typed)).await?;
    }
    Ok(())
}

/// «Corriger»: the form again, filled.
pub(super) async fn correct(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    let typed = open::correct(app, press.actor, draft, app.clock.now()).await?;
    press.reply.open(&modal(draft, &typed)).await?;
    Ok(())
}

/// «Annuler»: what was typed is forgotten.
pub(super) async fn cancel(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    open::cancel(app, press.actor, draft, app.clock.now()).await?;
    press.reply.update(&texts::valider::cancelled()).await?;
    Ok(())
}

/// The form was submitted.
pub(super) async fn submitted(submission: &Submission<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &submission.data.app;
    let field = |field: Field| submission.field(field.id()).to_owned();
    let typed = Typed {
        first: field(Field::Prenom),
        last: field(Field::Nom),
        phone: field(Field::Telephone),
        mail: field(Field::Mail),
        postal_code: field(Field::CodePostal),
    };
    let answer = form::submit(app, submission.actor, draft, typed, app.clock.now()).await?;
    let message = view(draft, &answer);
    // Opened by «Corriger» or by the charter's button, the form replaces the message that bore it.
    if submission.from_message {
        submission.reply.update(&message).await?;
    } else {
        submission.reply.send(&message).await?;
    }
    Ok(())
}

fn view(draft: &DraftId, answer: &Submitted) -> Message {
    match answer {
        Submitted::Faulty(errors) => texts::valider::faults(draft, errors),
        Submitted::Summary(summary) => texts::valider::summary(summary),
    }
}

/// A group was chosen.
pub(super) async fn choose_group(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    let Some(group) = press.values.first().and_then(|value| value.parse::<GroupId>().ok()) else {
        return Err(super::components::stale());
    };
    let answer = form::choose_group(app, press.actor, draft, group, app.clock.now()).await?;
    press.reply.update(&view(draft, &answer)).await?;
    Ok(())
}

/// A territory was chosen.
pub(super) async fn choose_place(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    let Some(place) = press.values.first() else {
        return Err(super::components::stale());
    };
    let answer = form::choose_place(app, press.actor, draft, place, app.clock.now()).await?;
    press.reply.update(&view(draft, &answer)).await?;
    Ok(())
}

/// What edits this press's answer later.
fn thread(press: &Press<'_>) -> Thread {
    Thread {
        application: press.application,
        token: press.reply.token().to_owned(),
    }
}

/// «Confirmer».
pub(super) async fn confirm(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    match confirm::confirm(app, press.actor, draft, Some(&thread(press)), app.clock.now()).await? {
        Confirmation::Done(done) => press.reply.update(&texts::valider::confirmed(&done)).await?,
        // A message of its own: the first answer, which may be on its way, is not overwritten.
        Confirmation::Already(known) => press.reply.send(&texts::valider::already(&known)).await?,
        Confirmation::Elsewhere { standing, draft } => {
            press
                .reply
                .send(&texts::valider::elsewhere(
                    &standing,
                    Some(texts::transfer::button(&draft)),
                ))
                .await?;
        }
    }
    Ok(())
}

/// «Annuler la validation»: the form of the reason.
pub(super) async fn annul(press: &Press<'_>, membership: MembershipId) -> Outcome<()> {
    let app = &press.data.app;
    annul::allow(app, press.actor, membership, app.clock.now()).await?;
    press.reply.open(&texts::annul::form(membership)).await?;
    Ok(())
}

/// One of the validations of a feed was chosen.
pub(super) async fn annul_pick(press: &Press<'_>) -> Outcome<()> {
    let membership = press
        .values
        .first()
        .and_then(|value| value.parse().ok())
        .ok_or_else(super::components::stale)?;
    annul(press, membership).await
}

/// The reason was submitted.
pub(super) async fn annul_submitted(submission: &Submission<'_>, membership: MembershipId) -> Outcome<()> {
    let app = &submission.data.app;
    let reason = submission.field(texts::annul::REASON);
    let done = annul::annul(app, submission.actor, membership, reason, app.clock.now()).await?;
    submission
        .reply
        .send(&texts::annul::done(
            &done.name,
            &done.group,
            &done.standing,
            done.is_contact,
        ))
        .await?;
    Ok(())
}

/// «Ce n’est pas moi».
pub(super) async fn not_me(press: &Press<'_>, person: PersonId) -> Outcome<()> {
    let app = &press.data.app;
    not_me::unlink(app, press.actor, person, app.clock.now()).await?;
    press.reply.update(&texts::not_me::done()).await?;
    Ok(())
}

/// «Proposer un transfert».
pub(super) async fn propose_transfer(press: &Press<'_>, draft: &DraftId) -> Outcome<()> {
    let app = &press.data.app;
    let facts = transfer::propose(app, press.actor, draft, app.clock.now()).await?;
    press.reply.update(&texts::transfer::proposed(&facts)).await?;
    Ok(())
}

/// «Voir le transfert»: where it stands, and what the one who pressed may do about it, in an answer that nobody else reads.
pub(super) async fn see_transfer(press: &Press<'_>, id: TransferId) -> Outcome<()> {
    let message = match transfer::see(&press.data.app, press.actor, id).await? {
        Stand::Asked(facts) => texts::transfer::asked(&facts),
        Stand::Waiting(facts) => texts::transfer::proposed(&facts),
        Stand::Agreed(facts) => texts::transfer::agreed(&facts),
        Stand::Accepted(facts) => texts::transfer::accepted(&facts),
        Stand::Refused(facts) => texts::transfer::refused(&facts),
        Stand::Done(facts) => texts::transfer::done(&facts),
    };
    press.reply.send(&message).await?;
    Ok(())
}

/// «Accepter le transfert».
pub(super) async fn accept_transfer(press: &Press<'_>, id: TransferId) -> Outcome<()> {
    let app = &press.data.app;
    let facts = transfer::accept(app, press.actor, id, app.clock.now()).await?;
    press.reply.update(&texts::transfer::agreed(&facts)).await?;
    Ok(())
}

/// «Refuser».
pub(super) async fn decline_transfer(press: &Press<'_>, id: TransferId) -> Outcome<()> {
    let app = &press.data.app;
    let facts = transfer::decline(app, press.actor, id, app.clock.now()).await?;
    press.reply.update(&texts::transfer::declined(&facts)).await?;
    Ok(())
}

/// «Cette personne accepte».
pub(super) async fn complete_transfer(press: &Press<'_>, id: TransferId) -> Outcome<()> {
    let app = &press.data.app;
    let done = transfer::complete(app, press.actor, id, Some(&thread(press)), app.clock.now()).await?;
    press.reply.update(&texts::valider::confirmed(&done)).await?;
    Ok(())
}

/// «Abandonner».
pub(super) async fn drop_transfer(press: &Press<'_>, id: TransferId) -> Outcome<()> {
    let app = &press.data.app;
    let facts = transfer::drop_it(app, press.actor, id, app.clock.now()).await?;
    press.reply.update(&texts::transfer::dropped(&facts)).await?;
    Ok(())
}
