//! The eleven public holidays of France (code du travail, article L3133-1). Alsace and Moselle have two more, which the
//! movement's national meeting does not follow.

use chrono::NaiveDate;

use super::paris::days_after;

/// A public holiday. Its French name is in `texts::dates`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holiday {
    /// 1 January.
    NewYear,
    /// The day after Easter.
    EasterMonday,
    /// 1 May.
    LabourDay,
    /// 8 May.
    Victory1945,
    /// The thirty-ninth day after Easter, a Thursday.
    Ascension,
    /// The fiftieth day after Easter.
    WhitMonday,
    /// 14 July.
    NationalDay,
    /// 15 August.
    Assumption,
    /// 1 November.
    AllSaints,
    /// 11 November.
    Armistice1918,
    /// 25 December.
    Christmas,
}

/// Easter Sunday of a year of the Gregorian calendar, by the anonymous algorithm (Meeus, *Astronomical Algorithms*,
/// chapter 8). None outside chrono's calendar.
#[must_use]
pub fn easter(year: i32) -> Option<NaiveDate> {
    let golden = year.rem_euclid(19);
    let (century, in_century) = (year.div_euclid(100), year.rem_euclid(100));
    let (leap_centuries, left) = (century.div_euclid(4), century.rem_euclid(4));
    let moon = (century + 8).div_euclid(25);
    let correction = (century - moon + 1).div_euclid(3);
    let epact = (19 * golden + century - leap_centuries - correction + 15).rem_euclid(30);
    let (leap_years, rest) = (in_century.div_euclid(4), in_century.rem_euclid(4));
    let to_sunday = (32 + 2 * left + 2 * leap_years - epact - rest).rem_euclid(7);
    let late = (golden + 11 * epact + 22 * to_sunday).div_euclid(451);
    let count = epact + to_sunday - 7 * late + 114;
    NaiveDate::from_ymd_opt(
        year,
        u32::try_from(count / 31).ok()?,
        u32::try_from(count % 31 + 1).ok()?,
    )
}

/// The holidays of a year, in the order of the calendar. Two may share a day (1 May 2008 was also Ascension Day).
#[must_use]
pub fn holidays(year: i32) -> Vec<(NaiveDate, Holiday)> {
    let fixed = [
        (1, 1, Holiday::NewYear),
        (5, 1, Holiday::LabourDay),
        (5, 8, Holiday::Victory1945),
        (7, 14, Holiday::NationalDay),
        (8, 15, Holiday::Assumption),
        (11, 1, Holiday::AllSaints),
        (11, 11, Holiday::Armistice1918),
        (12, 25, Holiday::Christmas),
    ];
    let moving = [
        (1, Holiday::EasterMonday),
        (39, Holiday::Ascension),
        (50, Holiday::WhitMonday),
    ];
    let mut all: Vec<_> = fixed
        .into_iter()
        .filter_map(|(month, day, name)| Some((NaiveDate::from_ymd_opt(year, month, day)?, name)))
        .chain(
            easter(year)
                .into_iter()
                .flat_map(|sunday| moving.map(|(days, name)| (days_after(sunday, days), name))),
        )
        .collect();
    all.sort_by_key(|(date, _)| *date);
    all
}

/// The holiday of a day, if it is one: the national team is asked whether a meeting on it is kept (product.md §11).
#[must_use]
pub fn holiday(date: NaiveDate) -> Option<Holiday> {
    use chrono::Datelike;
    holidays(date.year())
        .into_iter()
        .find(|(day, _)| *day == date)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, Weekday};

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn easter_of_known_years() {
        for (year, month, date) in [
            (1961, 4, 2),
            (2000, 4, 23),
            (2008, 3, 23),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2038, 4, 25),
            (2285, 3, 22),
        ] {
            assert_eq!(easter(year), Some(day(year, month, date)), "{year}");
        }
    }

    #[test]
    fn the_eleven_holidays_of_2027_in_order() {
        let dates: Vec<String> = holidays(2027).into_iter().map(|(date, _)| date.to_string()).collect();
        let expected = [
            "2027-01-01",
            "2027-03-29",
            "2027-05-01",
            "2027-05-06",
            "2027-05-08",
            "2027-05-17",
            "2027-07-14",
            "2027-08-15",
            "2027-11-01",
            "2027-11-11",
            "2027-12-25",
        ];
        assert_eq!(dates, expected);
        assert_eq!(holiday(day(2027, 3, 29)), Some(Holiday::EasterMonday));
        assert_eq!(holiday(day(2027, 3, 22)), None);
    }

    proptest::proptest! {
        #[test]
        fn moving_holidays_keep_their_weekday(year in 1900i32..2300) {
            let sunday = easter(year).unwrap();
            proptest::prop_assert_eq!(sunday.weekday(), Weekday::Sun);
            proptest::prop_assert!(sunday >= day(year, 3, 22) && sunday <= day(year, 4, 25));
            let all = holidays(year);
            proptest::prop_assert_eq!(all.len(), 11);
            for (date, name) in all {
                match name {
                    Holiday::EasterMonday | Holiday::WhitMonday => proptest::prop_assert_eq!(date.weekday(), Weekday::Mon),
                    Holiday::Ascension => proptest::prop_assert_eq!(date.weekday(), Weekday::Thu),
                    _ => {}
                }
            }
        }
    }
}
