//! The chart of a report: validations per week as columns, groups by step as bars. Every value is written beside its shape.

use super::palette::{BAR, GROUND, INK, RULE, SOFT, colours};
use super::svg::{Anchor, Rect, Svg, Text};
use super::{SMALLEST, WIDTH};
use crate::domain::ladder::{Stage, Step};

/// The height of the image.
pub const HEIGHT: u32 = 1010;
/// The edges of what is drawn.
pub(super) const EDGES: (f32, f32) = (40.0, 1160.0);
/// The base of the columns, and their greatest height.
const BASE: f32 = 530.0;
const TALL: f32 = 280.0;
/// Where the bars begin, and their greatest length.
const AXIS: f32 = 440.0;
const LONG: f32 = 620.0;

/// The words and values of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Whose chart it is.
    pub title: String,
    /// Its date.
    pub date: String,
    /// What the columns are.
    pub weeks_title: String,
    /// A short label under each column, and its value.
    pub weeks: Vec<(String, u32)>,
    /// What the bars are.
    pub steps_title: String,
    /// A label for each step, and how many groups have reached it and none higher.
    pub steps: Vec<(Step, String, u32)>,
}

/// The chart as SVG.
#[must_use]
pub fn svg(words: &Words) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT, GROUND);
    let text = Text {
        id: "title",
        at: (EDGES.0, 64.0),
        anchor: Anchor::Start,
        size: 48,
        bold: true,
        colour: INK,
    };
    svg.text(&text, &words.title);
    svg.text(
        &Text {
            id: "date",
            at: (EDGES.0, 110.0),
            size: 32,
            bold: false,
            colour: SOFT,
            ..text
        },
        &words.date,
    );
    let heading = Text { size: 36, ..text };
    svg.text(
        &Text {
            id: "weeks",
            at: (EDGES.0, 186.0),
            ..heading
        },
        &words.weeks_title,
    );
    columns(&mut svg, &words.weeks, &text);
    svg.text(
        &Text {
            id: "steps",
            at: (EDGES.0, 666.0),
            ..heading
        },
        &words.steps_title,
    );
    bars(&mut svg, &words.steps, &text);
    svg.finish()
}

/// How much of `room` a value takes; what is not nought is seen.
fn share(value: u32, most: u32, room: f32) -> f32 {
    match value {
        0 => 0.0,
        value => (value as f32 / most.max(1) as f32 * room).max(3.0).round(),
    }
}

fn columns(svg: &mut Svg, weeks: &[(String, u32)], text: &Text<'_>) {
    let most = weeks.iter().map(|(_, value)| *value).max().unwrap_or_default();
    let pitch = (EDGES.1 - EDGES.0) / weeks.len().max(1) as f32;
    for (number, (label, value)) in weeks.iter().enumerate() {
        let middle = (EDGES.0 + (number as f32 + 0.5) * pitch).round();
        let tall = share(*value, most, TALL);
        if tall > 0.0 {
            let wide = (pitch * 0.7).round();
            svg.rect(&Rect {
                at: (middle - wide / 2.0, BASE - tall),
                size: (wide, tall),
                round: 0.0,
                fill: BAR,
                border: None,
            });
        }
        let centred = Text {
            anchor: Anchor::Middle,
            ..*text
        };
        svg.text(
            &Text {
                id: &format!("value-{number}"),
                at: (middle, BASE - tall - 12.0),
                size: 32,
                ..centred
            },
            &value.to_string(),
        );
        // Every second week has room for its date; the last one has its own.
        if (weeks.len() - number) % 2 == 1 {
            svg.text(
                &Text {
                    id: &format!("week-{number}"),
                    at: (middle, BASE + 42.0),
                    size: SMALLEST,
                    bold: false,
                    colour: SOFT,
                    ..centred
                },
                label,
            );
        }
    }
    svg.line((EDGES.0, BASE), (EDGES.1, BASE), RULE, 3.0);
}

fn bars(svg: &mut Svg, steps: &[(Step, String, u32)], text: &Text<'_>) {
    let most = steps.iter().map(|(_, _, value)| *value).max().unwrap_or_default();
    let mut y = 694.0;
    for (number, (step, label, value)) in steps.iter().enumerate() {
        let label_of = Text {
            id: &format!("step-{number}"),
            at: (AXIS - 20.0, y + 36.0),
            anchor: Anchor::End,
            size: SMALLEST,
            bold: false,
            colour: INK,
        };
        svg.text(&label_of, label);
        let long = share(*value, most, LONG);
        let colours = colours(Some(stage(*step)));
        if long > 0.0 {
            svg.rect(&Rect {
                at: (AXIS, y),
                size: (long, 46.0),
                round: 0.0,
                fill: colours.fill,
                border: Some((colours.border, 3.0)),
            });
        }
        svg.text(
            &Text {
                id: &format!("number-{number}"),
                at: (AXIS + long + 14.0, y + 36.0),
                size: 32,
                ..*text
            },
            &value.to_string(),
        );
        y += 60.0;
    }
}

/// The stage whose colour a step bears: the rights to publish are those of an ACP.
fn stage(step: Step) -> Stage {
    match step {
        Step::Possible => Stage::Possible,
        Step::Forming => Stage::Forming,
        Step::Assembly | Step::PublishRic | Step::PublishWorks => Stage::Assembly,
    }
}
