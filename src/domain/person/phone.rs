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
    if let Some(whole) = text.strip_suffix(".0").or_else(|| text.strip_suffix(",0")) {
        if whole.len() >= 9 && whole.trim_start_matches('+').bytes().all(|b| b.is_ascii_digit()) {
            text = whole;
        }
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
            digits
                .strip_prefix(&code.to_string())
                .is_some_and(|rest| rest.len() == 9 && !rest.starts_with('0') || rest.len() == 10 && rest.starts_with('0'))
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
        return Err(PhoneProblem::AfterCode { code, digits, min, max: 9 });
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn e164(typed: &str) -> String {
        Phone::parse(typed).unwrap_or_else(|problem| panic!("{typed}: {problem}")).0
    }

    #[test]
    fn metropolitan_numbers_in_every_usual_writing() {
        for typed in [
            "06 39 98 12 34",
            "06.39.98.12.34",
            "06-39-98-12-34",
            "06/39/98/12/34",
            "0639981234",
            "639981234",
            "639981234.0",
            "06\u{a0}39\u{202f}98 12 34",
            "\u{202a}06 39 98 12 34\u{202c}",
            "+33 6 39 98 12 34",
            "+33 (0)6 39 98 12 34",
            "+330639981234",
            "0033 6 39 98 12 34",
            "00330639981234",
            "33639981234",
            "330639981234",
            "Tel: 06 39 98 12 34",
            "'+33639981234",
            "０６３９９８１２３４",
        ] {
            assert_eq!(e164(typed), "+33639981234", "{typed}");
        }
        assert_eq!(e164("01 99 00 12 34"), "+33199001234");
        assert_eq!(e164("09 70 12 34 56"), "+33970123456");
    }

    #[test]
    fn overseas_numbers_go_by_their_prefix() {
        for (typed, expected) in [
            ("0692 12 34 56", "+262692123456"),
            ("0693 12 34 56", "+262693123456"),
            ("0262 12 34 56", "+262262123456"),
            ("0269 61 23 45", "+262269612345"),
            ("0639 12 34 56", "+262639123456"),
            ("0590 20 12 34", "+590590201234"),
            ("0690 12 34 56", "+590690123456"),
            ("0691 23 45 67", "+590691234567"),
            ("0594 10 12 34", "+594594101234"),
            ("0694 20 12 34", "+594694201234"),
            ("0596 30 12 34", "+596596301234"),
            ("0696 20 12 34", "+596696201234"),
            ("0697 20 12 34", "+596697201234"),
            ("0709 20 12 34", "+262709201234"),
            ("0709 35 12 34", "+262709351234"),
            ("0709 30 12 34", "+594709301234"),
            ("0976 60 12 34", "+596976601234"),
            ("0508 41 23 45", "+508412345"),
            ("0708 40 12 34", "+508708401234"),
            ("692123456", "+262692123456"),
            ("262692123456", "+262692123456"),
            ("+262 692 12 34 56", "+262692123456"),
            ("+262 (0)692 12 34 56", "+262692123456"),
            ("00590 690 12 34 56", "+590690123456"),
            ("+33 692 12 34 56", "+262692123456"),
            ("+508 41 23 45", "+508412345"),
            ("+508 0508 41 23 45", "+508412345"),
            ("+687 75 12 34", "+687751234"),
            ("+689 87 12 34 56", "+68987123456"),
            ("+681 72 12 34", "+681721234"),
        ] {
            assert_eq!(e164(typed), expected, "{typed}");
        }
    }

    #[test]
    fn the_range_of_fiction_stays_metropolitan() {
        assert_eq!(e164("0639980000"), "+33639980000");
        assert_eq!(e164("0639989999"), "+33639989999");
        assert_eq!(e164("0639990000"), "+262639990000");
        assert_eq!(e164("+33639981234"), "+33639981234");
    }

    #[test]
    fn short_numbers_are_read_where_people_live() {
        let near = |typed, postal_code| Phone::parse_near(typed, postal_code).map(|phone| phone.0);
        assert_eq!(near("75.12.34", "98800").unwrap(), "+687751234");
        assert_eq!(near("87 12 34 56", "98714").unwrap(), "+68987123456");
        assert_eq!(near("72 12 34", "98600").unwrap(), "+681721234");
        assert_eq!(near("41 23 45", "97500").unwrap(), "+508412345");
        assert_eq!(near("06 39 98 12 34", "98800").unwrap(), "+33639981234");
        assert_eq!(near("75.12.34", "34400"), Err(PhoneProblem::FrenchDigits { digits: 6 }));
        assert_eq!(near("75.12.34", "9é"), Err(PhoneProblem::FrenchDigits { digits: 6 }));
    }

    #[test]
    fn foreign_numbers_are_accepted_with_their_code() {
        for (typed, expected) in [
            ("+32 470 12 34 56", "+32470123456"),
            ("0032 (0)470 12 34 56", "+32470123456"),
            ("+41 78 927 00 00", "+41789270000"),
            ("+39 02 3661 8300", "+390236618300"),
            ("+1 613-782-7274", "+16137827274"),
            ("+49 (0)30 123456", "+4930123456"),
            ("+44 7912 345678", "+447912345678"),
            ("+7 800 555 35 35", "+78005553535"),
            ("+352 621 123 456", "+352621123456"),
        ] {
            assert_eq!(e164(typed), expected, "{typed}");
        }
    }

    #[test]
    fn impossible_numbers_are_refused_with_the_facts() {
        for (typed, problem) in [
            ("", PhoneProblem::Empty),
            (" \u{a0} ", PhoneProblem::Empty),
            ("--", PhoneProblem::FrenchDigits { digits: 0 }),
            ("06 39 98 12 3", PhoneProblem::FrenchDigits { digits: 9 }),
            ("06 39 98 12 345", PhoneProblem::FrenchDigits { digits: 11 }),
            ("17", PhoneProblem::FrenchDigits { digits: 2 }),
            ("06 39 98 12 34 / 01 99 00 12 34", PhoneProblem::FrenchDigits { digits: 20 }),
            ("16 39 98 12 34", PhoneProblem::FrenchStart),
            ("0000000000", PhoneProblem::UnknownCode),
            ("+33 0000000000", PhoneProblem::StartAfterCode { code: 33 }),
            ("06 39 98 l2 34", PhoneProblem::Character { found: 'l' }),
            ("0639+981234", PhoneProblem::Character { found: '+' }),
            ("6,39981E+08", PhoneProblem::Rounded),
            (
                "+33 6 39 98 12 3",
                PhoneProblem::AfterCode { code: 33, digits: 8, min: 9, max: 9 },
            ),
            (
                "+687 75 12",
                PhoneProblem::AfterCode { code: 687, digits: 4, min: 6, max: 6 },
            ),
            ("+999 12 34 56 78", PhoneProblem::UnknownCode),
            ("+", PhoneProblem::FrenchDigits { digits: 0 }),
        ] {
            assert_eq!(Phone::parse(typed), Err(problem), "{typed}");
        }
        assert!(matches!(
            Phone::parse("+32 470 12"),
            Err(PhoneProblem::AfterCode { code: 32, digits: 5, .. })
        ));
    }

    #[test]
    fn numbers_are_written_as_they_are_dialled() {
        for (typed, expected) in [
            ("+33639981234", "06 39 98 12 34"),
            ("+262692123456", "0692 12 34 56"),
            ("+590690123456", "0690 12 34 56"),
            ("+508412345", "0508 41 23 45"),
            ("+508708401234", "0708 40 12 34"),
            ("+687751234", "+687 75 12 34"),
            ("+68987123456", "+689 87 12 34 56"),
            ("+32470123456", "+32 470 12 34 56"),
        ] {
            assert_eq!(Phone::parse(typed).unwrap().national(), expected);
        }
    }

    /// Numbers of the national plan, of other countries, and of the collectivities, in international form.
    fn international() -> impl Strategy<Value = String> {
        prop_oneof![
            "\\+33[1-9][0-9]{8}",
            "\\+(262|590|594|596)[5-9][0-9]{8}",
            "\\+508[2-9][0-9]{5}",
            "\\+687[2-9][0-9]{5}",
            "\\+689(4|8)[0-9]{7}",
            "\\+324[0-9]{8}",
            "\\+417[0-9]{8}",
            "\\+39[0-9]{9,10}",
            "\\+1[2-9][0-9]{9}",
            "\\+[1-9][0-9]{5,14}",
        ]
    }

    proptest! {
        #[test]
        fn parsing_is_total(typed in "\\PC{0,30}", postal_code in "\\PC{0,6}|9[78][0-9]{3}") {
            let _ = Phone::parse_near(&typed, &postal_code);
        }

        #[test]
        fn e164_round_trips(typed in international()) {
            if let Ok(phone) = Phone::parse(&typed) {
                prop_assert!(phone.0.len() <= E164_MAX + 1);
                prop_assert!(phone.0.starts_with('+') && phone.0[1..].bytes().all(|b| b.is_ascii_digit()));
                prop_assert_eq!(Phone::parse(phone.e164()), Ok(phone.clone()));
                prop_assert_eq!(Phone::parse(&format!("00{}", &phone.e164()[1..])), Ok(phone.clone()));
            }
        }

        #[test]
        fn every_national_number_is_possible_and_reads_back_as_it_is_written(number in "0[1-9][0-9]{8}") {
            let phone = Phone::parse(&number).unwrap();
            prop_assert_eq!(phone.national().replace(' ', ""), number.clone());
            prop_assert_eq!(Phone::parse(&phone.national()), Ok(phone.clone()));
            prop_assert_eq!(Phone::parse(&number[1..]), Ok(phone));
        }

        #[test]
        fn writing_does_not_matter(number in "0[1-9][0-9]{8}", sign in "[ .\\-/\u{a0}\u{202f}]") {
            let spaced: Vec<&str> = [0, 2, 4, 6, 8].iter().map(|&start| &number[start..start + 2]).collect();
            prop_assert_eq!(Phone::parse(&spaced.join(&sign)), Phone::parse(&number));
        }
    }
}
