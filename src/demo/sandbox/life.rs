//! What people have done on the server before the visitor comes: `/installer`, and some words here and there.

use super::seed::people_of;
use super::{AWA, INES, NADIA, NOE};
use crate::loopback::{Id, Loopback};

/// Lets the national team put the server in place. It goes on by itself; a bot without that command loses nothing.
pub(super) async fn begin(discord: &Loopback) {
    if discord.read(|world| world.command_named("installer").is_none()) {
        return;
    }
    let done = discord.person(NADIA.0).hasty().slash("installer", &[]).await;
    if let Err(refusal) = done {
        tracing::warn!(%refusal, "the server of the sandbox is not installed");
    }
}

/// Writes what people said, where they can say it.
pub(super) fn talk(discord: &Loopback) {
    let member = people_of(1)[0].username();
    let said = [
        (
            "général",
            INES.0,
            "Bonjour à toutes et à tous ! Je découvre le mouvement, par où commencer ?",
        ),
        (
            "général",
            AWA.0,
            "Bienvenue Inès ! La réunion des nouveaux arrivants a lieu **lundi à 20\u{a0}h**, ici même.",
        ),
        (
            "entraide",
            NOE.0,
            "Une astuce pour les appels : le **samedi matin**, on me répond une fois sur deux.",
        ),
        (
            "entraide",
            AWA.0,
            "> une fois sur deux\nMême chose chez nous. Pensez à noter chaque appel avec `/appel`.",
        ),
        (
            "présentations",
            member.as_str(),
            "Je suis membre du groupe de Nîmes depuis février. ||Et j’adore ça.||",
        ),
    ];
    for (channel, who, text) in said {
        let place = discord.read(|world| world.channel_named(channel).map(|channel| channel.id));
        say(discord, place, who, text);
    }
    let inside = discord.read(|world| {
        let category = world
            .channels
            .values()
            .find(|channel| channel.name.ends_with("ACP Nîmes"))?;
        let rooms = world.children(category.id);
        rooms
            .into_iter()
            .find(|room| room.name == "discussion")
            .map(|room| room.id)
    });
    say(
        discord,
        inside,
        NOE.0,
        "L’assemblée de printemps : je propose le samedi 20 mars. Qui peut venir ?",
    );
    say(discord, inside, &member, "Présent. Je peux apporter de quoi manger.");
}

fn say(discord: &Loopback, place: Option<Id>, who: &str, text: &str) {
    let Some(place) = place else { return };
    // Whoever may not write there stays silent.
    if let Err(refusal) = discord.person(who).send_message(place, text) {
        tracing::debug!(%refusal, "nothing is said");
    }
}
