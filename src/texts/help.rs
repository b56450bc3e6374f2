//! `/aide`: the parts of `config/textes/aide.md` that concern someone, one embed each.

use super::templates::Passage;
use crate::domain::view::{Embed, Message, Tone};

/// Parts the commands of a line from what they are for.
const FOR: &str = "\u{a0}:";

/// The answer: the parts, without the commands that this version does not have. The texts tell the whole product, a reader
/// is told what can be typed today. `served` names the registered commands with their subcommands, without «/».
#[must_use]
pub fn show(parts: &[Passage], served: &[String]) -> Message {
    parts.iter().fold(Message::default(), |message, part| {
        let lines: Vec<String> = part.text.lines().filter_map(|line| known(line, served)).collect();
        if lines.is_empty() {
            return message;
        }
        message.with_embed(Embed::new(Tone::Neutral, part.title.clone(), lines.join("\n")))
    })
}

/// A line as it is, a line of commands with those that are served, or nothing when none is.
fn known(line: &str, served: &[String]) -> Option<String> {
    let Some((head, purpose)) = line.split_once(FOR).filter(|(head, _)| head.starts_with("`/")) else {
        return Some(line.to_owned());
    };
    let is_served = |name: &str| {
        let family = format!("{name} ");
        served.iter().any(|own| own == name || own.starts_with(&family))
    };
    let names: Vec<String> = head
        .split('`')
        .filter(|piece| piece.strip_prefix('/').is_some_and(is_served))
        .map(|piece| format!("`{piece}`"))
        .collect();
    (!names.is_empty()).then(|| format!("{}{FOR}{purpose}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commands_that_can_be_typed_are_named() {
        let part = Passage {
            title: "Aide".to_owned(),
            text: "`/valider`\u{a0}: confirmer.\n`/importer`, `/exporter`\u{a0}: les inscriptions.\n`/reunion prochaine`\u{a0}: la \
                   réunion.\n`/relai`\u{a0}: les relais.\nCe bot est un programme."
                .to_owned(),
        };
        let empty = Passage {
            title: "Réunion".to_owned(),
            text: "`/reunion prochaine`\u{a0}: la réunion.".to_owned(),
        };
        let served = ["valider", "importer", "relai nommer"].map(str::to_owned);
        let message = show(&[part, empty], &served);
        assert_eq!(message.embeds.len(), 1, "a part without any command left is not shown");
        assert_eq!(
            message.embeds[0].description,
            "`/valider`\u{a0}: confirmer.\n`/importer`\u{a0}: les inscriptions.\n`/relai`\u{a0}: les relais.\nCe bot est un \
             programme."
        );
    }
}
