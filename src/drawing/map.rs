//! The tile map of `/couverture`: 101 squares, each with its code, the letter of its best stage and the number of its groups.

use super::palette::{GROUND, INK, SOFT, colours};
use super::svg::{Anchor, Rect, Svg, Text};
use super::{SMALLEST, WIDTH};
use crate::domain::coverage::{Coverage, Covered};
use crate::domain::ladder::Stage;
use crate::domain::tiles::{Part, ROWS, Tile};

/// From one tile to the next.
const PITCH: f32 = 100.0;
/// The side of a tile.
pub(super) const TILE: f32 = 94.0;
/// The left edge of the continent.
const LEFT: f32 = 50.0;
/// The upper edge of the first row.
const TOP: f32 = 24.0;
/// How far Corsica and the overseas départements stand off.
const APART: f32 = 30.0;
/// The edges of what is drawn.
const EDGES: (f32, f32) = (LEFT - APART, LEFT + 10.0 * PITCH + TILE + APART);
/// Where the legend begins.
const LEGEND: f32 = TOP + ROWS as f32 * PITCH;
/// The height of the image.
pub const HEIGHT: u32 = 1410;
/// The side of a sample of the legend.
const SAMPLE: f32 = 50.0;

/// A line of the legend: a stage, its letter on the tiles and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// The stage; `None` for no group.
    pub best: Option<Stage>,
    /// One letter, or nothing.
    pub letter: String,
    /// What it means, in a few words.
    pub label: String,
}

/// The words of the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Its title, in one or two words.
    pub title: String,
    /// Its date.
    pub date: String,
    /// The number of groups.
    pub groups: String,
    /// The number of départements that have one.
    pub departements: String,
    /// The name of the column of overseas départements, in two lines.
    pub overseas: [String; 2],
    /// What colours and figures are.
    pub key: String,
    /// The four lines of the legend.
    pub legend: [Meaning; 4],
}

impl Words {
    fn letter(&self, best: Option<Stage>) -> &str {
        self.legend
            .iter()
            .find(|meaning| meaning.best == best)
            .map_or("", |meaning| meaning.letter.as_str())
    }
}

/// The upper left corner of a tile.
pub(super) fn corner(tile: Tile) -> (f32, f32) {
    let aside = match tile.part {
        Part::Mainland => 0.0,
        Part::Corsica => APART,
        Part::Overseas => -APART,
    };
    (LEFT + tile.column as f32 * PITCH + aside, TOP + tile.row as f32 * PITCH)
}

/// The map as SVG: the same facts and words give the same text.
#[must_use]
pub fn svg(coverage: &Coverage, words: &Words) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT, GROUND);
    heading(&mut svg, words);
    for covered in &coverage.departements {
        tile(&mut svg, covered, words.letter(covered.best));
    }
    legend(&mut svg, words);
    svg.finish()
}

fn heading(svg: &mut Svg, words: &Words) {
    let plain = Text {
        id: "title",
        at: (EDGES.0, 84.0),
        anchor: Anchor::Start,
        size: 60,
        bold: true,
        colour: INK,
    };
    svg.text(&plain, &words.title);
    let small = Text {
        size: 34,
        bold: false,
        ..plain
    };
    svg.text(
        &Text {
            id: "date",
            at: (EDGES.0, 136.0),
            colour: SOFT,
            ..small
        },
        &words.date,
    );
    let right = Text {
        anchor: Anchor::End,
        ..plain
    };
    svg.text(
        &Text {
            id: "groups",
            at: (EDGES.1, 66.0),
            size: 42,
            ..right
        },
        &words.groups,
    );
    svg.text(
        &Text {
            id: "departements",
            at: (EDGES.1, 108.0),
            size: SMALLEST,
            bold: false,
            colour: SOFT,
            ..right
        },
        &words.departements,
    );
    for (line, y) in words.overseas.iter().zip([572.0, 606.0]) {
        let label = Text {
            id: "",
            at: (EDGES.0, y),
            size: SMALLEST,
            colour: SOFT,
            ..small
        };
        svg.text(&label, line);
    }
}

fn tile(svg: &mut Svg, covered: &Covered, letter: &str) {
    let (x, y) = corner(covered.tile);
    let colours = colours(covered.best);
    let code = covered.tile.code;
    svg.rect(&Rect {
        at: (x, y),
        size: (TILE, TILE),
        round: 8.0,
        fill: colours.fill,
        border: Some((colours.border, 3.0)),
    });
    let label = Text {
        id: &format!("code-{code}"),
        at: (x + 9.0, y + 36.0),
        anchor: Anchor::Start,
        size: SMALLEST,
        bold: covered.groups > 0,
        colour: colours.ink,
    };
    svg.text(&label, code);
    if !letter.is_empty() {
        svg.text(
            &Text {
                id: &format!("stage-{code}"),
                at: (x + 9.0, y + 82.0),
                ..label
            },
            letter,
        );
    }
    // Two digits in large; a third one still fits in small, nearer to the edge.
    let (size, edge) = match covered.groups {
        1..100 => (42, 9.0),
        0 => (SMALLEST, 9.0),
        _ => (SMALLEST, 5.0),
    };
    svg.text(
        &Text {
            id: &format!("count-{code}"),
            at: (x + TILE - edge, y + 82.0),
            anchor: Anchor::End,
            size,
            ..label
        },
        &covered.groups.to_string(),
    );
}

fn legend(svg: &mut Svg, words: &Words) {
    let text = Text {
        id: "key",
        at: (EDGES.0, LEGEND + 40.0),
        anchor: Anchor::Start,
        size: SMALLEST,
        bold: false,
        colour: INK,
    };
    svg.text(&text, &words.key);
    let places = [(0.0, 64.0), (0.0, 126.0), (590.0, 64.0), (590.0, 126.0)];
    for (number, (meaning, (dx, dy))) in words.legend.iter().zip(places).enumerate() {
        let colours = colours(meaning.best);
        let (x, y) = (EDGES.0 + dx, LEGEND + dy);
        svg.rect(&Rect {
            at: (x, y),
            size: (SAMPLE, SAMPLE),
            round: 6.0,
            fill: colours.fill,
            border: Some((colours.border, 3.0)),
        });
        if !meaning.letter.is_empty() {
            svg.text(
                &Text {
                    id: "",
                    at: (x + SAMPLE / 2.0, y + 36.0),
                    anchor: Anchor::Middle,
                    bold: true,
                    colour: colours.ink,
                    ..text
                },
                &meaning.letter,
            );
        }
        svg.text(
            &Text {
                id: &format!("legend-{number}"),
                at: (x + SAMPLE + 16.0, y + 36.0),
                ..text
            },
            &meaning.label,
        );
    }
}
