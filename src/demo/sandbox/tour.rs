//! The guided tour: eight things to try, each ticked when the world shows that it was done.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::country::TOWNS;
use super::seed::relays_of;
use super::{AWA, CAMILLE, INES};
use crate::loopback::model::{ChannelKind, Message};
use crate::loopback::page::Stop;
use crate::loopback::{Id, Loopback, World, fold, text_of};

/// The role that relays bear on the server.
const RELAY: &str = "Relai local";
/// The role of the members of that group.
const MEMBER: &str = "Groupe Lunel";
/// The category of the group that the tour is about, once it has its space.
const SPACE: &str = "🌱 Lunel";

fn stop(title: &str, text: &str, who: Option<Id>, done: impl Fn(&World) -> bool + Send + Sync + 'static) -> Stop {
    Stop {
        title: title.to_owned(),
        text: text.to_owned(),
        who,
        done: Box::new(done),
    }
}

/// What only that person sees.
fn own(world: &World, user: Id) -> impl Iterator<Item = &Message> {
    world
        .ephemerals
        .values()
        .filter(move |message| message.ephemeral_to == Some(user))
}

fn holders(world: &World, role: &str) -> Vec<Id> {
    world
        .role_named(role)
        .map(|role| world.holders(role.id))
        .unwrap_or_default()
}

/// The eight steps, as the world stands before the bot is started; `evening` is the next Sunday at 18:00.
pub(super) fn tour(discord: &Loopback, evening: DateTime<Utc>) -> Vec<Stop> {
    let (camille, awa) = (discord.user(CAMILLE.0), discord.user(AWA.0));
    let before: BTreeSet<Id> = discord.read(|world| world.guild().members.keys().copied().collect());
    let mut outsiders = before.clone();
    outsiders.remove(&discord.user(INES.0));
    let relays: BTreeSet<Id> = (0..TOWNS.len())
        .flat_map(relays_of)
        .map(|username| discord.user(&username))
        .collect();
    vec![
        stop(
            "Ouvrez vos contacts",
            "Vous êtes **Camille**, relai du groupe Lunel. Tapez `/contacts` dans n’importe quel salon : la réponse n’est \
             que pour vous.",
            Some(camille),
            move |world| world.was_answered(Some(camille), "contacts"),
        ),
        stop(
            "Notez un appel",
            "Dans la liste, choisissez une personne : sa fiche s’ouvre. Appuyez sur **Pas de réponse**, comme après un \
             appel sans suite.",
            Some(camille),
            move |world| own(world, camille).any(noted),
        ),
        stop(
            "Validez la 5e personne de Lunel",
            "Tapez `/valider`, ajoutez l’option `inscrit` et choisissez quelqu’un. Envoyez le formulaire, puis \
             **Confirmer** : à 5 membres, le groupe reçoit son espace.",
            Some(camille),
            move |world| space(world).is_some(),
        ),
        stop(
            "Écrivez dans le nouvel espace",
            "La catégorie **🌱 Lunel** apparaît à gauche. Lisez son `registre`, puis souhaitez la bienvenue dans \
             `discussion`.",
            Some(camille),
            move |world| {
                let discussion = space(world).and_then(|category| {
                    world
                        .children(category)
                        .into_iter()
                        .find(|channel| channel.name == "discussion")
                });
                discussion.is_some_and(|channel| {
                    let mut messages = world.messages_in(channel.id).into_iter();
                    messages.any(|message| message.author_id != world.bot.user_id)
                })
            },
        ),
        stop(
            "Faites arriver quelqu’un",
            "Ouvrez la liste des personnes, en haut à gauche, et appuyez sur **Une nouvelle personne arrive**. Vous devenez \
             cette personne : voyez ce qu’elle voit, et ce qu’elle ne voit pas.",
            None,
            move |world| world.guild().members.keys().any(|user| !before.contains(user)),
        ),
        stop(
            "Invitez par un code",
            "Redevenez Camille et tapez `/invitation` pour la personne que vous venez de valider : elle n’a pas encore de \
             compte Discord. Avec le code, la nouvelle personne tape `/rejoindre` et entre dans l’espace.",
            Some(camille),
            move |world| holders(world, MEMBER).iter().any(|user| !outsiders.contains(user)),
        ),
        stop(
            "Attendez dimanche soir",
            "Avancez le temps à **dimanche 18 h** avec l’horloge : Camille reçoit en message privé le rappel des personnes à \
             rappeler.",
            Some(camille),
            move |world| {
                world.now() >= evening
                    && world
                        .dms_of(camille)
                        .iter()
                        .any(|message| message.author_id == world.bot.user_id && text_of(message).contains("ce soir"))
            },
        ),
        stop(
            "Nommez un relai",
            "Devenez **Awa**, référent régional. Carcassonne attend un relai : tapez `/relai nommer` et choisissez-y \
             quelqu’un.",
            Some(awa),
            move |world| holders(world, RELAY).iter().any(|user| !relays.contains(user)),
        ),
    ]
}

fn space(world: &World) -> Option<Id> {
    let mut categories = world
        .channels
        .values()
        .filter(|channel| channel.kind == ChannelKind::Category);
    categories
        .find(|channel| channel.name == SPACE)
        .map(|channel| channel.id)
}

/// Whether an answer says that a call without an answer was noted.
fn noted(message: &Message) -> bool {
    fold(&text_of(message)).contains("Noté : pas de réponse")
}
