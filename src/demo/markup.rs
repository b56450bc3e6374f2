//! Discord's markup as plain text: what a reader sees, without colours or weights, and without any number of Discord's.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::calendar::{paris_date, paris_time};
use crate::texts::dates;

/// How the things that markup names by number are called.
pub trait Names {
    /// The display name of an account.
    fn account(&self, id: u64) -> String;
    /// The name of a role.
    fn role(&self, id: u64) -> String;
    /// The name of a channel, without `#`.
    fn channel(&self, id: u64) -> String;
    /// The present instant, for «dans 3 jours».
    fn now(&self) -> DateTime<Utc>;
}

/// The text as it is read.
#[must_use]
pub fn plain(text: &str, names: &impl Names) -> String {
    let mut out = String::new();
    let mut in_block = false;
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            out.push('\n');
        }
        if line.trim_start().starts_with("```") {
            // «```x```» on one line opens and closes at once.
            let inside = line.trim().trim_start_matches("```");
            if let Some(inside) = inside.strip_suffix("```").filter(|_| !in_block) {
                out.push_str(&indented(inside));
            } else {
                in_block = !in_block;
                out.push('\u{1}');
            }
            continue;
        }
        if in_block {
            match line.strip_suffix("```") {
                Some(rest) => {
                    out.push_str(&indented(rest));
                    in_block = false;
                }
                None => out.push_str(&indented(line)),
            }
            continue;
        }
        out.push_str(&inline(unheaded(line), names));
    }
    // Fences leave no line of their own.
    let kept: Vec<&str> = out.split('\n').filter(|line| *line != "\u{1}").collect();
    kept.join("\n").replace(['\u{200b}', '\u{1}'], "")
}

fn indented(line: &str) -> String {
    if line.is_empty() {
        String::new()
    } else {
        format!("    {line}")
    }
}

/// A line without the signs of a title or of small print.
fn unheaded(line: &str) -> &str {
    ["### ", "## ", "# ", "-# "]
        .iter()
        .find_map(|sign| line.strip_prefix(sign))
        .unwrap_or(line)
}

fn inline(line: &str, names: &impl Names) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some((shown, tail)) = named(rest, names).or_else(|| link(rest, names)) {
            out.push_str(&shown);
            rest = tail;
            continue;
        }
        let mut tail = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                if let Some(next) = tail.chars().next().filter(char::is_ascii_punctuation) {
                    out.push(next);
                    tail = &tail[next.len_utf8()..];
                } else {
                    out.push(c);
                }
            }
            '`' => match tail.split_once('`') {
                Some((code, after)) => {
                    out.push('`');
                    out.push_str(code);
                    out.push('`');
                    tail = after;
                }
                None => out.push(c),
            },
            '*' | '~' | '|' if tail.starts_with(c) => tail = &tail[1..],
            '_' if tail.starts_with('_') => tail = &tail[1..],
            '*' | '_' if is_emphasis(&out, tail) => {}
            _ => out.push(c),
        }
        rest = tail;
    }
    out
}

/// Whether a lone sign opens or closes an emphasis: it touches a word on one side only.
fn is_emphasis(before: &str, after: &str) -> bool {
    let word = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let (left, right) = (before.chars().next_back(), after.chars().next());
    (word(left) || word(right)) && !(letter(left) && letter(right))
}

/// `<@1>`, `<@&1>`, `<#1>`, `<t:1:F>`, `</aide:1>`, `<https://…>`, and what follows.
fn named<'a>(text: &'a str, names: &impl Names) -> Option<(String, &'a str)> {
    let (inside, tail) = text.strip_prefix('<')?.split_once('>')?;
    let shown = if let Some(id) = inside.strip_prefix("@&") {
        format!("@{}", names.role(id.parse().ok()?))
    } else if let Some(id) = inside.strip_prefix('@') {
        format!("@{}", names.account(id.trim_start_matches('!').parse().ok()?))
    } else if let Some(id) = inside.strip_prefix('#') {
        format!("#{}", names.channel(id.parse().ok()?))
    } else if let Some(stamp) = inside.strip_prefix("t:") {
        timestamp(stamp, names.now())?
    } else if let Some(command) = inside.strip_prefix('/') {
        format!("/{}", command.rsplit_once(':')?.0)
    } else if inside.starts_with("http") {
        inside.to_owned()
    } else {
        return None;
    };
    Some((shown, tail))
}

/// `[text](address)` and bare addresses of this server, and what follows.
fn link<'a>(text: &'a str, names: &impl Names) -> Option<(String, &'a str)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (label, rest) = rest.split_once("](")?;
        let (address, tail) = rest.split_once(')')?;
        let address = address.trim_matches(['<', '>']);
        let to = place(address, names).unwrap_or_else(|| address.to_owned());
        return Some((format!("{} ({to})", inline(label, names)), tail));
    }
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, ')' | '>' | '*'))
        .unwrap_or(text.len());
    place(&text[..end], names).map(|to| (to, &text[end..]))
}

/// The channel to which an address of Discord leads.
#[must_use]
pub fn place(address: &str, names: &impl Names) -> Option<String> {
    let mut parts = address.strip_prefix("https://discord.com/channels/")?.split('/');
    let (_, channel) = (parts.next()?, parts.next()?);
    let digits = channel.trim_end_matches(|c: char| !c.is_ascii_digit());
    let message = if parts.next().is_some() { ", à ce message" } else { "" };
    Some(format!(
        "→ #{}{message}{}",
        names.channel(digits.parse().ok()?),
        &channel[digits.len()..]
    ))
}

/// As Discord shows it to a reader in Paris (Discord documentation, «Message formatting»).
fn timestamp(stamp: &str, now: DateTime<Utc>) -> Option<String> {
    let (seconds, style) = stamp.split_once(':').unwrap_or((stamp, "f"));
    let instant = DateTime::from_timestamp(seconds.parse().ok()?, 0)?;
    Some(match style {
        "t" | "T" => dates::hour(paris_time(instant)),
        "d" => dates::numeric(paris_date(instant)),
        "D" => dates::day(paris_date(instant)),
        "F" => dates::weekday_moment(instant),
        "R" => relative(instant - now),
        _ => dates::moment(instant),
    })
}

fn relative(span: TimeDelta) -> String {
    let seconds = span.num_seconds();
    let size = seconds.abs();
    let (count, one, many) = match size {
        0..60 => (size, "seconde", "secondes"),
        60..3_600 => ((size + 30) / 60, "minute", "minutes"),
        3_600..86_400 => ((size + 1_800) / 3_600, "heure", "heures"),
        86_400..2_592_000 => ((size + 43_200) / 86_400, "jour", "jours"),
        2_592_000..31_536_000 => ((size + 1_296_000) / 2_592_000, "mois", "mois"),
        _ => ((size + 15_768_000) / 31_536_000, "an", "ans"),
    };
    let unit = if count < 2 { one } else { many };
    if seconds < 0 {
        format!("il y a {count} {unit}")
    } else {
        format!("dans {count} {unit}")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Everything is called by its number and a letter.
    pub(in super::super) struct Letters;

    impl Names for Letters {
        fn account(&self, id: u64) -> String {
            format!("A{id}")
        }
        fn role(&self, id: u64) -> String {
            format!("R{id}")
        }
        fn channel(&self, id: u64) -> String {
            format!("salon-{id}")
        }
        fn now(&self) -> DateTime<Utc> {
            "2027-03-01T17:00:00Z".parse().unwrap()
        }
    }

    #[test]
    fn markup_reads_as_people_see_it() {
        for (written, read) in [
            ("✅ **Camille D. est membre**", "✅ Camille D. est membre"),
            (
                "`1` **Noé** — <@12> · *depuis* le __3 mars__",
                "`1` Noé — @A12 · depuis le 3 mars",
            ),
            (
                "motif a_appeler, 2*3, ~~barré~~ ||caché||",
                "motif a_appeler, 2*3, barré caché",
            ),
            (r"\*\*gras\*\* a\_b", "**gras** a_b"),
            ("# Titre\n-# petit\n> cité", "Titre\npetit\n> cité"),
            (
                "<@&3> <#4> </valider:5> <https://x.org/a_b>",
                "@R3 #salon-4 /valider https://x.org/a_b",
            ),
            (
                "le <t:1804003200:F>, <t:1803920400:t>",
                "le mardi 2 mars 2027 à 17\u{a0}h, 18\u{a0}h",
            ),
            ("<t:1804179600:R>", "dans 3 jours"),
            ("<t:1803834000:R>", "il y a 1 jour"),
            (
                "[le registre](https://discord.com/channels/1/2/3).",
                "le registre (→ #salon-2, à ce message).",
            ),
            ("Espace : https://discord.com/channels/1/2.", "Espace : → #salon-2."),
            (
                "SMS :\n```\nBonjour **vous**\n\n```\nfin",
                "SMS :\n    Bonjour **vous**\n\nfin",
            ),
            ("3 < 4 et `<@1>`", "3 < 4 et `<@1>`"),
            ("@\u{200b}everyone", "@everyone"),
        ] {
            assert_eq!(plain(written, &Letters), read, "{written}");
        }
    }
}
