//! Plays each file of `tests/scenarios` against the real bot and the loopback Discord, and compares what people saw with
//! the transcript that stands in the file. With `MAJ_SCENARIOS=1` the transcript is written instead, for people to review.

use std::fmt::Write as _;
use std::path::Path;

use maillage::demo::play::{Until, play};
use maillage::demo::script::Scenario;
use similar::{ChangeTag, TextDiff};

/// How many unchanged lines are shown around a difference.
const CONTEXT: usize = 4;

async fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let scenario = Scenario::parse(&text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    let rewrite = std::env::var("MAJ_SCENARIOS").is_ok_and(|value| value == "1");
    let until = if rewrite { Until::Calm } else { Until::Transcript };
    let mut told: Vec<Vec<String>> = Vec::new();
    let played = play(&scenario, until, |_, block| {
        told.push(block.to_vec());
        Ok(())
    })
    .await;
    if rewrite {
        // A story that stops early keeps what was told until then.
        let rest = scenario.items[told.len()..].iter().map(|item| item.expected.clone());
        let blocks: Vec<Vec<String>> = told.into_iter().chain(rest).collect();
        std::fs::write(&path, scenario.with_transcript(&blocks)).unwrap();
        played.unwrap_or_else(|error| panic!("{name}: {error}"));
        return;
    }
    let blocks = played.unwrap_or_else(|error| panic!("{name}: {error}"));
    let played = scenario.with_transcript(&blocks);
    assert!(
        played == text,
        "{name} is not played as written (− file, + played):\n{}",
        differences(&text, &played)
    );
}

/// The lines that differ, with some of those around them.
fn differences(expected: &str, played: &str) -> String {
    let diff = TextDiff::from_lines(expected, played);
    let mut out = String::new();
    for group in diff.grouped_ops(CONTEXT) {
        let line = group.first().map_or(0, |op| op.old_range().start + 1);
        let _ = writeln!(out, "… line {line}");
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '−',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let _ = write!(out, "{sign} {change}");
        }
    }
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_life_of_a_group() {
    check("vie-d-un-groupe.txt").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals() {
    check("refus.txt").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_referent_reads() {
    check("remontees.txt").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports() {
    check("rapports.txt").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_evening_of_a_newcomer() {
    check("premier-soir.txt").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_meeting_of_newcomers() {
    check("reunion.txt").await;
}

/// A file that no test plays would be read by nobody.
#[test]
fn every_scenario_is_played() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "premier-soir.txt",
            "rapports.txt",
            "refus.txt",
            "remontees.txt",
            "reunion.txt",
            "vie-d-un-groupe.txt"
        ]
    );
}

/// The same words would come from different people otherwise.
#[test]
fn differences_are_shown_with_their_lines() {
    let shown = differences("a\nb\nc\n", "a\nx\nc\n");
    assert_eq!(shown, "… line 1\n  a\n− b\n+ x\n  c\n");
}
