//! Telephone numbers, kept in E.164 (product.md §4).
//!
//! Metropolitan France and the overseas départements share one national numbering plan («0» and nine digits) but not one
//! country code: a number typed in national form belongs to the country that its prefix says. Numbers are judged *possible*,
//! not *valid*: ranges come and go, and those that the Arcep reserves for fiction (06 39 98 …) belong to nobody and are
//! valid nowhere. Lengths, country codes and the overseas ranges that have no prefix of their own come from the library's
//! metadata.

use phonenumber::country::Id;
use phonenumber::metadata::{DATABASE, Metadata};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Country code of metropolitan France.
const FRANCE: u16 = 33;
/// Country code of Saint-Pierre-et-Miquelon, whose six-digit numbers are typed «0508» in the national plan.
const SAINT_PIERRE: u16 = 508;
/// Country codes that share the national plan «0» + nine digits.
const NATIONAL_PLAN: [u16; 6] = [FRANCE, 262, 590, 594, 596, SAINT_PIERRE];
/// The longest number of the world, country code included (ITU-T E.164).
const E164_MAX: usize = 15;

/// The range of mobile numbers that the Arcep keeps for fiction, within what is otherwise Mayotte's 0639.
const FICTION: &str = "63998";

/// Prefixes of the national plan, without their «0», that belong overseas (Arcep, plan national de numérotation). The first
/// that fits decides. Ranges opened number block by number block (09 …) are asked of the library instead.
const OVERSEAS: [(&str, u16); 29] = [
    ("262", 262),
    ("263", 262),
    ("2688", 262),
    ("2689", 262),
    ("269", 262),
    ("639", 262),
    ("692", 262),
    ("693", 262),
    ("7092", 262),
    ("70935", 262),
    ("70936", 262),
    ("70937", 262),
    ("590", 590),
    ("5987", 590),
    ("690", 590),
    ("691", 590),
    ("7090", 590),
    ("594", 594),
    ("5988", 594),
    ("694", 594),
    ("7093", 594),
    ("596", 596),
    ("5989", 596),
    ("696", 596),
    ("697", 596),
    ("7091", 596),
    ("508", SAINT_PIERRE),
    ("7084", SAINT_PIERRE),
    ("7085", SAINT_PIERRE),
];

/// What is wrong with a number, with the facts for a precise sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneProblem {
    /// Nothing was typed.
    #[error("the number is empty")]
    Empty,
    /// A character that stands in no telephone number.
    #[error("the number holds a character that is not a digit")]
    Character {
        /// The first such character.
        found: char,
    },
    /// «6,4E+08»: a spreadsheet has rounded the number, and its last digits are lost.
    #[error("a spreadsheet has rounded the number")]
    Rounded,
    /// A number in national form that has not ten digits.
    #[error("the number has {digits} digits")]
    FrenchDigits {
        /// How many digits were typed.
        digits: usize,
    },
    /// Ten digits, but the first two cannot begin a French number.
    #[error("no French number begins so")]
    FrenchStart,
    /// A number with a country code that has a wrong number of digits after it.
    #[error("the number has {digits} digits after +{code}, between {min} and {max} expected")]
    AfterCode {
        /// The country code.
        code: u16,
        /// How many digits follow it.
        digits: usize,
        /// How many must follow it at least.
        min: usize,
        /// How many may follow it at most.
        max: usize,
    },
    /// The right length after the country code, but no number of that country can begin so.
    #[error("no number of +{code} begins so")]
    StartAfterCode {
        /// The country code.
        code: u16,
    },
    /// «+» or «00» is followed by no country code in use.
    #[error("the country code is unknown")]
    UnknownCode,
}

/// A telephone number in E.164: «+33639981234».
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phone(String);

impl Phone {
    /// Parses what was typed: national form («06 39 98 12 34», «0692…»), with or without the first «0» that spreadsheets
    /// remove, or international form («+32 …», «0032 …», «33639981234»).
    ///
    /// # Errors
    /// Why no such number can exist.
    pub fn parse(typed: &str) -> Result<Self, PhoneProblem> {
        Self::parse_near(typed, "")
    }

    /// As [`Phone::parse`], for someone who lives at this postal code: there, the short local numbers of Nouvelle-Calédonie
    /// (988), Polynésie française (987), Wallis-et-Futuna (986) and Saint-Pierre-et-Miquelon (975) are known for what they
    /// are. An empty or foreign postal code helps with nothing and harms nothing.
    ///
    /// # Errors
    /// Why no such number can exist.
    pub fn parse_near(typed: &str, postal_code: &str) -> Result<Self, PhoneProblem> {
        let (digits, international) = digits(typed)?;
        let number = if international {
            with_code(&digits)?
        } else {
            match local(&digits, postal_code.trim()) {
                Some(number) => number,
                None => national(&digits)?,
            }
        };
        Ok(Self(number))
    }

    /// «+33639981234», the form that is stored and compared.
    #[must_use]
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// The form in which one dials from the national plan: «06 39 98 12 34», «0692 12 34 56». Other numbers are written
    /// with their country code: «+32 470 12 34 56».
    #[must_use]
    pub fn national(&self) -> String {
        let Some((code, number)) = split(&self.0[1..]) else {
            return self.0.clone();
        };
        match (code, number.len()) {
            (FRANCE, 9) => format!("0{} {}", &number[..1], pairs(&number[1..])),
            (SAINT_PIERRE, 6) => format!("0508 {}", pairs(number)),
            (code, 9) if NATIONAL_PLAN.contains(&code) => format!("0{} {}", &number[..3], pairs(&number[3..])),
            (681 | 687 | 689, _) => format!("+{code} {}", pairs(number)),
            _ => phonenumber::parse(None, &self.0).map_or_else(
                |_| self.0.clone(),
                |parsed| parsed.format().mode(phonenumber::Mode::International).to_string(),
            ),
        }
    }
}

/// The digits typed, and whether they begin with a country code.
fn digits(typed: &str) -> Result<(String, bool), PhoneProblem> {
    let mut text = typed.trim();
    for prefix in ["tel:", "tél:", "tel :", "tél :", "'", "’"] {
        if let Some(rest) = text.get(..prefix.len()).filter(|start| start.to_lowercase() == prefix) {
            text = text[rest.len()..].trim_start();
        }
    }
    // Tables read as decimal numbers write «639981234.0».
    if let Some(whole) = text.strip_suffix(".0").or_else(|| text.strip_suffix(",0"))
        && whole.len() >= 9
        && whole.trim_start_matches('+').bytes().all(|b| b.is_ascii_digit())
    {
        text = whole;
    }
    if is_rounded(text) {
        return Err(PhoneProblem::Rounded);
    }
    let mut digits = String::with_capacity(text.len());
    let mut plus = false;
    for c in text.chars() {
        if let Some(digit) = ascii_digit(c) {
            digits.push(digit);
        } else if matches!(c, '+' | '\u{ff0b}') && digits.is_empty() && !plus {
            plus = true;
        } else if !is_separator(c) {
            return Err(PhoneProblem::Character { found: c });
        }
    }
    if digits.is_empty() {
        return Err(if text.is_empty() {
            PhoneProblem::Empty
        } else {
            PhoneProblem::FrenchDigits { digits: 0 }
        });
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return Ok((rest.to_owned(), true));
    }
    // A site that drops the sign: no national form has eleven digits or more.
    let coded = !plus
        && NATIONAL_PLAN.iter().any(|code| {
            digits.strip_prefix(&code.to_string()).is_some_and(|rest| {
                rest.len() == 9 && !rest.starts_with('0') || rest.len() == 10 && rest.starts_with('0')
            })
        });
    Ok((digits, plus || coded))
}

/// «6,39981E+08», «6.4e8».
fn is_rounded(text: &str) -> bool {
    let Some((number, power)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let power = power.strip_prefix('+').unwrap_or(power);
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','));
    numeric(number) && numeric(power)
}

fn ascii_digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        // Full-width digits, of some telephones.
        '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(c) - 0xff10, 10),
        _ => None,
    }
}

/// Signs that people put between digits, and marks that cannot be seen, which telephones put around a copied number.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '.' | '-' | '/' | '(' | ')' | '_' | '·' | ',' | '\\')
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// A short local number of an overseas collectivity, when the postal code says that it is one.
fn local(digits: &str, postal_code: &str) -> Option<String> {
    let (code, length) = match postal_code.get(..3)? {
        "988" => (687, 6),
        "987" => (689, 8),
        "986" => (681, 6),
        "975" => (SAINT_PIERRE, 6),
        _ => return None,
    };
    (postal_code.len() == 5 && digits.len() == length && !digits.starts_with('0')).then(|| format!("+{code}{digits}"))
}

/// A number in national form.
fn national(digits: &str) -> Result<String, PhoneProblem> {
    let number = match (digits.len(), digits.strip_prefix('0')) {
        (10, Some(number)) => number,
        // A spreadsheet that took the number for a quantity has removed its first «0».
        (9, None) => digits,
        (10, None) => return Err(PhoneProblem::FrenchStart),
        (digits, _) => return Err(PhoneProblem::FrenchDigits { digits }),
    };
    if number.starts_with('0') {
        return Err(PhoneProblem::FrenchStart);
    }
    Ok(in_national_plan(number))
}

/// The E.164 form of a number of the national plan, given without its «0» (nine digits).
fn in_national_plan(number: &str) -> String {
    let code = overseas_code(number).unwrap_or(FRANCE);
    match number.strip_prefix("508") {
        Some(short) if code == SAINT_PIERRE => format!("+{SAINT_PIERRE}{short}"),
        _ => format!("+{code}{number}"),
    }
}

/// The overseas country code to which nine digits of the national plan belong; none for metropolitan numbers.
fn overseas_code(number: &str) -> Option<u16> {
    if number.starts_with(FICTION) {
        return None;
    }
    if let Some((_, code)) = OVERSEAS.iter().find(|(prefix, _)| number.starts_with(prefix)) {
        return Some(*code);
    }
    // Numbers without a place: blocks of 0939, 0947 and 0976 belong to one département or another.
    if !["939", "947", "976"].iter().any(|prefix| number.starts_with(prefix)) {
        return None;
    }
    // Guyane last: the library gives it all of 0976, less what it gives to the others.
    [Id::RE, Id::YT, Id::GP, Id::MQ, Id::GF].into_iter().find_map(|id| {
        let region = DATABASE.by_id(id.as_ref())?;
        let voip = region.descriptors().voip()?;
        let fixed = region.descriptors().fixed_line();
        (voip.is_match(number) || fixed.is_some_and(|fixed| fixed.is_match(number))).then(|| region.country_code())
    })
}

/// A number that begins with its country code; `digits` has neither «+» nor «00».
fn with_code(digits: &str) -> Result<String, PhoneProblem> {
    let (code, number) = split(digits).ok_or(PhoneProblem::UnknownCode)?;
    if NATIONAL_PLAN.contains(&code) {
        return french_with_code(code, number);
    }
    let regions = DATABASE.by_code(&code).unwrap_or_default();
    // «+49 (0)30 …»: the trunk prefix «0» is dropped where there is one. Elsewhere (Italy) a first zero is part of the number.
    let trunk = regions.iter().any(|region| region.national_prefix() == Some("0"));
    let number = if trunk { number.trim_start_matches('0') } else { number };
    let lengths = lengths(&regions);
    let (Some(&min), Some(&max)) = (lengths.first(), lengths.last()) else {
        return Err(PhoneProblem::UnknownCode);
    };
    let max = max.min(E164_MAX - code.to_string().len());
    let digits = number.len();
    if digits > max || !lengths.contains(&digits) {
        return Err(PhoneProblem::AfterCode { code, digits, min, max });
    }
    Ok(format!("+{code}{number}"))
}

/// A number of metropolitan or overseas France that was typed with its country code. «+33 692 …», which nobody has, is
/// what a form with a list of countries makes of a number of Réunion: the plan knows better.
fn french_with_code(code: u16, number: &str) -> Result<String, PhoneProblem> {
    let number = number.strip_prefix('0').unwrap_or(number);
    let digits = number.len();
    if code == SAINT_PIERRE && digits == 6 && !number.starts_with('0') {
        return Ok(format!("+{code}{number}"));
    }
    if digits != 9 {
        let min = if code == SAINT_PIERRE { 6 } else { 9 };
        return Err(PhoneProblem::AfterCode {
            code,
            digits,
            min,
            max: 9,
        });
    }
    if number.starts_with('0') {
        return Err(PhoneProblem::StartAfterCode { code });
    }
    Ok(match (code, number.strip_prefix("508")) {
        (FRANCE, _) => in_national_plan(number),
        (SAINT_PIERRE, Some(short)) => format!("+{SAINT_PIERRE}{short}"),
        _ => format!("+{code}{number}"),
    })
}

/// The country code and what follows it. Codes are never the beginning of one another.
fn split(digits: &str) -> Option<(u16, &str)> {
    (1..=3).find_map(|length| {
        let code: u16 = digits.get(..length)?.parse().ok()?;
        (code > 0 && DATABASE.by_code(&code).is_some()).then(|| (code, &digits[length..]))
    })
}

/// The lengths that numbers of these regions may have, without country code, in growing order.
fn lengths(regions: &[&Metadata]) -> Vec<usize> {
    use phonenumber::Type;
    const KINDS: [Type; 11] = [
        Type::FixedLine,
        Type::Mobile,
        Type::TollFree,
        Type::PremiumRate,
        Type::SharedCost,
        Type::PersonalNumber,
        Type::Voip,
        Type::Pager,
        Type::Uan,
        Type::Voicemail,
        Type::NoInternational,
    ];
    let mut lengths: Vec<usize> = regions
        .iter()
        .flat_map(|region| {
            let descriptors = region.descriptors();
            KINDS.iter().filter_map(move |&kind| descriptors.get(kind))
        })
        .flat_map(|descriptor| descriptor.possible_length().iter().map(|&length| usize::from(length)))
        .collect();
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

/// «12345678» → «12 34 56 78».
fn pairs(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 3 / 2);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && position % 2 == 0 {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

#[cfg(test)]
mod tests;
