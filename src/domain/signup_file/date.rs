//! Dates of sign-up as sites and spreadsheets write them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::Paris;

/// Days, in the international order.
const YEAR_FIRST: [&str; 3] = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"];
/// Days, in the French order.
const DAY_FIRST: [&str; 3] = ["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"];
/// Times of day.
const TIMES: [&str; 3] = ["%H:%M:%S%.f", "%H:%M", "%H"];

/// Reads «29/03/2027», «2027-03-29», either with a time. A time without a zone is Paris civil time; a day without a time
/// begins at midnight in Paris. None when it is no date, or one before 2000 or after 2199.
pub(super) fn read(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let instant = with_zone(text).or_else(|| civil(text))?;
    (2000..2200).contains(&instant.year()).then_some(instant)
}

fn with_zone(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.with_timezone(&Utc));
    }
    if let Some(text) = text.strip_suffix("UTC").or_else(|| text.strip_suffix("GMT")) {
        return naive(text.trim()).map(|instant| instant.and_utc());
    }
    [
        "%Y-%m-%d %H:%M:%S%.f%#z",
        "%Y-%m-%d %H:%M:%S%.f %#z",
        "%Y-%m-%dT%H:%M:%S%.f%#z",
        "%Y-%m-%dT%H:%M%#z",
    ]
    .iter()
    .find_map(|format| DateTime::parse_from_str(text, format).ok())
    .map(|instant| instant.with_timezone(&Utc))
}

fn civil(text: &str) -> Option<DateTime<Utc>> {
    let instant = naive(text)?;
    // An hour that the change of March skips is read an hour later.
    Paris
        .from_local_datetime(&instant)
        .earliest()
        .or_else(|| {
            Paris
                .from_local_datetime(&(instant + chrono::TimeDelta::hours(1)))
                .earliest()
        })
        .map(|instant| instant.with_timezone(&Utc))
}

/// A day and, perhaps, a time of day; midnight without one.
fn naive(text: &str) -> Option<NaiveDateTime> {
    if let Some(day) = day(text) {
        return Some(day.and_time(NaiveTime::MIN));
    }
    let (first, rest) = text.split_once([' ', 'T', '\u{a0}', '\u{202f}'])?;
    let rest = rest.trim().trim_start_matches(['à', 'a']).trim();
    let time = rest.replace([' ', '\u{a0}', '\u{202f}'], "").replace(['h', 'H'], ":");
    let time = TIMES
        .iter()
        .find_map(|format| parse_time(time.trim_end_matches(':'), format))?;
    Some(day(first.trim_end_matches(','))?.and_time(time))
}

fn parse_time(text: &str, format: &str) -> Option<NaiveTime> {
    if format == "%H" {
        // chrono asks for minutes.
        return NaiveTime::parse_from_str(&format!("{text}:00"), "%H:%M").ok();
    }
    NaiveTime::parse_from_str(text, format).ok()
}

fn day(text: &str) -> Option<NaiveDate> {
    // chrono would read «29/03/27» as the 27th of March of the year 29.
    let formats = if text.bytes().take_while(u8::is_ascii_digit).count() >= 4 {
        &YEAR_FIRST
    } else {
        &DAY_FIRST
    };
    let day = formats
        .iter()
        .find_map(|format| NaiveDate::parse_from_str(text, format).ok())?;
    if (0..100).contains(&day.year()) {
        return day.with_year(day.year() + 2000);
    }
    Some(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_and_times_of_every_usual_form() {
        for (text, expected) in [
            ("29/03/2027", "2027-03-28T22:00:00Z"),
            ("29/03/27", "2027-03-28T22:00:00Z"),
            ("29-03-2027", "2027-03-28T22:00:00Z"),
            ("29.03.2027", "2027-03-28T22:00:00Z"),
            ("9/3/2027", "2027-03-08T23:00:00Z"),
            ("2027-03-29", "2027-03-28T22:00:00Z"),
            ("2027/03/29", "2027-03-28T22:00:00Z"),
            ("29/03/2027 14:05", "2027-03-29T12:05:00Z"),
            ("29/03/2027 14:05:06", "2027-03-29T12:05:06Z"),
            ("29/03/2027 à 14h05", "2027-03-29T12:05:00Z"),
            ("29/03/2027 14 h 05", "2027-03-29T12:05:00Z"),
            ("29/03/2027 14h", "2027-03-29T12:00:00Z"),
            ("2027-03-29 14:05:06.123", "2027-03-29T12:05:06.123Z"),
            ("2027-03-29T14:05:06", "2027-03-29T12:05:06Z"),
            ("2027-03-29T14:05:06Z", "2027-03-29T14:05:06Z"),
            ("2027-03-29T14:05:06+02:00", "2027-03-29T12:05:06Z"),
            ("2027-03-29 14:05:06+00", "2027-03-29T14:05:06Z"),
            ("2027-03-29 14:05:06 +0200", "2027-03-29T12:05:06Z"),
            ("2027-03-29 14:05:06 UTC", "2027-03-29T14:05:06Z"),
            // Skipped by the clock change.
            ("28/03/2027 02:30", "2027-03-28T01:30:00Z"),
        ] {
            let expected: DateTime<Utc> = expected.parse().unwrap();
            assert_eq!(read(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "hier",
            "31/02/2027",
            "03/29/2027",
            "1970-01-01",
            "29/03",
            "2027",
            "29/03/2027 25:00",
            "46475",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn reading_is_total(text in "\\PC{0,30}|[0-9/:. TZ+-]{0,30}") {
            let _ = read(&text);
        }
    }
}
