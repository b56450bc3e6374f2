//! The facts of the answer to a validation: told at once, and again when the space is ready (product.md §6.3).

use crate::domain::ids::MembershipId;
use crate::domain::ladder::Step;
use crate::error::Outcome;
use crate::store::{Tx, bindings, groups, ladder, memberships, participation, people};
use crate::texts::valider::Confirmed;
pub use crate::texts::valider::Space;
use crate::usecases::{App, standing};

/// The facts of one participation, as they are now; `None` once it has ended or its person is gone.
///
/// # Errors
/// When the database fails.
pub async fn facts(tx: &mut Tx, app: &App, membership: MembershipId) -> Outcome<Option<Confirmed>> {
    let Some(membership) = memberships::get(tx, membership)
        .await?
        .filter(|found| found.ended.is_none())
    else {
        return Ok(None);
    };
    let Some(group) = groups::get(tx, membership.group).await? else {
        return Ok(None);
    };
    let Some(person) = people::get(tx, membership.person).await? else {
        return Ok(None);
    };
    let Some(identity) = &person.identity else {
        return Ok(None);
    };
    let rules = app.rules();
    let standing = standing::of(tx, &rules, group.id).await?;
    // The participation that crossed a step: it was the n-th, and the step has its date.
    let ordinal = participation::ordinal(tx, membership.id).await?;
    let crossed = ladder::steps(tx, group.id)
        .await?
        .into_iter()
        .rev()
        .filter(|step| step.step != Step::Possible && step.at == membership.validated_at)
        .map(|step| (step.step, rules.thresholds.of(step.step)))
        .find(|(_, threshold)| *threshold == ordinal);
    let space = if !standing.reached.contains(&Step::Forming) {
        Space::NotYet
    } else {
        match (app.guild(), bindings::space_ready(tx, group.id).await?) {
            (Some(guild), Some(channel)) => Space::Ready { guild, channel },
            _ => Space::Preparing,
        }
    };
    Ok(Some(Confirmed {
        membership: membership.id,
        group: group.id,
        group_name: group.name,
        name: identity.short(),
        first: identity.first.to_string(),
        number: membership.number,
        members: standing.members,
        crossed,
        next: standing.next,
        top: standing.top,
        space,
        linked: person.discord.is_some(),
        outside: false,
    }))
}
