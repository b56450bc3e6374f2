//! Dates and hours in French, and Discord's own timestamps.
//!
//! Wherever Discord renders it, a timestamp is better: everyone reads his own time zone. The written forms serve what
//! is frozen (statutes, registers, files, SMS).

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike, Utc, Weekday};

use crate::domain::calendar::{DateFault, Holiday, YEARS, paris_date, paris_time};

/// How Discord renders a timestamp (Discord documentation, «Message formatting», timestamp styles).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// «20:00».
    ShortTime,
    /// «29/03/2027».
    ShortDate,
    /// «29 mars 2027».
    LongDate,
    /// «29 mars 2027 20:00».
    ShortDateTime,
    /// «lundi 29 mars 2027 20:00».
    LongDateTime,
    /// «dans 3 jours».
    Relative,
}

/// An instant that Discord shows in the time zone and language of each reader: `<t:1806084000:F>`.
#[must_use]
pub fn timestamp(instant: DateTime<Utc>, style: Style) -> String {
    let letter = match style {
        Style::ShortTime => 't',
        Style::ShortDate => 'd',
        Style::LongDate => 'D',
        Style::ShortDateTime => 'f',
        Style::LongDateTime => 'F',
        Style::Relative => 'R',
    };
    format!("<t:{}:{letter}>", instant.timestamp())
}

/// «29 mars 2027», «1er avril 2027».
#[must_use]
pub fn day(date: NaiveDate) -> String {
    format!("{} {}", day_month(date), date.year())
}

/// «29 mars», «1er avril».
#[must_use]
pub fn day_month(date: NaiveDate) -> String {
    let ordinal = if date.day() == 1 { "er" } else { "" };
    format!("{}{ordinal} {}", date.day(), month(date.month()))
}

/// «lundi 29 mars 2027».
#[must_use]
pub fn weekday_day(date: NaiveDate) -> String {
    format!("{} {}", weekday(date.weekday()), day(date))
}

/// «29/03/2027», the form that people are asked to type.
#[must_use]
pub fn numeric(date: NaiveDate) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year())
}

/// «20 h 30», «20 h», with no-break spaces. Seconds are dropped.
#[must_use]
pub fn hour(time: NaiveTime) -> String {
    match time.minute() {
        0 => format!("{}\u{a0}h", time.hour()),
        minute => format!("{}\u{a0}h\u{a0}{minute:02}", time.hour()),
    }
}

/// «14 mars 2027 à 21 h 05», in Paris.
#[must_use]
pub fn moment(instant: DateTime<Utc>) -> String {
    format!("{} à {}", day(paris_date(instant)), hour(paris_time(instant)))
}

/// «lundi 29 mars 2027 à 20 h», in Paris.
#[must_use]
pub fn weekday_moment(instant: DateTime<Utc>) -> String {
    format!("{} à {}", weekday_day(paris_date(instant)), hour(paris_time(instant)))
}

/// «lundi».
#[must_use]
pub const fn weekday(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "lundi",
        Weekday::Tue => "mardi",
        Weekday::Wed => "mercredi",
        Weekday::Thu => "jeudi",
        Weekday::Fri => "vendredi",
        Weekday::Sat => "samedi",
        Weekday::Sun => "dimanche",
    }
}

/// «mars» for 3. A number that is no month gives nothing.
#[must_use]
pub const fn month(number: u32) -> &'static str {
    match number {
        1 => "janvier",
        2 => "février",
        3 => "mars",
        4 => "avril",
        5 => "mai",
        6 => "juin",
        7 => "juillet",
        8 => "août",
        9 => "septembre",
        10 => "octobre",
        11 => "novembre",
        12 => "décembre",
        _ => "",
    }
}

/// «le lundi de Pâques»: the name of a public holiday with its article.
#[must_use]
pub const fn holiday(holiday: Holiday) -> &'static str {
    match holiday {
        Holiday::NewYear => "le jour de l’An",
        Holiday::EasterMonday => "le lundi de Pâques",
        Holiday::LabourDay => "la fête du Travail",
        Holiday::Victory1945 => "l’anniversaire de la victoire de 1945",
        Holiday::Ascension => "le jeudi de l’Ascension",
        Holiday::WhitMonday => "le lundi de Pentecôte",
        Holiday::NationalDay => "la fête nationale",
        Holiday::Assumption => "l’Assomption",
        Holiday::AllSaints => "la Toussaint",
        Holiday::Armistice1918 => "l’anniversaire de l’armistice de 1918",
        Holiday::Christmas => "Noël",
    }
}

/// The sentence for a date or an hour that could not be understood: what was found, and the form that works.
#[must_use]
pub fn fault(fault: DateFault) -> String {
    match fault {
        DateFault::Empty => "Il manque la date. Écrivez-la ainsi\u{a0}: 29/03/2027.".to_owned(),
        DateFault::Unreadable => "Cette date ne se lit pas. Écrivez-la ainsi\u{a0}: 29/03/2027.".to_owned(),
        DateFault::ShortYear => "L’année est à écrire avec quatre chiffres\u{a0}: 29/03/2027.".to_owned(),
        DateFault::NoSuchDay => {
            "Ce jour n’existe pas dans le calendrier. Vérifiez le jour et le mois\u{a0}: 29/03/2027.".to_owned()
        }
        DateFault::YearOutOfRange => {
            format!(
                "L’année est à vérifier\u{a0}: elle se situe entre {} et {}.",
                YEARS.start(),
                YEARS.end()
            )
        }
        DateFault::NoSuchTime => "L’heure ne se lit pas. Écrivez-la après la date\u{a0}: 29/03/2027 20:30.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::{parse_date, parse_date_time};

    fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn days_are_written_as_the_movement_writes_them() {
        assert_eq!(weekday_day(date(2027, 3, 29)), "lundi 29 mars 2027");
        assert_eq!(day(date(2027, 4, 1)), "1er avril 2027");
        assert_eq!(day_month(date(2027, 8, 11)), "11 août");
        assert_eq!(day_month(date(2027, 12, 21)), "21 décembre");
        assert_eq!(numeric(date(2027, 3, 9)), "09/03/2027");
    }

    #[test]
    fn moments_are_those_of_paris() {
        let instant = "2027-03-14T20:05:00Z".parse().unwrap();
        assert_eq!(moment(instant), "14 mars 2027 à 21\u{a0}h\u{a0}05");
        let instant = "2027-03-29T18:00:00Z".parse().unwrap();
        assert_eq!(weekday_moment(instant), "lundi 29 mars 2027 à 20\u{a0}h");
        assert_eq!(timestamp(instant, Style::LongDateTime), "<t:1806343200:F>");
        assert_eq!(timestamp(instant, Style::Relative), "<t:1806343200:R>");
    }

    #[test]
    fn what_the_sentences_recommend_can_be_typed() {
        assert!(fault(DateFault::Unreadable).contains("29/03/2027") && parse_date("29/03/2027").is_ok());
        assert!(
            fault(DateFault::NoSuchTime).contains("29/03/2027 20:30") && parse_date_time("29/03/2027 20:30").is_ok()
        );
        assert_eq!(parse_date(&numeric(date(2027, 3, 9))), Ok(date(2027, 3, 9)));
    }

    #[test]
    fn every_month_and_weekday_has_a_name() {
        let months: Vec<_> = (1..=12).map(month).collect();
        assert!(months.iter().all(|name| !name.is_empty()));
        assert_eq!(month(13), "");
        assert_eq!(weekday(Weekday::Sun), "dimanche");
        assert_eq!(holiday(Holiday::EasterMonday), "le lundi de Pâques");
    }
}
