//! The strict reader of `config/textes/*.md`.
//!
//! A file is a heading between two lines `---` (`version` and `titre`), notes between `<!--` and `-->`, an introduction,
//! and parts that begin with `## `. A part may bear a key, `## Titre {#cle}`; the articles of statutes are
//! `## Article N — Titre`. `{{mot}}` stands for a fact.
//!
//! A template crate was weighed and left out: these texts are edited by people who don't program, and need no loop, no
//! condition and no filter. Plain replacement can be checked in full when loading, names the line of each fault in
//! French, and cannot fail when rendering.

use std::marker::PhantomData;

use super::facts::{Facts, weight};
use crate::texts::faults::{Fault, Place};
use crate::texts::markdown::{enumeration, length, number, typeset};

/// The longest version name: it is kept with each consent.
const VERSION_MAX: usize = 20;

/// Which parts a document has.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// No parts: an introduction only.
    Whole,
    /// Articles numbered from 1 without a gap, after an optional introduction.
    Articles,
    /// Exactly the parts of these keys, in any order.
    Keys(&'static [&'static str]),
    /// At least one part, among them those of these keys.
    Parts(&'static [&'static str]),
}

/// What a file must be like.
#[derive(Clone, Copy)]
pub(super) struct Spec {
    /// Its name in `config/textes`.
    pub(super) file: &'static str,
    /// The text used when the host has no such file.
    pub(super) embedded: &'static str,
    /// Its parts.
    pub(super) shape: Shape,
    /// The longest part (title included) or introduction, in characters, facts counted prudently.
    pub(super) part_max: usize,
    /// The longest whole.
    pub(super) whole_max: usize,
    /// Words that must stand somewhere in the text.
    pub(super) required: &'static [&'static str],
}

/// A text with words to be replaced.
#[derive(Clone)]
struct Template(Vec<Piece>);

#[derive(Clone)]
enum Piece {
    Text(String),
    Slot(&'static str),
}

impl Template {
    fn fill(&self, facts: &impl Facts) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Slot(slot) => out.push_str(&facts.value(slot)),
            }
        }
        // An empty fact (a space that is not ready) must not leave a hole at the end of a line.
        out.lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
            .trim()
            .to_owned()
    }

    fn length(&self) -> usize {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => length(text),
                Piece::Slot(slot) => weight(slot),
            })
            .sum()
    }

    fn slots(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Slot(slot) => Some(*slot),
        })
    }
}

#[derive(Clone)]
struct Part {
    key: Option<String>,
    title: String,
    body: Template,
}

/// A part of a document, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Its title, without any mark.
    pub title: String,
    /// Its text, in Discord's Markdown.
    pub text: String,
}

/// A document that was read and found right. Rendering cannot fail.
#[derive(Clone)]
pub(super) struct Document<F> {
    pub(super) version: String,
    pub(super) title: String,
    introduction: Template,
    parts: Vec<Part>,
    facts: PhantomData<fn(&F)>,
}

impl<F: Facts> Document<F> {
    /// Reads a text; `path` names it in the faults. All faults are added to `faults`; none is returned then.
    pub(super) fn parse(spec: &Spec, path: &str, text: &str, faults: &mut Vec<Fault>) -> Option<Self> {
        let before = faults.len();
        let document = Parser::<F> {
            spec,
            path,
            faults,
            facts: PhantomData,
        }
        .document(text);
        (faults.len() == before).then_some(document)
    }

    /// The text before the first part.
    pub(super) fn introduction(&self, facts: &F) -> String {
        self.introduction.fill(facts)
    }

    /// All parts in the order of the file.
    pub(super) fn passages(&self, facts: &F) -> Vec<Passage> {
        self.parts.iter().map(|part| part.passage(facts)).collect()
    }

    /// The part of a key. Keys named by [`Shape`] are always there: the reader saw to it.
    pub(super) fn part(&self, key: &str, facts: &F) -> Passage {
        self.parts
            .iter()
            .find(|part| part.key.as_deref() == Some(key))
            .map_or_else(
                || Passage {
                    title: String::new(),
                    text: String::new(),
                },
                |part| part.passage(facts),
            )
    }
}

impl Part {
    fn passage(&self, facts: &impl Facts) -> Passage {
        Passage {
            title: self.title.clone(),
            text: self.body.fill(facts),
        }
    }
}

struct Parser<'a, F> {
    spec: &'a Spec,
    path: &'a str,
    faults: &'a mut Vec<Fault>,
    facts: PhantomData<F>,
}

/// A line with its number, counted from 1.
type Line<'t> = (usize, &'t str);

impl<F: Facts> Parser<'_, F> {
    fn fault(&mut self, line: usize, sentence: impl Into<String>) {
        self.faults.push(Fault::free(Place::line(self.path, line), sentence));
    }

    fn document(mut self, text: &str) -> Document<F> {
        let lines: Vec<Line<'_>> = (1..).zip(text.trim_start_matches('\u{feff}').lines()).collect();
        let (version, title, rest) = self.heading(&lines);
        let lines = self.without_notes(rest);
        let first = lines.iter().position(|(_, line)| is_title(line)).unwrap_or(lines.len());
        let start = rest.first().map_or(1, |line| line.0);
        let introduction = self.template(&lines[..first]);
        self.check_length("Cette introduction", start, introduction.length());
        let mut parts = Vec::new();
        let mut begins = Vec::new();
        let mut left = &lines[first..];
        while let [(line, head), after @ ..] = left {
            let end = after.iter().position(|(_, line)| is_title(line)).unwrap_or(after.len());
            parts.push(self.part(*line, head, &after[..end], parts.len() + 1));
            begins.push(*line);
            left = &after[end..];
        }
        self.check_parts(&parts, &begins, start);
        let whole = introduction.length() + parts.iter().map(Part::length).sum::<usize>();
        if whole > self.spec.whole_max {
            let sentence = too_long("Ce texte", whole, self.spec.whole_max);
            self.faults.push(Fault::free(Place::file(self.path), sentence));
        }
        let slots: Vec<&str> = introduction
            .slots()
            .chain(parts.iter().flat_map(|part| part.body.slots()))
            .collect();
        for word in self.spec.required.iter().filter(|word| !slots.contains(word)) {
            let sentence = format!("le mot {{{{{word}}}}} manque dans ce texte. Il y est nécessaire.");
            self.faults.push(Fault::free(Place::file(self.path), sentence));
        }
        Document {
            version,
            title,
            introduction,
            parts,
            facts: PhantomData,
        }
    }

    /// The lines between the two `---`, and what follows.
    fn heading<'l, 't>(&mut self, lines: &'l [Line<'t>]) -> (String, String, &'l [Line<'t>]) {
        const SHAPE: &str = "le fichier commence par une ligne ---, puis «\u{a0}version: 1\u{a0}», «\u{a0}titre: …\u{a0}», puis une ligne ---.";
        let (mut version, mut title) = (String::new(), String::new());
        let end = lines.iter().skip(1).position(|(_, line)| line.trim() == "---");
        let (Some((_, first)), Some(end)) = (lines.first(), end) else {
            self.fault(1, SHAPE);
            return (version, title, lines);
        };
        if first.trim() != "---" {
            self.fault(1, SHAPE);
            return (version, title, lines);
        }
        for (line, text) in &lines[1..=end] {
            let (name, value) = text.split_once(':').unwrap_or((text, ""));
            match (name.trim(), value.trim()) {
                ("version", value) => value.clone_into(&mut version),
                ("titre", value) => title = typeset(value),
                _ if text.trim().is_empty() => {}
                (name, _) => self.fault(
                    *line,
                    format!("«\u{a0}{name}\u{a0}» n’est pas attendu ici. Seuls version et titre le sont."),
                ),
            }
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if version.is_empty() || version.len() > VERSION_MAX || !version.chars().all(is_name) {
            self.fault(
                1,
                format!("la version est attendue\u{a0}: un nombre ou une date, {VERSION_MAX} caractères au plus, par exemple «\u{a0}version: 2\u{a0}»."),
            );
        }
        if title.is_empty() {
            self.fault(1, "le titre est attendu, par exemple «\u{a0}titre: Statuts\u{a0}».");
        }
        (version, title, &lines[end + 2..])
    }

    /// Leaves out the notes, which begin and end a line.
    fn without_notes<'t>(&mut self, lines: &[Line<'t>]) -> Vec<Line<'t>> {
        let mut kept = Vec::new();
        let mut opened = None;
        for (number, line) in lines {
            if opened.is_none() && line.trim_start().starts_with("<!--") {
                opened = Some(*number);
            }
            if opened.is_none() {
                kept.push((*number, *line));
            } else if line.trim_end().ends_with("-->") {
                opened = None;
            }
        }
        if let Some(line) = opened {
            self.fault(line, "cette note n’est pas refermée par -->.");
        }
        kept
    }

    fn part(&mut self, line: usize, head: &str, body: &[Line<'_>], rank: usize) -> Part {
        let mut title = head.trim_start_matches('#').trim();
        let mut key = None;
        if let Some((before, after)) = title.rsplit_once("{#")
            && let Some(name) = after.strip_suffix('}')
        {
            key = Some(name.trim().to_owned());
            title = before.trim();
        }
        if matches!(self.spec.shape, Shape::Articles) {
            title = self.article(line, title, rank);
        }
        if title.is_empty() {
            self.fault(line, "cette partie n’a pas de titre.");
        }
        let part = Part {
            key,
            title: typeset(title),
            body: self.template(body),
        };
        if part.body.0.is_empty() {
            self.fault(line, "cette partie est vide.");
        }
        let name = if matches!(self.spec.shape, Shape::Articles) {
            "Cet article"
        } else {
            "Cette partie"
        };
        self.check_length(name, line, part.length());
        part
    }

    /// «Article 3 — Titre» when the third one is awaited.
    fn article<'t>(&mut self, line: usize, title: &'t str, rank: usize) -> &'t str {
        let expected = format!("Attendu\u{a0}: «\u{a0}## Article {rank} — Titre\u{a0}».");
        let Some(rest) = title.strip_prefix("Article ") else {
            self.fault(line, format!("ce titre n’est pas celui d’un article. {expected}"));
            return title;
        };
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = rest.split_at(digits);
        match number.parse::<usize>() {
            Ok(found) if found == rank => {}
            Ok(found) => self.fault(
                line,
                format!("l’article {found} arrive à la place de l’article {rank}. {expected}"),
            ),
            Err(_) => self.fault(line, format!("il manque le numéro de cet article. {expected}")),
        }
        let rest = rest.strip_prefix("er").filter(|_| number == "1").unwrap_or(rest).trim();
        let name = rest.trim_start_matches(['—', '–', '-', ':', '.', '\u{a0}', ' ']);
        if name.len() == rest.len() && !name.is_empty() {
            self.fault(
                line,
                format!("il manque un tiret entre le numéro et le titre. {expected}"),
            );
        }
        name
    }

    fn check_parts(&mut self, parts: &[Part], begins: &[usize], start: usize) {
        let keys: Vec<&str> = parts.iter().filter_map(|part| part.key.as_deref()).collect();
        for (i, part) in parts.iter().enumerate() {
            let Some(key) = part.key.as_deref() else { continue };
            if parts[..i].iter().any(|other| other.key.as_deref() == Some(key)) {
                self.fault(begins[i], format!("la partie {{#{key}}} existe déjà plus haut."));
            }
        }
        let required = match self.spec.shape {
            Shape::Whole => {
                if let Some(line) = begins.first() {
                    self.fault(
                        *line,
                        "ce texte n’a pas de parties\u{a0}: remplacez ce titre par une ligne en gras.",
                    );
                }
                return;
            }
            Shape::Articles | Shape::Parts(_) if parts.is_empty() => {
                self.fault(
                    start,
                    "il n’y a aucune partie. Chacune commence par une ligne «\u{a0}## Titre\u{a0}».",
                );
                return;
            }
            Shape::Articles => return,
            Shape::Parts(required) => required,
            Shape::Keys(required) => {
                for (part, line) in parts.iter().zip(begins) {
                    let is_known = part.key.as_deref().is_some_and(|key| required.contains(&key));
                    if !is_known {
                        let marks: Vec<String> = required.iter().map(|key| format!("{{#{key}}}")).collect();
                        let sentence = format!(
                            "ce titre doit finir par l’une de ces marques\u{a0}: {}.",
                            enumeration(&marks)
                        );
                        self.fault(*line, sentence);
                    }
                }
                required
            }
        };
        for key in required.iter().filter(|key| !keys.contains(key)) {
            let sentence =
                format!("la partie {{#{key}}} manque. Attendu\u{a0}: «\u{a0}## Titre {{#{key}}}\u{a0}» et son texte.");
            self.faults.push(Fault::free(Place::file(self.path), sentence));
        }
    }

    fn check_length(&mut self, what: &str, line: usize, found: usize) {
        if found > self.spec.part_max {
            self.fault(line, too_long(what, found, self.spec.part_max));
        }
    }

    /// Typography, then words to be replaced. Blank lines at both ends go.
    fn template(&mut self, lines: &[Line<'_>]) -> Template {
        let is_text = |(_, line): &Line<'_>| !line.trim().is_empty();
        let Some(first) = lines.iter().position(is_text) else {
            return Template(Vec::new());
        };
        let last = lines.iter().rposition(is_text).unwrap_or(first);
        let mut pieces = Vec::new();
        let mut text = String::new();
        for (i, (number, line)) in lines[first..=last].iter().enumerate() {
            if i > 0 {
                text.push('\n');
            }
            let line = typeset(line.trim_end());
            let mut rest = line.as_str();
            while let Some((before, after)) = rest.split_once("{{") {
                text.push_str(before);
                let Some((word, after)) = after.split_once("}}") else {
                    self.fault(
                        *number,
                        "un mot à remplacer s’ouvre par {{ et se ferme par }} sur la même ligne.",
                    );
                    rest = "";
                    break;
                };
                match F::SLOTS.iter().find(|slot| **slot == word.trim()) {
                    Some(slot) => {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                        pieces.push(Piece::Slot(slot));
                    }
                    None => self.unknown_word(*number, word.trim()),
                }
                rest = after;
            }
            if rest.contains("}}") {
                self.fault(*number, "il y a }} sans {{ avant, sur cette ligne.");
            }
            text.push_str(rest);
        }
        pieces.push(Piece::Text(text));
        Template(pieces)
    }

    fn unknown_word(&mut self, line: usize, word: &str) {
        let known: Vec<String> = F::SLOTS.iter().map(|slot| format!("{{{{{slot}}}}}")).collect();
        let hint = if known.is_empty() {
            "Ce texte n’a aucun mot à remplacer.".to_owned()
        } else {
            format!("Mots possibles\u{a0}: {}.", enumeration(&known))
        };
        self.fault(line, format!("{{{{{word}}}}} n’est pas un mot connu. {hint}"));
    }
}

impl Part {
    /// With its title and the line break between them.
    fn length(&self) -> usize {
        length(&self.title) + 1 + self.body.length()
    }
}

fn is_title(line: &str) -> bool {
    line.starts_with("## ") || line.trim_end() == "##"
}

fn too_long(what: &str, found: usize, max: usize) -> String {
    format!(
        "{what} compte environ {} caractères, mots remplacés compris. Discord en accepte {} ici.",
        number(found as u64),
        number(max as u64)
    )
}
