//! Files as sites and spreadsheets make them.

use super::*;
use crate::domain::csv_export::CsvExport;
use crate::domain::person::Field;
use encoding_rs::WINDOWS_1252;
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use std::fmt::Write as _;
use std::io::Write as _;

/// What a row says, to compare files that say it differently.
fn facts(row: &SignupRow) -> String {
    format!(
        "{}|{}|{}|{}|{}|{}|{}|{}",
        row.identity.first,
        row.identity.last,
        row.identity.phone.as_ref().map_or("", |phone| phone.e164()),
        row.identity.mail.as_ref().map_or("", |mail| mail.as_str()),
        row.postal_code_raw,
        row.commune.as_deref().unwrap_or(""),
        row.discord.as_deref().unwrap_or(""),
        row.signed_up_at.map_or(String::new(), |at| at.to_rfc3339()),
    )
}

fn read(bytes: &[u8]) -> (Vec<SignupRow>, Vec<Rejection>) {
    let file = SignupFile::open(bytes).unwrap_or_else(|error| panic!("{error}"));
    let mut rows = Vec::new();
    let mut rejections = Vec::new();
    for line in file.rows() {
        match line {
            Ok(row) => rows.push(row),
            Err(rejection) => rejections.push(rejection),
        }
    }
    (rows, rejections)
}

fn good(bytes: &[u8]) -> Vec<String> {
    let (rows, rejections) = read(bytes);
    assert!(rejections.is_empty(), "{rejections:?}");
    rows.iter().map(facts).collect()
}

fn refused(bytes: &[u8]) -> FileError {
    SignupFile::open(bytes).err().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    format!("{mark}{text}")
        .encode_utf16()
        .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
        .collect()
}

const FILE: &str = "Prénom;Nom;Téléphone;Mail;Code postal;Commune;Pseudo Discord;Date d'inscription\n\
    Camille;Dupré;06 39 98 12 34;Camille.Dupre@Example.org;34400;Lunel;camille;03/03/2027\n\
    Noé;Le Goff;;noe@example.org;34160;;;\n\
    Élodie;Œillet;0692123456;;97400;Saint-Denis;;2027-03-04\n";

fn expected() -> Vec<String> {
    vec![
        "Camille|Dupré|+33639981234|Camille.Dupre@example.org|34400|Lunel|camille|2027-03-02T23:00:00+00:00".into(),
        "Noé|Le Goff||noe@example.org|34160|||".into(),
        "Élodie|Œillet|+262692123456||97400|Saint-Denis||2027-03-03T23:00:00+00:00".into(),
    ]
}

#[test]
fn encodings_separators_and_line_ends_do_not_matter() {
    assert_eq!(good(FILE.as_bytes()), expected());
    assert_eq!(good(format!("\u{feff}{FILE}").as_bytes()), expected());
    assert_eq!(good(&WINDOWS_1252.encode(FILE).0), expected());
    assert_eq!(good(&utf16(FILE, true, true)), expected());
    assert_eq!(good(&utf16(FILE, false, true)), expected());
    assert_eq!(good(&utf16(FILE, true, false)), expected());
    assert_eq!(good(&gzip(FILE.as_bytes())), expected());
    assert_eq!(good(&gzip(&utf16(FILE, true, true))), expected());
    for separator in [",", "\t"] {
        assert_eq!(good(FILE.replace(';', separator).as_bytes()), expected());
    }
    for end in ["\r\n", "\r"] {
        assert_eq!(good(FILE.replace('\n', end).as_bytes()), expected());
    }
    assert_eq!(good(FILE.trim_end().as_bytes()), expected());
    assert_eq!(good(format!("sep=;\r\n{FILE}").as_bytes()), expected());
    assert_eq!(
        good(format!("sep=|\n{}", FILE.replace(';', "|")).as_bytes()),
        expected()
    );
    assert_eq!(good(format!("\n ;;\n{FILE}\n\n;;;;\n").as_bytes()), expected());
}

#[test]
fn encodings_mixed_in_one_file_are_read_cell_by_cell() {
    let mut bytes = "prénom,nom,mail,cp\nNoé,Dupré,a@example.org,34400\n"
        .as_bytes()
        .to_vec();
    bytes.extend_from_slice(&WINDOWS_1252.encode("Zoé,Pérès,b@example.org,34400\n").0);
    let (rows, _) = read(&bytes);
    assert_eq!(rows[0].identity.full(), "Noé Dupré");
    assert_eq!(rows[1].identity.full(), "Zoé Pérès");
}

#[test]
fn windows_1252_that_looks_like_utf_8_in_places_is_still_windows_1252() {
    // «É» and a no-break space are also one character of UTF-8; the rest of the file tells.
    let file = "prénom;nom;mail;cp\nANDRÉ\u{a0};Pérès;a@example.org;34400\n";
    let (rows, _) = read(&WINDOWS_1252.encode(file).0);
    assert_eq!(rows[0].identity.full(), "ANDRÉ Pérès");
}

#[test]
fn english_headers_in_another_order_give_the_same_people() {
    let file = "zip,id,last_name,First Name,E-Mail,phone,city,discord,created_at,\n\
        34400,1,Dupré,Camille,Camille.Dupre@Example.org,+33639981234,Lunel,camille,2027-03-03,\n\
        34160,2,Le Goff,Noé,noe@example.org\n\
        97400,3,Œillet,Élodie,,0262 692 12 34 56 7,,,\n";
    let (rows, rejections) = read(file.as_bytes());
    assert_eq!(rows.iter().map(facts).collect::<Vec<_>>(), expected()[..2]);
    assert_eq!(rejections.len(), 1);
    assert_eq!(rejections[0].line, 4);
}

#[test]
fn the_first_cell_that_is_not_blank_wins_among_columns_of_one_name() {
    let file = "prénom;nom;tél. fixe;portable;mail;mail;cp\nNoé;Le Goff;;06 39 98 12 34; ;noe@example.org;34160\n";
    let (rows, _) = read(file.as_bytes());
    assert_eq!(facts(&rows[0]), "Noé|Le Goff|+33639981234|noe@example.org|34160|||");
}

#[test]
fn quoted_cells_may_hold_separators_quotes_and_line_breaks() {
    let file = "prénom;nom;mail;cp;commune;message\n\
        Noé;Le Goff;noe@example.org;34160;\"Saint; \"\"Drézéry\"\"\";\"deux\r\nlignes\n\n et plus\"\n\
        Awa;Martin;awa@example.org;34400;;\n\
        Zoé; \"Dupré\" ;zoe@example.org;34400;;\n\
        Ali;Ba;mauvais;34400;;\n";
    let (rows, rejections) = read(file.as_bytes());
    let lines: Vec<u64> = rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 6, 7]);
    assert_eq!(rows[0].commune.as_deref(), Some("Saint; \"Drézéry\""));
    assert_eq!(rows[2].identity.last.as_str(), "Dupré");
    assert_eq!(rejections[0].line, 8);
}

#[test]
fn a_quote_never_closed_costs_its_own_line() {
    let header = "prénom;nom;mail;cp\n";
    let plain = "Noé;Le Goff;noe@example.org;34160\n";
    let quoted = "\"Awa\";\"Martin\";\"awa@example.org\";\"34400\"\n";
    for (after, people) in [
        (plain.repeat(3), 3),
        (quoted.repeat(3), 3),
        (plain.repeat(80), 80),
        (String::new(), 0),
    ] {
        let file = format!("{header}\"Zoé;Dupré;zoe@example.org;34400\n{after}");
        let (rows, rejections) = read(file.as_bytes());
        assert_eq!(rows.len(), people);
        assert_eq!(rejections.len(), 1);
        assert_eq!(
            (rejections[0].line, &rejections[0].problems[..]),
            (2, &[RowProblem::UnclosedQuote][..])
        );
        assert_eq!(rejections[0].cells[1], "Dupré");
        if people > 0 {
            assert_eq!((rows[0].line, rows[people - 1].line), (3, people as u64 + 2));
        }
    }
    // A quote within a cell is only a sign.
    let (rows, _) = read(format!("{header}Zoé \"Zo\";Dupré;zoe@example.org;34400\n").as_bytes());
    assert_eq!(rows[0].identity.first.as_str(), "Zoé \"Zo\"");
}

#[test]
fn a_line_without_end_costs_itself_only() {
    let file = format!(
        "prénom;nom;mail;cp\n{}\nNoé;Le Goff;noe@example.org;34160\n",
        "x".repeat(200_000)
    );
    let (rows, rejections) = read(file.as_bytes());
    assert_eq!(rows[0].line, 3);
    assert_eq!(rejections[0].problems, [RowProblem::TooLong]);
    assert!(rejections[0].cells[0].len() < 1_000);
}

#[test]
fn every_reason_is_given_and_no_line_stops_the_others() {
    let file = "prénom;nom;téléphone;mail;cp\n\
        ;Dupré;06 39 98 12 3;camille;\n\
        Noé;Le Goff;;;34160\n\
        Noé;Le Goff;-;NULL;34160\n\
        Noé;Le Goff;mauvais;noe@example.org;34160\n\
        Noé\n\
        Noé;Le Goff;06 39 98 12 34;n/a;34160;de trop\n";
    let (rows, rejections) = read(file.as_bytes());
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].line, 7);
    let fields = |index: usize| -> Vec<Option<Field>> {
        rejections[index]
            .problems
            .iter()
            .map(|problem| match problem {
                RowProblem::Field(error) => Some(error.field),
                _ => None,
            })
            .collect()
    };
    assert_eq!(
        fields(0),
        [
            Some(Field::Prenom),
            Some(Field::CodePostal),
            Some(Field::Telephone),
            Some(Field::Mail)
        ]
    );
    assert_eq!(rejections[1].problems, [RowProblem::NoContact]);
    assert_eq!(rejections[2].problems, [RowProblem::NoContact]);
    assert_eq!(fields(3), [Some(Field::Telephone)]);
    assert_eq!(fields(4), [Some(Field::Nom), Some(Field::CodePostal), None]);
    let lines: Vec<u64> = rejections.iter().map(|rejection| rejection.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6]);
}

#[test]
fn an_unreadable_date_is_told_and_left_out() {
    let (rows, _) =
        read(b"prenom;nom;mail;cp;date\nNoe;Goff;a@example.org;34160;hier\nNoe;Goff;a@example.org;34160;-\n");
    assert_eq!(rows[0].notices, [RowNotice::UnreadableDate]);
    assert_eq!(rows[0].signed_up_at, None);
    assert_eq!(rows[1].notices, []);
}

#[test]
fn a_row_can_be_rejected_afterwards() {
    let (mut rows, _) = read(b"prenom;nom;mail;cp\nNoe;Goff;a@example.org;ABC\n");
    let error = crate::domain::person::FieldError::new(
        Field::CodePostal,
        "ABC",
        crate::domain::person::PostalCodeProblem::Malformed,
    );
    let rejection = rows.remove(0).reject(error);
    assert_eq!(
        (rejection.line, rejection.cells.len(), rejection.problems.len()),
        (2, 4, 1)
    );
}

#[test]
fn cells_protected_from_spreadsheets_are_read() {
    let file = "prenom;nom;tel;cp\nNoe;'=Goff;'+33639981234;=\"01400\"\nNoe;Goff;\"=\"\"0639981234\"\"\";01400\n";
    let (rows, _) = read(file.as_bytes());
    assert_eq!(facts(&rows[0]), "Noe|=Goff|+33639981234||01400|||");
    assert_eq!(facts(&rows[1]), "Noe|Goff|+33639981234||01400|||");
}

#[test]
fn what_is_no_table_is_named() {
    for (bytes, error) in [
        (&b""[..], FileError::Empty),
        (b" \n\r\n\t", FileError::Empty),
        (b"\xef\xbb\xbf", FileError::Empty),
        (b";;;;\n;;;;\n", FileError::Empty),
        (b"PK\x03\x04........[Content_Types].xml", FileError::Workbook),
        (b"PK\x03\x04....photo.jpg", FileError::Archive),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileError::Workbook),
        (b"%PDF-1.7", FileError::Pdf),
        (b"\n <!DOCTYPE html><html>", FileError::WebPage),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", FileError::Binary),
        (b"\x1f\x8b\x08cut", FileError::DamagedGzip),
    ] {
        assert_eq!(refused(bytes), error);
    }
    let packed = gzip(FILE.as_bytes());
    assert_eq!(refused(&packed[..packed.len() - 12]), FileError::DamagedGzip);
    assert_eq!(refused(&gzip(&packed)), FileError::Archive);
    assert_eq!(refused(&gzip(b"")), FileError::Empty);
}

#[test]
fn missing_columns_are_said_with_those_found() {
    assert_eq!(
        refused("Prénom;Âge;Ville\nNoé;40;Lunel\n".as_bytes()),
        FileError::MissingColumns {
            missing: vec![Column::LastName, Column::PostalCode, Column::Contact],
            found: vec!["Prénom".into(), "Âge".into(), "Ville".into()],
        }
    );
    // People where a header should be are not repeated.
    let FileError::MissingColumns { found, .. } = refused(b"Camille,a@example.org,0639981234,34400\n") else {
        panic!("another fault")
    };
    assert_eq!(found, ["Camille"]);
    let error = refused(b"Camille,a@example.org,0639981234,34400\n");
    assert!(!format!("{error:?} {error}").contains("Camille"));
}

#[test]
fn a_bomb_is_not_unpacked() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![b'a'; 1024 * 1024];
    for _ in 0..101 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 1024 * 1024);
    assert_eq!(
        refused(&bomb),
        FileError::TooLarge {
            limit: MAX_UNPACKED_BYTES
        }
    );
    let lines = "\n".repeat(MAX_LINES as usize + 1);
    assert_eq!(
        refused(format!("prenom;nom;mail;cp{lines}").as_bytes()),
        FileError::TooManyLines { limit: MAX_LINES }
    );
}

#[test]
fn a_hundred_thousand_lines_are_read() {
    let mut file = String::from("prenom;nom;telephone;mail;cp\n");
    for number in 0..100_000 {
        writeln!(file, "Prénom{number};Nom;06399{number:05};p{number}@example.org;34400").unwrap();
    }
    let opened = SignupFile::open(file.as_bytes()).unwrap();
    assert_eq!(opened.lines_total(), 100_000);
    assert_eq!(opened.rows().filter(Result::is_ok).count(), 100_000);
}

#[test]
fn a_file_can_be_read_again() {
    let file = SignupFile::open(FILE.as_bytes()).unwrap();
    assert_eq!(file.rows().count(), 3);
    assert_eq!(file.rows().count(), 3);
    assert_eq!(file.lines_total(), 3);
    assert_eq!(file.headers()[0], "Prénom");
    assert_eq!(file.columns().len(), 8);
}

#[test]
fn nothing_of_a_person_shows_in_debug() {
    let (rows, rejections) =
        read("prenom;nom;mail;cp\nNoé;Goff;a@example.org;34160\nZoé;Goff;mauvais;34160\n".as_bytes());
    let shown = format!("{rows:?} {rejections:?} {}", rejections[0].problems[0]);
    for secret in ["Noé", "Zoé", "Goff", "example", "mauvais", "34160"] {
        assert!(!shown.contains(secret), "{secret} shows in {shown}");
    }
}

/// A person as a table holds them, in cells.
fn people() -> impl Strategy<Value = Vec<[String; 8]>> {
    // An apostrophe before a sign is what our own exports write.
    // «Éœ», which no word has, is one letter of UTF-8 as well as two of Windows-1252.
    let name = "[A-Za-zÉœ-][A-Za-zÉéèç' -]{0,5}[A-Za-zé]";
    let person = (
        name,
        name,
        "0[1-9][0-9]{8}",
        "[a-z]{1,8}@example\\.org",
        "[0-9]{5}",
        "([A-Za-zÉé-][A-Za-zÉé' -]{0,12})?",
        "[a-z0-9_.#]{0,10}",
        "(0[1-9]|1[0-9]|2[0-8])/(0[1-9]|1[0-2])/20[0-9]{2}",
    );
    prop::collection::vec(
        person.prop_map(|(a, b, c, d, e, f, g, h)| [a, b, c, d, e, f, g, h]),
        1..6,
    )
}

const NAMES: [[&str; 8]; 3] = [
    [
        "prénom",
        "nom",
        "téléphone",
        "mail",
        "code postal",
        "commune",
        "pseudo discord",
        "date d'inscription",
    ],
    [
        "first_name",
        "last_name",
        "phone",
        "email",
        "zip",
        "city",
        "discord",
        "created_at",
    ],
    [
        "PRÉNOM",
        "Nom de famille",
        "Portable",
        "Courriel",
        "CP",
        "VILLE",
        "Pseudo Discord",
        "Inscrit le",
    ],
];

fn table(names: &[&str; 8], people: &[[String; 8]], separator: char, quoted: bool, end: &str) -> String {
    let cell = |text: &str| {
        if quoted { format!("\"{text}\"") } else { text.to_owned() }
    };
    let line = |cells: Vec<String>| cells.join(&separator.to_string()) + end;
    let mut text = line(names.iter().map(|name| cell(name)).collect());
    for person in people {
        text += &line(person.iter().map(|value| cell(value)).collect());
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(file) = SignupFile::open(&bytes) {
            file.rows().for_each(drop);
        }
    }

    #[test]
    fn any_lines_under_a_good_header_are_read(
        pieces in prop::collection::vec("[;,\"\\n\\r\\t='a-eé@.0-9 ]{0,12}|\\PC{0,8}", 0..30),
        tail in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = b"prenom;nom;tel;mail;cp\n".to_vec();
        bytes.extend(pieces.concat().bytes());
        bytes.extend(tail);
        bytes.retain(|&byte| byte != 0);
        let file = SignupFile::open(&bytes).unwrap();
        let mut last = 1;
        for line in file.rows() {
            let number = match &line {
                Ok(row) => row.line,
                Err(rejection) => rejection.line,
            };
            prop_assert!(number > last, "line {} after {}", number, last);
            last = number;
        }
        prop_assert!(last <= file.lines_total() + 1);
    }

    #[test]
    fn a_bad_line_anywhere_never_stops_the_others(people in people(), bad in "[^\\x00]{1,40}", at in 0usize..7) {
        let text = table(&NAMES[0], &people, ';', false, "\n");
        let mut lines: Vec<&str> = text.lines().collect();
        // One physical line, which gives nobody: no cell of it can be a postal code and a mail.
        let bad: String = bad.chars().filter(|c| !matches!(c, '\n' | '\r' | '@') && !c.is_ascii_digit()).collect();
        let at = 1 + at % lines.len();
        lines.insert(at, &bad);
        let (rows, rejections) = read((lines.join("\n") + "\n").as_bytes());
        let alone: Vec<String> = good(text.as_bytes());
        prop_assert_eq!(rows.iter().map(facts).collect::<Vec<_>>(), alone);
        prop_assert!(rejections.iter().all(|rejection| rejection.line == at as u64 + 1));
    }

    #[test]
    fn how_a_file_is_written_does_not_matter(people in people(), names in 0usize..3, separator in 0usize..3, quoted: bool, end in 0usize..3, coding in 0usize..5) {
        let reference = good(table(&NAMES[0], &people, ';', true, "\n").as_bytes());
        prop_assert_eq!(reference.len(), people.len());
        let text = table(&NAMES[names], &people, [';', ',', '\t'][separator], quoted, ["\n", "\r\n", "\r"][end]);
        let bytes = match coding {
            0 => text.into_bytes(),
            1 => format!("\u{feff}{text}").into_bytes(),
            2 => WINDOWS_1252.encode(&text).0.into_owned(),
            3 => utf16(&text, true, true),
            _ => gzip(text.as_bytes()),
        };
        prop_assert_eq!(good(&bytes), reference);
    }

    #[test]
    fn an_export_reads_back(people in people()) {
        let mut export = CsvExport::new(NAMES[0]);
        for person in &people {
            let mut person = person.clone();
            // In E.164, which begins like a formula.
            person[2] = format!("+33{}", &person[2][1..]);
            export.row(person.iter().map(String::as_str));
        }
        let again = good(&export.finish());
        let reference = good(table(&NAMES[0], &people, ';', false, "\n").as_bytes());
        prop_assert_eq!(again, reference);
    }
}
