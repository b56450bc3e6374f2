//! The sandbox (product.md §18): a page in which one tries everything ([`sandbox`]), and the life of a group, played by
//! invented people.
//!
//! A scenario is one file, script and expected transcript together ([`script`]): the test compares it, the demo plays it,
//! and people read it. [`play`] acts as the persons through the loopback Discord; [`transcript`] writes down what each of
//! them sees; nothing else than what a Discord client shows is ever looked at.

mod grammar;
mod hands;
pub mod markup;
pub mod page;
pub mod play;
mod program;
pub mod sandbox;
pub mod script;
pub mod transcript;

use std::io::{self, Write};

use play::Until;
use script::{Kind, Scenario};

use crate::run::RunError;

/// The story that `maillage demo --scenario` tells.
pub const LIFE_OF_A_GROUP: &str = include_str!("../../tests/scenarios/vie-d-un-groupe.txt");

/// Why a story cannot be told to its end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A line of the script is not understood.
    #[error(transparent)]
    Script(#[from] script::ScriptFault),
    /// The story asks for something that is not there.
    #[error("{0}")]
    Impossible(String),
    /// The bot left a person without an answer.
    #[error("{0}")]
    Unanswered(String),
    /// The bot asked Discord what no bot should ask.
    #[error("le programme a demandé à Discord ce qu’aucun programme ne devrait demander :\n{0}")]
    Violations(String),
    /// Something did not happen in time.
    #[error("trop longue attente : {0}")]
    Stuck(String),
    /// The bot does not start.
    #[error("le programme ne démarre pas : {0}")]
    Start(#[source] Box<RunError>),
    /// The machine refuses a folder, a port, or the output.
    #[error("la machine refuse : {0}")]
    Machine(#[from] io::Error),
    /// Any of these, at a line of the script.
    #[error("ligne {line} : {error}")]
    At {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        #[source]
        error: Box<DemoError>,
    },
}

impl DemoError {
    fn at(self, line: usize) -> Self {
        Self::At {
            line,
            error: Box::new(self),
        }
    }
}

/// Plays the life of a group and writes it to `out` while it happens.
///
/// # Errors
/// When the story cannot be told to its end.
pub async fn tell(out: &mut impl Write) -> Result<(), DemoError> {
    let story = Scenario::parse(LIFE_OF_A_GROUP)?;
    play::play(&story, Until::Transcript, |item, block| {
        // Remarks speak to whoever edits the file; the rest is the story.
        if !matches!(item.kind, Kind::Remark) {
            for line in &item.source {
                writeln!(out, "{line}")?;
            }
        }
        write!(out, "{}", script::block_text(block))?;
        Ok(out.flush()?)
    })
    .await?;
    Ok(())
}
