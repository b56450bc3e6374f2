//! The house rules as a test: who may import whom, and what must stand nowhere.

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file under `folder`, with its text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// The room of a file: the first folder or file under `src`.
fn room(path: &Path) -> String {
    let part = path
        .components()
        .nth(1)
        .unwrap()
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    part.trim_end_matches(".rs").to_owned()
}

/// The text before the first test module, without comments.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    text[..end]
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether the file is a test of the room, kept apart from it.
fn is_test(path: &Path) -> bool {
    path.file_stem()
        .is_some_and(|stem| stem.to_string_lossy().ends_with("tests"))
}

/// Which rooms of ours each room may not import.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "store",
            "usecases",
            "commands",
            "discord",
            "reconciler",
            "scheduler",
            "config",
            "clock",
            "texts",
            "run",
            "loopback",
        ],
    ),
    (
        "store",
        &[
            "usecases",
            "commands",
            "discord",
            "reconciler",
            "scheduler",
            "config",
            "run",
            "loopback",
        ],
    ),
    (
        "drawing",
        &[
            "store",
            "usecases",
            "commands",
            "discord",
            "reconciler",
            "scheduler",
            "config",
            "clock",
            "texts",
            "run",
            "loopback",
        ],
    ),
    (
        "texts",
        &[
            "store",
            "usecases",
            "commands",
            "discord",
            "reconciler",
            "scheduler",
            "run",
            "loopback",
        ],
    ),
    (
        "usecases",
        &["commands", "discord", "reconciler", "scheduler", "run", "loopback"],
    ),
    (
        "discord",
        &["store", "usecases", "reconciler", "scheduler", "run", "loopback"],
    ),
    (
        "loopback",
        &[
            "domain",
            "store",
            "usecases",
            "commands",
            "discord",
            "reconciler",
            "scheduler",
            "config",
            "clock",
            "texts",
            "run",
            "territories",
            "error",
            "demo",
        ],
    ),
];

/// Which libraries each room may not touch.
const FOREIGN: &[(&str, &[&str])] = &[
    ("domain", &["sqlx", "serenity", "poise", "tokio", "std::env", "reqwest"]),
    ("store", &["serenity", "poise"]),
    ("usecases", &["sqlx", "serenity", "poise"]),
    ("texts", &["sqlx", "serenity", "poise", "tokio"]),
    (
        "drawing",
        &["sqlx", "serenity", "poise", "tokio", "std::env", "std::fs"],
    ),
    ("discord", &["sqlx", "poise"]),
    ("loopback", &["serenity", "poise", "sqlx"]),
    ("commands", &["sqlx"]),
];

#[test]
fn rooms_import_only_downwards() {
    let mut faults = Vec::new();
    for (path, text) in sources("src") {
        if is_test(&path) {
            continue;
        }
        let (room, code) = (room(&path), code(&text));
        for (_, forbidden) in FORBIDDEN.iter().filter(|(name, _)| *name == room) {
            for other in *forbidden {
                if code.contains(&format!("crate::{other}::")) || code.contains(&format!("crate::{other};")) {
                    faults.push(format!("{} imports {other}", path.display()));
                }
            }
        }
        for (_, foreign) in FOREIGN.iter().filter(|(name, _)| *name == room) {
            for library in *foreign {
                if code.lines().any(|line| mentions(line, library)) {
                    faults.push(format!("{} touches {library}", path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether a line names a library's path, and not merely a word that contains its name.
fn mentions(line: &str, library: &str) -> bool {
    let path = format!("{library}::");
    line.match_indices(&path)
        .any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':'))
}

#[test]
fn the_clock_is_read_in_one_place() {
    let readers: Vec<String> = sources("src")
        .into_iter()
        .filter(|(path, _)| !is_test(path) && room(path) != "loopback")
        .filter(|(_, text)| {
            let code = code(text);
            ["Utc::now(", "Local::now(", "SystemTime::now("]
                .iter()
                .any(|call| code.contains(call))
        })
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert_eq!(readers, ["src/clock.rs"]);
}

#[test]
fn sql_stands_in_the_store_only() {
    let mut faults = Vec::new();
    for (path, text) in sources("src") {
        if ["store", "loopback"].contains(&room(&path).as_str()) {
            continue;
        }
        let code = code(&text);
        for word in ["SELECT ", "INSERT INTO", "DELETE FROM", "sqlx::query"] {
            if code.contains(word) {
                faults.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn nothing_is_left_for_later() {
    let mut faults = Vec::new();
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        if path.ends_with("tidy.rs") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if ["TODO", "FIXME", "#[ignore", "todo!(", "unimplemented!("]
                .iter()
                .any(|word| line.contains(word))
            {
                faults.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// French that people read is in `texts`: elsewhere in the product, a string with an accent or a French quote is a fault,
/// but for the names and descriptions of commands, which Discord registers with them.
#[test]
fn french_stands_in_the_texts_only() {
    let mut faults = Vec::new();
    for (path, text) in sources("src") {
        let room = room(&path);
        if is_test(&path) || ["texts", "loopback", "commands", "demo", "territories"].contains(&room.as_str()) {
            continue;
        }
        for (number, line) in code(&text).lines().enumerate() {
            let literal = line
                .split('"')
                .skip(1)
                .step_by(2)
                .any(|piece| piece.contains('’') && piece.contains(' '));
            if literal {
                faults.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Fixed buttons of product.md §19 bear no emoji, and nothing of this machine or of a registry stands in the repository.
#[test]
fn the_repository_speaks_of_the_project_alone() {
    let mut faults = Vec::new();
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        if path.ends_with("tidy.rs") {
            continue;
        }
        for word in ["/work/", "/root/", "static.crates.io", "registry.npmjs"] {
            if text.contains(word) {
                faults.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
