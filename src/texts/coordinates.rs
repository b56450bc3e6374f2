//! The words of «Coordonnées du groupe» (product.md §8).

use std::ops::Range;

use super::markdown::{escape_line, fit};
use crate::domain::action::Action;
use crate::domain::ids::GroupId;
use crate::domain::view::{Button, Embed, Message, Style, Tone, count};

/// The most characters of the lines of a page: an embed's description has 4,096.
const ROOM: usize = 4000;

/// One member.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// The number in the register.
    pub number: u32,
    /// «Camille DUPRÉ».
    pub name: String,
    /// The phone, as one dials it.
    pub phone: String,
    /// The mail.
    pub mail: String,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The group.
    pub group: GroupId,
    /// Its name.
    pub name: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Which page, from 0.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

/// Which lines go on which page: `most` at most, and no more than fit. One page at least.
#[must_use]
pub fn split(lines: &[Line], most: usize) -> Vec<Range<usize>> {
    let mut pages = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (index, line) in lines.iter().enumerate() {
        let length = count(&written(line)) + 1;
        if index > start && (index - start == most || used + length > ROOM) {
            pages.push(start..index);
            (start, used) = (index, 0);
        }
        used += length;
    }
    pages.push(start..lines.len());
    pages
}

/// «`1` **Camille DUPRÉ** — 06 39 98 12 34 · camille.dupre@example.org».
fn written(line: &Line) -> String {
    let details: Vec<String> = [&line.phone, &line.mail]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| escape_line(part))
        .collect();
    format!(
        "`{}` **{}** — {}",
        line.number,
        escape_line(&line.name),
        details.join(" · ")
    )
}

/// The page, with the buttons to the others.
#[must_use]
pub fn page(page: &Page) -> Message {
    let lines: Vec<String> = page.lines.iter().map(written).collect();
    let body = if lines.is_empty() {
        "Aucun membre pour le moment.".to_owned()
    } else {
        lines.join("\n")
    };
    let title = format!("Coordonnées — groupe {}", fit(&page.name, 200));
    let mut embed = Embed::new(Tone::Neutral, title, body);
    embed.footer = format!(
        "Page {} / {} · Ces coordonnées sont confiées au groupe\u{a0}: elles ne se transmettent pas. Chaque consultation est notée.",
        page.index + 1,
        page.of
    );
    let message = Message::default().with_embed(embed);
    if page.of < 2 {
        return message;
    }
    let to = |index: u32| Action::Coordinates(page.group, index);
    message.with_buttons(vec![
        Button::new("Précédent", Style::Secondary, to(page.index.saturating_sub(1))).enabled(page.index > 0),
        // The bounds differ from those of «Précédent», so that no two buttons bear the same identifier.
        Button::new("Suivant", Style::Secondary, to(page.index + 1)).enabled(page.index + 1 < page.of),
    ])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(number: u32, name: &str, mail: &str) -> Line {
        Line {
            number,
            name: name.to_owned(),
            phone: "06 39 98 12 34".to_owned(),
            mail: mail.to_owned(),
        }
    }

    #[test]
    fn a_page_reads_simply() {
        let page = Page {
            group: GroupId(3),
            name: "Lunel".to_owned(),
            lines: vec![
                line(1, "Camille DUPRÉ", "camille.dupre@example.org"),
                line(2, "Noé LE GOFF", ""),
            ],
            index: 0,
            of: 2,
        };
        let message = super::page(&page);
        let embed = &message.embeds[0];
        insta::assert_snapshot!(format!("{}\n{}\n{}", embed.title, embed.description, embed.footer));
    }

    proptest! {
        #[test]
        fn every_page_fits_and_no_line_is_lost(
            rows in prop::collection::vec(("[A-Za-z*_é ]{1,121}", "[a-z_]{1,60}"), 0..60), most in 1usize..=20,
        ) {
            let lines: Vec<Line> = (1..)
                .zip(&rows)
                .map(|(number, (name, mail))| line(number, name, &format!("{mail}@example.org")))
                .collect();
            let pages = split(&lines, most);
            let all: Vec<usize> = pages.iter().cloned().flatten().collect();
            prop_assert_eq!(all, (0..lines.len()).collect::<Vec<_>>());
            for (index, range) in (0..).zip(&pages) {
                prop_assert!(range.len() <= most);
                let page = Page {
                    group: GroupId(1),
                    name: "Lunel".to_owned(),
                    lines: lines[range.clone()].to_vec(),
                    index,
                    of: u32::try_from(pages.len()).unwrap(),
                };
                prop_assert_eq!(super::page(&page).faults(), Vec::<String>::new());
            }
        }
    }
}
