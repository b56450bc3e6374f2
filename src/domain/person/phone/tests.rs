//! Numbers as people write them.

use super::*;
use proptest::prelude::*;

fn e164(typed: &str) -> String {
    Phone::parse(typed)
        .unwrap_or_else(|problem| panic!("{typed}: {problem}"))
        .0
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
        (
            "06 39 98 12 34 / 01 99 00 12 34",
            PhoneProblem::FrenchDigits { digits: 20 },
        ),
        ("16 39 98 12 34", PhoneProblem::FrenchStart),
        ("0000000000", PhoneProblem::UnknownCode),
        ("+33 0000000000", PhoneProblem::StartAfterCode { code: 33 }),
        ("06 39 98 l2 34", PhoneProblem::Character { found: 'l' }),
        ("0639+981234", PhoneProblem::Character { found: '+' }),
        ("6,39981E+08", PhoneProblem::Rounded),
        (
            "+33 6 39 98 12 3",
            PhoneProblem::AfterCode {
                code: 33,
                digits: 8,
                min: 9,
                max: 9,
            },
        ),
        (
            "+687 75 12",
            PhoneProblem::AfterCode {
                code: 687,
                digits: 4,
                min: 6,
                max: 6,
            },
        ),
        ("+999 12 34 56 78", PhoneProblem::UnknownCode),
        ("+", PhoneProblem::FrenchDigits { digits: 0 }),
    ] {
        assert_eq!(Phone::parse(typed), Err(problem), "{typed}");
    }
    assert!(matches!(
        Phone::parse("+32 470 12"),
        Err(PhoneProblem::AfterCode {
            code: 32,
            digits: 5,
            ..
        })
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
            prop_assert_eq!(Phone::parse(&format!("00{}", &phone.e164()[1..])), Ok(phone));
        }
    }

    #[test]
    fn overseas_numbers_round_trip(number in "0(262|692|693|590|690|594|694|596|696)[0-9]{6}") {
        let phone = Phone::parse(&number).unwrap();
        let prefix = &phone.e164()[..4];
        prop_assert!(["+262", "+590", "+594", "+596"].contains(&prefix), "{}", phone.e164());
        prop_assert_eq!(phone.e164().len(), 4 + 9);
        prop_assert_eq!(Phone::parse(phone.e164()), Ok(phone.clone()));
        prop_assert_eq!(&phone.national().replace(' ', ""), &number);
        prop_assert_eq!(Phone::parse(&phone.national()), Ok(phone));
    }

    #[test]
    fn foreign_numbers_round_trip(number in "\\+(324[6-9][0-9]{7}|417[6-9][0-9]{7}|4915[1-9][0-9]{8}|346[0-9]{8}|35191[0-9]{7})") {
        let phone = Phone::parse(&number).unwrap();
        prop_assert_eq!(phone.e164(), &number);
        prop_assert_eq!(Phone::parse(&phone.national()), Ok(phone));
    }

    #[test]
    fn every_national_number_is_possible_and_reads_back_as_it_is_written(number in "0[1-9][0-9]{8}") {
        let phone = Phone::parse(&number).unwrap();
        prop_assert_eq!(&phone.national().replace(' ', ""), &number);
        prop_assert_eq!(Phone::parse(&phone.national()), Ok(phone.clone()));
        prop_assert_eq!(Phone::parse(&number[1..]), Ok(phone));
    }

    #[test]
    fn writing_does_not_matter(number in "0[1-9][0-9]{8}", sign in "[ .\\-/\u{a0}\u{202f}]") {
        let spaced: Vec<&str> = [0, 2, 4, 6, 8].iter().map(|&start| &number[start..start + 2]).collect();
        prop_assert_eq!(Phone::parse(&spaced.join(&sign)), Phone::parse(&number));
    }
}
