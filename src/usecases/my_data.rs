//! «Mes données», under the welcome: what is held about the account that presses, by kinds and dates only (product.md §11, §16).

use super::App;
use super::authority::Actor;
use crate::error::Outcome;
use crate::store::{authority, greetings, groups, meeting_subscribers, memberships, names, opt_outs, people};
use crate::texts::my_data::{File, Held};

/// What is held about this account.
///
/// # Errors
/// When the database fails.
pub async fn show(app: &App, actor: Actor) -> Outcome<Held> {
    let mut tx = app.store.read().await?;
    let user = actor.user;
    let functions = authority::functions(&mut tx, user).await?;
    let mut relay_of = Vec::new();
    for id in &functions.relays {
        relay_of.extend(groups::get(&mut tx, *id).await?.map(|group| group.name));
    }
    let atlas = app.atlas();
    let referent_of = functions
        .regions
        .iter()
        .map(|code| {
            atlas
                .region(&code.0)
                .map_or_else(|| code.0.clone(), |region| region.name.clone())
        })
        .collect();
    let file = match people::of_account(&mut tx, user).await? {
        None => None,
        Some(person) => {
            let membership = memberships::current(&mut tx, person.id).await?;
            let group = match &membership {
                Some(membership) => groups::get(&mut tx, membership.group).await?,
                None => None,
            };
            Some(File {
                member: group
                    .zip(membership)
                    .map(|(group, membership)| (group.name, membership.validated_at)),
            })
        }
    };
    Ok(Held {
        on_server: names::presence(&mut tx, user).await?.map(|presence| presence.present),
        greeted: greetings::of(&mut tx, user)
            .await?
            .filter(|greeting| greeting.welcomed)
            .map(|greeting| greeting.at),
        file,
        national: functions.national,
        relay_of,
        referent_of,
        meeting: meeting_subscribers::since(&mut tx, user).await?,
        stopped: opt_outs::since(&mut tx, user).await?,
        rights: app.texts().privacy_rights(&app.settings.privacy_facts()),
    })
}
