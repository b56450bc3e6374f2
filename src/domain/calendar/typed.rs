//! Dates and hours as people type them: «29/03/2027», «2027-03-29», with an optional «20:30», «20h30» or «20 h 30»
//! (product.md §11 and §19).

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::civil;

/// The years that a typed date may have: anything else is a slip of the finger.
pub const YEARS: RangeInclusive<i32> = 2000..=2199;

/// A date that somebody typed, with the hour when there was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypedDate {
    /// The day, in the calendar of Paris.
    pub date: NaiveDate,
    /// The hour of Paris, when typed.
    pub time: Option<NaiveTime>,
}

impl TypedDate {
    /// The instant meant, with `usual` when no hour was typed. See [`civil`] for the two odd nights of the year.
    #[must_use]
    pub fn instant(self, usual: NaiveTime) -> DateTime<Utc> {
        civil(self.date, self.time.unwrap_or(usual))
    }
}

/// Why a typed date or hour could not be understood. The sentence shown is in `texts::dates`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFault {
    /// Nothing was typed.
    Empty,
    /// Neither «29/03/2027» nor «2027-03-29».
    Unreadable,
    /// The year has two digits: «29/03/27».
    ShortYear,
    /// The form is right, the day is not in the calendar: «31/02/2027».
    NoSuchDay,
    /// The year is outside [`YEARS`].
    YearOutOfRange,
    /// The day is right, what follows is not an hour of the day.
    NoSuchTime,
}

/// Reads a date alone; what follows it is a fault.
///
/// # Errors
/// Says what is wrong with the text.
pub fn parse_date(text: &str) -> Result<NaiveDate, DateFault> {
    let text = tidy(text);
    if text.is_empty() {
        return Err(DateFault::Empty);
    }
    if text.contains(' ') {
        return Err(DateFault::Unreadable);
    }
    date(&text)
}

/// Reads a date with an optional hour: «29/03/2027», «29/03/2027 20:30», «29/03/2027 à 20 h», «2027-03-29T20:30».
///
/// # Errors
/// Says what is wrong with the text.
pub fn parse_date_time(text: &str) -> Result<TypedDate, DateFault> {
    let text = tidy(text);
    if text.is_empty() {
        return Err(DateFault::Empty);
    }
    let (day, rest) = text.split_once([' ', 'T', 't']).unwrap_or((&text, ""));
    let day = date(day)?;
    let rest = rest.strip_prefix("à ").unwrap_or(rest);
    let time = if rest.is_empty() { None } else { Some(time(rest)?) };
    Ok(TypedDate { date: day, time })
}

/// Reads an hour of the day: «20:30», «20h30», «20 h 30», «20h», «20 h».
///
/// # Errors
/// [`DateFault::NoSuchTime`], or [`DateFault::Empty`] when there is nothing to read.
pub fn parse_time(text: &str) -> Result<NaiveTime, DateFault> {
    let text = tidy(text);
    if text.is_empty() {
        Err(DateFault::Empty)
    } else {
        time(&text)
    }
}

/// Trims, and makes every run of white space (the no-break spaces of phones included) one plain space.
fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn date(text: &str) -> Result<NaiveDate, DateFault> {
    let parts = |separator| -> Option<[&str; 3]> {
        let parts: Vec<&str> = text.split(separator).collect();
        let digits = |part: &&str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
        parts.iter().all(digits).then_some(parts)?.try_into().ok()
    };
    let (year, month, day) = match (parts('/'), parts('-'), parts('.')) {
        (Some([day, month, year]), _, _) | (_, _, Some([day, month, year])) => (year, month, day),
        (_, Some([year, month, day]), _) if year.len() == 4 => (year, month, day),
        (_, Some([day, month, year]), _) => (year, month, day),
        _ => return Err(DateFault::Unreadable),
    };
    if day.len() > 2 || month.len() > 2 {
        return Err(DateFault::Unreadable);
    }
    match year.len() {
        4 => {}
        2 => return Err(DateFault::ShortYear),
        _ => return Err(DateFault::Unreadable),
    }
    let number = |part: &str| part.parse::<u32>().map_err(|_| DateFault::Unreadable);
    let year = year.parse::<i32>().map_err(|_| DateFault::Unreadable)?;
    let found = NaiveDate::from_ymd_opt(year, number(month)?, number(day)?).ok_or(DateFault::NoSuchDay)?;
    if YEARS.contains(&year) {
        Ok(found)
    } else {
        Err(DateFault::YearOutOfRange)
    }
}

fn time(text: &str) -> Result<NaiveTime, DateFault> {
    let (hour, minute) = text.split_once([':', 'h', 'H']).ok_or(DateFault::NoSuchTime)?;
    let number = |part: &str| -> Result<u32, DateFault> {
        let part = part.trim();
        if part.is_empty() || part.len() > 2 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return Err(DateFault::NoSuchTime);
        }
        part.parse().map_err(|_| DateFault::NoSuchTime)
    };
    let minute = match minute.trim() {
        "" if !text.contains(':') => 0,
        // «20 h 5» is more likely a lost digit than five past eight.
        minute if minute.len() == 2 => number(minute)?,
        _ => return Err(DateFault::NoSuchTime),
    };
    NaiveTime::from_hms_opt(number(hour)?, minute, 0).ok_or(DateFault::NoSuchTime)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Datelike;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn at(hour: u32, minute: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, minute, 0).unwrap()
    }

    #[test]
    fn the_forms_of_the_contract_are_read() {
        for text in ["29/03/2027", "2027-03-29", " 29/3/2027 ", "29-03-2027", "29.03.2027"] {
            assert_eq!(parse_date(text), Ok(day(2027, 3, 29)), "{text}");
        }
    }

    #[test]
    fn an_hour_may_follow() {
        let with = |time| {
            Ok(TypedDate {
                date: day(2027, 3, 29),
                time,
            })
        };
        assert_eq!(parse_date_time("29/03/2027"), with(None));
        for text in [
            "29/03/2027 20:30",
            "29/03/2027 20h30",
            "29/03/2027 20 h 30",
            "29/03/2027 à 20\u{a0}h\u{a0}30",
            "2027-03-29T20:30",
            "2027-03-29 20H30",
        ] {
            assert_eq!(parse_date_time(text), with(Some(at(20, 30))), "{text}");
        }
        assert_eq!(parse_date_time("29/03/2027 9 h"), with(Some(at(9, 0))));
        assert_eq!(parse_time("20h"), Ok(at(20, 0)));
        assert_eq!(parse_time("00:00"), Ok(at(0, 0)));
    }

    #[test]
    fn each_slip_has_its_own_name() {
        for (text, fault) in [
            ("", DateFault::Empty),
            ("  \u{a0} ", DateFault::Empty),
            ("demain", DateFault::Unreadable),
            ("29/03", DateFault::Unreadable),
            ("29/03/2027/1", DateFault::Unreadable),
            ("029/03/2027", DateFault::Unreadable),
            ("+9/03/2027", DateFault::Unreadable),
            ("29/03/27", DateFault::ShortYear),
            ("31/02/2027", DateFault::NoSuchDay),
            ("29/02/2027", DateFault::NoSuchDay),
            ("00/01/2027", DateFault::NoSuchDay),
            ("29/03/0207", DateFault::YearOutOfRange),
        ] {
            assert_eq!(parse_date(text), Err(fault), "{text}");
            assert_eq!(parse_date_time(text), Err(fault), "{text}");
        }
        for text in [
            "29/03/2027 25:00",
            "29/03/2027 20:60",
            "29/03/2027 20:",
            "29/03/2027 soir",
            "29/03/2027 20 h 5",
        ] {
            assert_eq!(parse_date_time(text), Err(DateFault::NoSuchTime), "{text}");
        }
        assert_eq!(parse_date("29/03/2027 20:30"), Err(DateFault::Unreadable));
        assert_eq!(parse_time(""), Err(DateFault::Empty));
    }

    #[test]
    fn the_usual_hour_stands_in_for_one_not_typed() {
        let typed = parse_date_time("29/03/2027").unwrap();
        assert_eq!(
            typed.instant(at(20, 0)),
            "2027-03-29T18:00:00Z".parse::<DateTime<Utc>>().unwrap()
        );
        let typed = parse_date_time("22/03/2027 21:00").unwrap();
        assert_eq!(
            typed.instant(at(20, 0)),
            "2027-03-22T20:00:00Z".parse::<DateTime<Utc>>().unwrap()
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(days in 0u64..73_000, minutes in 0u32..1440) {
            let date = super::super::paris::days_after(day(2000, 1, 1), days);
            let (hour, minute) = (minutes / 60, minutes % 60);
            let french = format!("{:02}/{:02}/{} {hour}:{minute:02}", date.day(), date.month(), date.year());
            let expected = TypedDate { date, time: Some(at(hour, minute)) };
            proptest::prop_assert_eq!(parse_date_time(&french), Ok(expected));
            proptest::prop_assert_eq!(parse_date_time(&format!("{date} {hour} h {minute:02}")), Ok(expected));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = (parse_date(&text), parse_date_time(&text), parse_time(&text));
        }
    }
}
