//! The colours of the images. Each stage is darker than the one before, so that they differ for every eye and in black and
//! white, and bears a letter besides.

use crate::domain::ladder::Stage;

/// The ground of every image: the same under Discord's light and dark themes.
pub const GROUND: &str = "#ffffff";
/// Titles and figures.
pub const INK: &str = "#1b2330";
/// What matters less, still readable on the ground.
pub const SOFT: &str = "#4a5464";
/// Lines that carry nothing.
pub const RULE: &str = "#c9ced6";
/// The bars of the chart.
pub const BAR: &str = "#2f6690";

/// The colours of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    /// Its ground.
    pub fill: &'static str,
    /// Its border, which parts it from the ground of the image.
    pub border: &'static str,
    /// Its text.
    pub ink: &'static str,
}

/// The colours of a stage; `None` for a département without a group.
#[must_use]
pub const fn colours(best: Option<Stage>) -> Colours {
    match best {
        None => Colours {
            fill: "#f4f5f7",
            border: "#7b8494",
            ink: SOFT,
        },
        Some(Stage::Possible) => Colours {
            fill: "#f2bf4b",
            border: "#8a6410",
            ink: "#1b1405",
        },
        Some(Stage::Forming) => Colours {
            fill: "#3f8fbf",
            border: "#1f5c80",
            ink: "#04121b",
        },
        Some(Stage::Assembly) => Colours {
            fill: "#0c2f5c",
            border: "#0c2f5c",
            ink: "#ffffff",
        },
    }
}
