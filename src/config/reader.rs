//! Reads one setting after the other from the environment, the file and the defaults, and remembers every fault.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::TimeDelta;
use toml::de::{DeTable, DeValue};

use crate::texts::faults::{Fault, Place, expected, file};

/// What a setting comes from: the name of a variable gives its value.
pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Two names are near when they share this part of their letters (0 to 1).
const NEAR: f64 = 0.6;

/// A settings file, as text and as values that know where they stand.
pub(super) struct Source<'a> {
    /// The path as the host named it.
    pub(super) path: &'a str,
    /// The whole text.
    pub(super) text: &'a str,
    /// The values; empty when the text is not TOML.
    pub(super) table: DeTable<'a>,
}

impl<'a> Source<'a> {
    /// Parses the text; each line that is not TOML is a fault.
    pub(super) fn parse(path: &'a str, text: &'a str, faults: &mut Vec<Fault>) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            return Self {
                path,
                text,
                table: table.into_inner(),
            };
        }
        // What a broken file holds besides its broken lines would only give misleading faults.
        let mut last = None;
        for error in errors {
            let line = error.span().map(|span| line_of(text, span.start));
            if line.is_none() || line != last {
                let place = Place::File {
                    path: path.to_owned(),
                    line,
                };
                faults.push(Fault::free(place, file::syntax(error.message())));
            }
            last = line;
        }
        Self {
            path,
            text,
            table: DeTable::new(),
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The settings being read.
pub(super) struct Reader<'a> {
    env: Env<'a>,
    source: &'a Source<'a>,
    /// All faults found so far.
    pub(super) faults: Vec<Fault>,
    /// Section and key of every setting asked for, in the order of reading.
    pub(super) known: Vec<(&'static str, String)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(env: Env<'a>, source: &'a Source<'a>, faults: Vec<Fault>) -> Self {
        Self {
            env,
            source,
            faults,
            known: Vec::new(),
        }
    }

    /// A section; when the file has none, its settings keep their defaults.
    pub(super) fn section(&mut self, name: &'static str) -> Section<'_, 'a> {
        let table = match self.source.table.get(name) {
            None => None,
            Some(value) => match value.get_ref() {
                DeValue::Table(table) => Some(table),
                _ => {
                    let found = &self.source.text[value.span()];
                    let place = Place::line(self.source.path, line_of(self.source.text, value.span().start));
                    self.faults.push(Fault::value(place, name, found, expected::SECTION));
                    None
                }
            },
        };
        Section {
            reader: self,
            name,
            table,
        }
    }

    /// Reports whatever the file holds and nobody asked for.
    pub(super) fn refuse_unknown(&mut self) {
        let sections: BTreeSet<&str> = self.known.iter().map(|(section, _)| *section).collect();
        let mut faults = Vec::new();
        for (name, value) in &self.source.table {
            let section = name.get_ref().as_ref();
            let place = |offset| Place::line(self.source.path, line_of(self.source.text, offset));
            if !sections.contains(section) {
                let near = nearest(section, sections.iter().copied())
                    .map(str::to_owned)
                    .or_else(|| self.elsewhere(section));
                faults.push(Fault::unknown(place(name.span().start), section, near.as_deref()));
                continue;
            }
            let DeValue::Table(table) = value.get_ref() else {
                continue;
            };
            for key in table.keys() {
                let name = key.get_ref().as_ref();
                let mut here = self
                    .known
                    .iter()
                    .filter(|(s, _)| *s == section)
                    .map(|(_, key)| key.as_str());
                if here.clone().any(|known| known == name) {
                    continue;
                }
                let near = match nearest(name, &mut here) {
                    Some(near) => Some(format!("{section}.{near}")),
                    None => self.elsewhere(name),
                };
                faults.push(Fault::unknown(
                    place(key.span().start),
                    &format!("{section}.{name}"),
                    near.as_deref(),
                ));
            }
        }
        self.faults.append(&mut faults);
    }

    /// The names of the settings that a variable gives, and of those that the file gives otherwise than `shipped`.
    pub(super) fn overrides(&self, shipped: &str) -> Vec<String> {
        let (shipped_table, _) = DeTable::parse_recoverable(shipped);
        let mut names = Vec::new();
        for (section, key) in &self.known {
            let variable = variable(section, key);
            if (self.env)(&variable).is_some_and(|value| !value.trim().is_empty()) {
                names.push(variable);
            } else if let Some(given) = written(&self.source.table, self.source.text, section, key)
                && Some(given) != written(shipped_table.get_ref(), shipped, section, key)
            {
                names.push(format!("{section}.{key}"));
            }
        }
        names
    }

    /// A setting of any section whose name is nearly this one.
    fn elsewhere(&self, name: &str) -> Option<String> {
        let near = nearest(name, self.known.iter().map(|(_, key)| key.as_str()))?;
        let (section, key) = self.known.iter().find(|(_, key)| key == near)?;
        Some(format!("{section}.{key}"))
    }
}

/// The variable that takes the place of a setting: `MAILLAGE_ECHELLE_ACP` for `echelle.acp`.
fn variable(section: &str, key: &str) -> String {
    format!("MAILLAGE_{section}_{key}").to_uppercase()
}

/// A setting as it is written in a file; of a section of its own, everything in it.
fn written<'t>(table: &DeTable<'_>, text: &'t str, section: &str, key: &str) -> Option<Vec<&'t str>> {
    let DeValue::Table(section) = table.get(section)?.get_ref() else {
        return None;
    };
    let value = section.get(key)?;
    Some(match value.get_ref() {
        DeValue::Table(inner) => inner
            .iter()
            .flat_map(|(name, value)| [&text[name.span()], &text[value.span()]])
            .collect(),
        _ => vec![&text[value.span()]],
    })
}

fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let folded = name.to_lowercase().replace([' ', '-'], "_");
    known
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&folded, candidate), candidate))
        .filter(|(score, _)| *score >= NEAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// One section being read.
pub(super) struct Section<'r, 'a> {
    reader: &'r mut Reader<'a>,
    name: &'static str,
    table: Option<&'a DeTable<'a>>,
}

/// A value that was given, before it is understood.
enum Given<'a> {
    Variable(String),
    Value(&'a DeValue<'a>),
}

/// A given value with the place and the words to name it in a fault.
struct Found<'a> {
    given: Given<'a>,
    place: Place,
    name: String,
    shown: String,
}

impl<'a> Section<'_, 'a> {
    fn variable(&self, key: &str) -> String {
        variable(self.name, key)
    }

    fn find(&mut self, key: &'static str) -> Option<Found<'a>> {
        self.reader.known.push((self.name, key.to_owned()));
        let variable = self.variable(key);
        if let Some(value) = (self.reader.env)(&variable).filter(|value| !value.trim().is_empty()) {
            let shown = value.trim().to_owned();
            return Some(Found {
                given: Given::Variable(shown.clone()),
                place: Place::Environment,
                name: variable,
                shown,
            });
        }
        let value = self.table?.get(key)?;
        let source = self.reader.source;
        let shown = &source.text[value.span()];
        Some(Found {
            given: Given::Value(value.get_ref()),
            place: Place::line(source.path, line_of(source.text, value.span().start)),
            name: format!("{}.{key}", self.name),
            shown: shown.trim_matches('"').to_owned(),
        })
    }

    fn understand<T>(
        &mut self,
        key: &'static str,
        default: T,
        expected: &str,
        read: impl FnOnce(&Given<'a>) -> Option<T>,
    ) -> T {
        let Some(found) = self.find(key) else { return default };
        if let Some(value) = read(&found.given) {
            return value;
        }
        self.reader
            .faults
            .push(Fault::value(found.place, &found.name, &found.shown, expected));
        default
    }

    /// A whole number within `range`.
    pub(super) fn whole<T: TryFrom<i64>>(&mut self, key: &'static str, range: RangeInclusive<i64>, default: T) -> T {
        self.understand(key, default, &expected::whole(&range), |given| {
            let number: i64 = match given {
                Given::Variable(text) => text.parse().ok()?,
                Given::Value(value) => integer(value)?,
            };
            range.contains(&number).then_some(number)?.try_into().ok()
        })
    }

    /// A length of time, written as a whole number of `unit`s.
    pub(super) fn span(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i64>,
        unit: fn(i64) -> TimeDelta,
        default: TimeDelta,
    ) -> TimeDelta {
        // Spans are never negative, so that -1 stands for «not given».
        let number = self.whole(key, range, -1_i64);
        if number < 0 { default } else { unit(number) }
    }

    /// A yes or a no.
    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        self.understand(key, default, expected::FLAG, |given| match given {
            Given::Variable(text) => text.parse().ok(),
            Given::Value(value) => value.as_bool(),
        })
    }

    /// A text that `read` understands.
    pub(super) fn text<T>(
        &mut self,
        key: &'static str,
        default: T,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> T {
        self.understand(key, default, expected, |given| match given {
            Given::Variable(text) => read(text),
            Given::Value(value) => read(value.as_str()?),
        })
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, default: T, words: &[(&str, T)]) -> T {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        self.text(key, default, &expected::one_of(&names), |text| {
            words
                .iter()
                .find(|(name, _)| *name == text.trim())
                .map(|(_, value)| *value)
        })
    }

    /// An id of Discord, as a number or as a text; none when absent.
    pub(super) fn id(&mut self, key: &'static str) -> Option<u64> {
        self.understand(key, None, expected::SNOWFLAKE, |given| match given {
            Given::Variable(text) => Some(Some(snowflake(text)?)),
            Given::Value(value) => Some(Some(id(value)?)),
        })
    }

    /// A list of ids of Discord.
    pub(super) fn ids(&mut self, key: &'static str) -> Vec<u64> {
        self.list(key, expected::SNOWFLAKE, |given| match given {
            Given::Variable(text) => snowflake(text),
            Given::Value(value) => id(value),
        })
    }

    /// A list of words among a few.
    pub(super) fn words<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Vec<T> {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        self.list(key, &expected::some_of(&names), |given| {
            let text = match given {
                Given::Variable(text) => text.as_str(),
                Given::Value(value) => value.as_str()?,
            };
            words
                .iter()
                .find(|(name, _)| *name == text.trim())
                .map(|(_, value)| *value)
        })
    }

    /// Each wrong element of a list has its own fault. In a variable, elements are parted by commas.
    fn list<T>(&mut self, key: &'static str, expected: &str, read: impl Fn(&Given<'a>) -> Option<T>) -> Vec<T> {
        let Some(found) = self.find(key) else { return Vec::new() };
        let mut all = Vec::new();
        match found.given {
            Given::Variable(text) => {
                for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                    match read(&Given::Variable(part.to_owned())) {
                        Some(value) => all.push(value),
                        None => self
                            .reader
                            .faults
                            .push(Fault::value(Place::Environment, &found.name, part, expected)),
                    }
                }
            }
            Given::Value(DeValue::Array(values)) => {
                let source = self.reader.source;
                for value in values {
                    match read(&Given::Value(value.get_ref())) {
                        Some(value) => all.push(value),
                        None => {
                            let place = Place::line(source.path, line_of(source.text, value.span().start));
                            let shown = source.text[value.span()].trim_matches('"');
                            self.reader
                                .faults
                                .push(Fault::value(place, &found.name, shown, expected));
                        }
                    }
                }
            }
            Given::Value(_) => {
                self.reader
                    .faults
                    .push(Fault::value(found.place, &found.name, &found.shown, expected::LIST));
            }
        }
        all
    }

    /// A sub-section of ids whose keys are free, such as `[salons.remontees]`; `is_key` says which keys do.
    pub(super) fn ids_by_key(
        &mut self,
        key: &'static str,
        expected_key: &str,
        is_key: impl Fn(&str) -> bool,
    ) -> Vec<(String, u64)> {
        self.reader.known.push((self.name, key.to_owned()));
        let source = self.reader.source;
        let Some(value) = self.table.and_then(|table| table.get(key)) else {
            return Vec::new();
        };
        let place = |offset| Place::line(source.path, line_of(source.text, offset));
        let name = format!("{}.{key}", self.name);
        let DeValue::Table(table) = value.get_ref() else {
            let found = &source.text[value.span()];
            self.reader
                .faults
                .push(Fault::value(place(value.span().start), &name, found, expected::SECTION));
            return Vec::new();
        };
        let mut all = Vec::new();
        for (code, value) in table {
            let shown = &source.text[value.span()];
            match (is_key(code.get_ref()), id(value.get_ref())) {
                (true, Some(id)) => all.push((code.get_ref().to_string(), id)),
                (false, _) => {
                    self.reader.faults.push(Fault::value(
                        place(code.span().start),
                        &name,
                        code.get_ref(),
                        expected_key,
                    ));
                }
                (true, None) => {
                    let name = format!("{name}.{}", code.get_ref());
                    self.reader.faults.push(Fault::value(
                        place(value.span().start),
                        &name,
                        shown.trim_matches('"'),
                        expected::SNOWFLAKE,
                    ));
                }
            }
        }
        all
    }

    /// A fault between two settings, laid where the second one was given.
    pub(super) fn conflict(&mut self, key: &'static str, found: impl std::fmt::Display, expected: &str) {
        let variable = self.variable(key);
        let source = self.reader.source;
        let (place, name) = if (self.reader.env)(&variable).is_some_and(|value| !value.trim().is_empty()) {
            (Place::Environment, variable)
        } else {
            let line = self
                .table
                .and_then(|table| table.get(key))
                .map(|value| line_of(source.text, value.span().start));
            (
                Place::File {
                    path: source.path.to_owned(),
                    line,
                },
                format!("{}.{key}", self.name),
            )
        };
        self.reader
            .faults
            .push(Fault::value(place, &name, &found.to_string(), expected));
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn id(value: &DeValue<'_>) -> Option<u64> {
    match value {
        DeValue::String(text) => snowflake(text),
        _ => u64::try_from(integer(value)?).ok().filter(|id| *id != 0),
    }
}

/// An id of Discord: digits only, never zero.
pub(super) fn snowflake(text: &str) -> Option<u64> {
    let text = text.trim();
    let id: u64 = text
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(text)?
        .parse()
        .ok()?;
    (id != 0).then_some(id)
}
