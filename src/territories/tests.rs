//! The shipped data measured, the making of the tables, and INSEE's table from invented workbooks.

use super::insee::{self, ImportError, RejectedReason};
use super::*;
use crate::domain::fold::fold;
use crate::domain::ids::GroupId;
use crate::domain::territory::{
    BasinMapping, Origin, Part, PostalCode, Resolution, Situation, TableProblem, TerritoryKey, differences,
};
use crate::texts::territories as texts;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::OnceLock;

fn shipped() -> &'static Atlas {
    static ATLAS: OnceLock<Atlas> = OnceLock::new();
    ATLAS.get_or_init(|| load_shipped().expect("the shipped tables are sound"))
}

fn code(typed: &str) -> PostalCode {
    PostalCode::parse(typed).expect("a postal code")
}

#[test]
fn the_shipped_table_has_the_measures_of_the_country() {
    let atlas = shipped();
    assert_eq!(atlas.regions().len(), 18);
    assert_eq!(atlas.departements().iter().filter(|d| !d.collectivity).count(), 101);
    let overseas: Vec<&str> = atlas
        .departements()
        .iter()
        .filter(|d| d.collectivity)
        .map(|d| d.code.as_str())
        .collect();
    assert_eq!(overseas, ["975", "977", "978", "986", "987", "988"]);
    let basins: BTreeSet<&str> = atlas.territories().iter().map(|t| t.key.basin.as_str()).collect();
    assert_eq!(
        basins.len(),
        1_255 + 4,
        "the intercommunalités, and the islands without any"
    );
    let islands: Vec<&str> = atlas
        .territories()
        .iter()
        .filter(|t| t.key.basin.len() == 5)
        .map(|t| t.name.as_str())
        .collect();
    assert_eq!(islands, ["Île-de-Bréhat", "Île-de-Sein", "Ouessant", "L’Île-d’Yeu"]);
    assert_eq!(
        atlas.territories().iter().map(|t| t.population).sum::<u64>(),
        68_350_798
    );
    assert_eq!(atlas.territories().iter().map(|t| t.communes).sum::<usize>(), 34_875);
    assert_eq!(
        atlas
            .departements()
            .iter()
            .filter(|d| atlas.region_of(&d.code).is_none())
            .count(),
        overseas.len()
    );
}

#[test]
fn the_shipped_table_has_the_known_number_of_ambiguous_codes() {
    let atlas = shipped();
    let distinct = |of: &dyn Fn(&Part<'_>) -> String| {
        atlas
            .postal_codes()
            .map(|code| {
                (
                    code,
                    atlas.parts(code).iter().map(of).collect::<BTreeSet<String>>().len(),
                )
            })
            .filter(|(_, count)| *count > 1)
            .collect::<Vec<_>>()
    };
    let basins = distinct(&|part| part.key().basin.clone());
    assert_eq!(basins.len(), 1_609);
    assert_eq!(basins.iter().map(|(_, count)| *count).max(), Some(6));
    let departements = distinct(&|part| part.key().departement.clone());
    assert_eq!(
        departements
            .iter()
            .map(|(code, _)| code.to_string())
            .collect::<Vec<_>>(),
        [
            "01200", "01410", "01590", "05110", "05130", "05160", "05700", "06260", "13780", "21340", "33220", "37160",
            "42620", "43450", "48250", "52100"
        ]
    );
    let shared_out: u64 = atlas
        .postal_codes()
        .flat_map(|code| atlas.parts(code))
        .map(|part| part.population)
        .sum();
    assert_eq!(shared_out, 68_350_798, "each inhabitant counts for one postal code");
    let crowded: Vec<usize> = atlas.postal_codes().map(|code| atlas.places(code).len()).collect();
    assert_eq!(crowded.iter().filter(|count| **count > 25).count(), 97);
    assert_eq!(crowded.iter().max(), Some(&46));
}

#[test]
fn well_known_places_are_where_they_should_be() {
    let atlas = shipped();
    for (typed, commune, name, departement, region) in [
        ("30000", "Nîmes", "Nîmes", "30", "Occitanie"),
        ("34400", "Lunel", "Lunel", "34", "Occitanie"),
        (
            "1000",
            "Bourg-en-Bresse",
            "Bourg-en-Bresse",
            "01",
            "Auvergne-Rhône-Alpes",
        ),
        ("20000", "Ajaccio", "Ajaccio", "2A", "Corse"),
        ("20200", "Bastia", "Bastia", "2B", "Corse"),
        ("75116", "Paris", "Paris", "75", "Île-de-France"),
        ("69003", "Lyon", "Lyon", "69", "Auvergne-Rhône-Alpes"),
        ("13016", "Marseille", "Marseille", "13", "Provence-Alpes-Côte d’Azur"),
        (
            "92100",
            "Boulogne-Billancourt",
            "Boulogne-Billancourt",
            "92",
            "Île-de-France",
        ),
        ("93200", "Saint-Denis", "Saint-Denis (93)", "93", "Île-de-France"),
        ("97400", "Saint-Denis", "Saint-Denis (974)", "974", "La Réunion"),
        ("97600", "Mamoudzou", "Mamoudzou", "976", "Mayotte"),
    ] {
        let place = atlas.places(code(typed))[0];
        assert_eq!(place.commune, commune, "{typed}");
        let key = place.key.expect("a territory");
        let territory = atlas.territory(key).expect("a territory");
        assert_eq!(
            (territory.name.as_str(), key.departement.as_str()),
            (name, departement),
            "{typed}"
        );
        assert_eq!(territory.region_name, region, "{typed}");
    }
    let metropole: Vec<&str> = atlas
        .territories()
        .iter()
        .filter(|t| t.basin_name == "Métropole du Grand Paris")
        .map(|t| t.name.as_str())
        .collect();
    assert_eq!(
        metropole.len(),
        6,
        "one intercommunalité, six départements: {metropole:?}"
    );
    for (typed, collectivity) in [
        ("97133", "977"),
        ("97150", "978"),
        ("97500", "975"),
        ("98600", "986"),
        ("98714", "987"),
    ] {
        let Resolution::NoBasin(found) = atlas.resolve(code(typed), None) else {
            panic!("{typed} has no basin")
        };
        assert_eq!(found.code, collectivity);
    }
    for typed in ["34403", "75700", "99999", "00100"] {
        assert_eq!(atlas.resolve(code(typed), None), Resolution::Unknown, "{typed}");
    }
}

#[test]
fn each_arrondissement_has_its_code_and_its_city() {
    let atlas = shipped();
    let mut units = BTreeSet::new();
    for (city, insee, codes) in [
        ("Paris", "75056", 75001..=75020),
        ("Lyon", "69123", 69001..=69009),
        ("Marseille", "13055", 13001..=13016),
    ] {
        for number in codes {
            let places = atlas.places(code(&number.to_string()));
            assert_eq!(places.len(), 1, "{number}");
            assert_eq!((places[0].commune, places[0].insee), (city, insee));
            assert!(places[0].unit_name.ends_with("Arrondissement"), "{number}");
            units.insert(places[0].unit);
        }
    }
    assert_eq!(units.len(), 45);
}

#[test]
fn every_territory_has_a_name_of_its_own_and_its_largest_commune_is_found() {
    let atlas = shipped();
    let names: BTreeSet<String> = atlas.territories().iter().map(|t| fold(&t.name)).collect();
    assert_eq!(names.len(), atlas.territories().len());
    let twice: Vec<&str> = atlas
        .territories()
        .iter()
        .filter(|t| t.name != t.base_name)
        .map(|t| t.name.as_str())
        .collect();
    assert_eq!(
        twice,
        [
            "Saint-Cyprien (24)",
            "Saint-Denis (93)",
            "Valence (26)",
            "Saint-Cyprien (66)",
            "Valence (82)",
            "Saint-Denis (974)"
        ]
    );
    for territory in atlas.territories().iter().step_by(7) {
        assert!(
            atlas.search(&territory.name, 3).contains(&territory),
            "{}",
            territory.name
        );
        assert!(
            atlas.search(&territory.label().to_uppercase(), 3).contains(&territory),
            "{}",
            territory.label()
        );
        let place = atlas.place_of_code(&territory.main_town_code).expect("its commune");
        assert_eq!(place.key, Some(&territory.key));
    }
}

#[test]
fn former_communes_still_lead_to_the_commune_of_today() {
    let atlas = shipped();
    // Bâgé-la-Ville is part of Bâgé-Dommartin since 2018.
    let places = atlas.places(code("01380"));
    let today = places
        .iter()
        .find(|place| place.commune == "Bâgé-Dommartin")
        .expect("Bâgé-Dommartin");
    let Resolution::Certain(part) = atlas.resolve(code("01380"), Some("bage la ville")) else {
        panic!("one territory")
    };
    assert_eq!(Some(part.key()), today.key);
    assert_eq!(
        part.places.iter().map(|place| place.insee).collect::<Vec<_>>(),
        [today.insee]
    );
}

#[test]
fn a_file_of_the_folder_takes_the_place_of_the_shipped_one() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(
        load(folder.path()).expect("nothing replaced").territories(),
        shipped().territories()
    );
    let regions = String::from_utf8(super::shipped(Table::Regions).to_vec()).expect("UTF-8");
    std::fs::write(
        folder.path().join("regions.csv"),
        regions.replace("Occitanie", "Languedoc"),
    )
    .expect("written");
    let atlas = load(folder.path()).expect("one replaced");
    assert_eq!(atlas.region("76").map(|r| r.name.as_str()), Some("Languedoc"));

    std::fs::write(folder.path().join("regions.csv"), "code,nom\n11,Île-de-France\n").expect("written");
    let error = load(folder.path()).expect_err("régions are missing");
    assert!(
        matches!(&error, LoadError::Table(e) if e.table == Table::Departements && e.problem == TableProblem::Value("region"))
    );
    assert!(texts::load_error(&error).starts_with("departements.csv, ligne 2\u{a0}: la colonne «\u{a0}region\u{a0}»"));

    std::fs::remove_file(folder.path().join("regions.csv")).expect("removed");
    std::fs::write(folder.path().join("communes.csv.gz"), "not compressed").expect("written");
    let error = load(folder.path()).expect_err("no gzip");
    assert!(matches!(error, LoadError::Unpack { table: Table::Communes }));
    assert!(texts::load_error(&error).starts_with("communes.csv.gz\u{a0}:"));
}

/// A package of two communes, an arrondissement and a former commune.
fn package(folder: &Path) {
    let data = folder.join("data");
    std::fs::create_dir_all(&data).expect("made");
    let write = |name: &str, text: &str| std::fs::write(data.join(name), text).expect("written");
    write(
        "communes.json",
        r#"[
        {"code":"34145","nom":"Lunel","type":"commune-actuelle","zone":"metro","departement":"34","region":"76","codesPostaux":["34400"],"population":26000},
        {"code":"75056","nom":"Paris","type":"commune-actuelle","zone":"metro","departement":"75","region":"11","codesPostaux":["75016","75116"],"population":2100000},
        {"code":"75116","nom":"Paris 16e Arrondissement","type":"arrondissement-municipal","commune":"75056","departement":"75","region":"11","codesPostaux":["75116","75016"],"population":160000},
        {"code":"34001","nom":"L'Ancienne","type":"commune-deleguee","chefLieu":"34145","departement":"34","region":"76"},
        {"code":"34146","nom":"Lunel","type":"commune-deleguee","chefLieu":"34145","departement":"34","region":"76"},
        {"code":"98901","nom":"Île de Clipperton","type":"commune-actuelle","zone":"com","departement":"989","region":"989","codesPostaux":["98799"]},
        {"code":"98818","nom":"Nouméa","type":"commune-actuelle","zone":"com","departement":"988","region":"988","codesPostaux":["98800"],"population":86000}
        ]"#,
    );
    write(
        "departements.json",
        r#"[{"code":"34","region":"76","nom":"Hérault","zone":"metro"},{"code":"75","region":"11","nom":"Paris","zone":"metro"},
        {"code":"988","region":"988","nom":"Nouvelle-Calédonie","zone":"com"},{"code":"989","region":"989","nom":"Île de Clipperton","zone":"com"}]"#,
    );
    write(
        "regions.json",
        r#"[{"code":"11","nom":"Île-de-France","zone":"metro"},{"code":"76","nom":"Pays d'Oc","zone":"metro"},{"code":"988","nom":"Nouvelle-Calédonie","zone":"com"}]"#,
    );
    write(
        "epci.json",
        r#"[{"code":"200000009","nom":"CC de l'Est","membres":[{"code":"34145","siren":"1"}]}]"#,
    );
    std::fs::write(folder.join("package.json"), r#"{"version":"9.9.9"}"#).expect("written");
}

#[test]
fn the_tables_are_made_from_the_package_always_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    package(folder.path());
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let report = build(folder.path(), &first).expect("made");
    assert_eq!(report.version.as_deref(), Some("9.9.9"));
    assert_eq!(
        (
            report.communes,
            report.arrondissements,
            report.former,
            report.postal_codes
        ),
        (3, 1, 1, 3)
    );
    assert_eq!(
        (report.departements, report.collectivities, report.regions, report.epci),
        (2, 1, 2, 1)
    );
    assert!(texts::build_report(&report, &first).contains("3\u{a0}communes, 1\u{a0}arrondissement municipal, "));
    // The folder `data` itself is understood too.
    assert_eq!(build(&folder.path().join("data"), &second).expect("made again"), report);
    for table in Table::ALL {
        let read = |folder: &Path| std::fs::read(folder.join(table.file_name())).expect("read");
        assert_eq!(read(&first), read(&second), "{table}");
    }
    let text = unpack(
        Table::Communes,
        &std::fs::read(first.join("communes.csv.gz")).expect("read"),
    )
    .expect("unpacked");
    assert_eq!(
        text,
        "type,code,nom,departement,epci,population,codes_postaux,commune\n\
        COM,34145,Lunel,34,200000009,26000,34400,\n\
        COM,75056,Paris,75,,2100000,,\n\
        COM,98818,Nouméa,988,,86000,98800,\n\
        ARM,75116,Paris 16e Arrondissement,75,,160000,75016,75056\n\
        COMD,34001,L’Ancienne,,,,,34145\n"
    );
    assert_eq!(
        std::fs::read_to_string(first.join("regions.csv")).expect("read"),
        "code,nom\n11,Île-de-France\n76,Pays d’Oc\n"
    );
    let atlas = load(&first).expect("what was made can be read");
    assert_eq!(
        atlas.postal_codes().map(|c| c.to_string()).collect::<Vec<_>>(),
        ["34400", "75016", "98800"]
    );
}

#[test]
fn a_package_that_is_none_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = build(folder.path(), &folder.path().join("out")).expect_err("nothing there");
    assert!(matches!(&error, BuildError::Read { path, .. } if path.ends_with("communes.json")));
    assert!(texts::build_error(&error).contains("@etalab/decoupage-administratif"));
    package(folder.path());
    std::fs::write(folder.path().join("data/epci.json"), "{\"code\":").expect("written");
    let error = build(folder.path(), &folder.path().join("out")).expect_err("no JSON");
    assert!(matches!(&error, BuildError::Json { path, .. } if path.ends_with("epci.json")));
    assert!(texts::build_error(&error).contains("epci.json, ligne 1"));
}

/// A workbook as INSEE makes it: header on the sixth line, arrondissements apart, names of the zones in another sheet.
fn workbook(numeric: bool, labels: bool) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let put = |sheet: &mut rust_xlsxwriter::Worksheet, row: u32, cells: &[&str]| {
        for (column, cell) in (0_u16..).zip(cells) {
            match cell.parse::<f64>() {
                Ok(number) if numeric => sheet.write_number(row, column, number).expect("written"),
                _ => sheet.write_string(row, column, *cell).expect("written"),
            };
        }
    };
    let about = book.add_worksheet();
    about.set_name("Documentation").expect("a name");
    put(about, 0, &["Table d'appartenance géographique des communes"]);
    let communes = book.add_worksheet();
    communes.set_name("COM").expect("a name");
    put(communes, 0, &["Table d'appartenance géographique des communes"]);
    put(
        communes,
        4,
        &[
            "Code géographique",
            "Libellé géographique",
            "Département",
            "Bassin de vie 2022",
        ],
    );
    put(communes, 5, &["CODGEO", "LIBGEO", "DEP", "BV2022"]);
    put(communes, 6, &["01004", "Ambérieu-en-Bugey", "01", "01004"]);
    put(communes, 7, &["34145", "Lunel", "34", "34145"]);
    put(communes, 8, &["2A004", "Ajaccio", "2A", "2A004"]);
    put(communes, 9, &["29155", "Ouessant", "29", "ZZZZZ"]);
    put(communes, 10, &["34294", "Saturargues", "34", "Lunel"]);
    put(communes, 12, &["Source : Insee, code officiel géographique"]);
    let arrondissements = book.add_worksheet();
    arrondissements.set_name("ARM").expect("a name");
    put(arrondissements, 5, &["CODGEO", "LIBGEO", "DEP", "BV2022"]);
    put(
        arrondissements,
        6,
        &["75116", "Paris 16e Arrondissement", "75", "75056"],
    );
    if labels {
        let zones = book.add_worksheet();
        zones.set_name("Zones_supra_communales").expect("a name");
        put(zones, 5, &["NIVGEO", "CODGEO", "LIBGEO"]);
        put(zones, 6, &["DEP", "34", "Hérault"]);
        put(zones, 7, &["UU2020", "34145", "Une autre zone du même code"]);
        put(zones, 8, &["BV2022", "34145", "Lunel"]);
        put(zones, 9, &["BV2022", "01004", "Ambérieu-en-Bugey"]);
        put(zones, 10, &["BV2022", "2A004", "Pays d'Ajaccio"]);
        put(zones, 11, &["BV2022", "75056", "Paris"]);
        put(zones, 12, &["BV2022", "99999", "Un bassin sans commune"]);
    }
    book.save_to_buffer().expect("a workbook")
}

#[test]
fn the_official_workbook_is_read() {
    for numeric in [false, true] {
        let imported = insee::read(&workbook(numeric, true)).expect("read");
        let communes: Vec<(&str, &str)> = imported.mapping.communes().collect();
        assert_eq!(
            communes,
            [
                ("01004", "01004"),
                ("2A004", "2A004"),
                ("34145", "34145"),
                ("75116", "75056")
            ],
            "numeric: {numeric}"
        );
        assert_eq!(imported.mapping.label("34145"), Some("Lunel"));
        assert_eq!(imported.mapping.label("2A004"), Some("Pays d’Ajaccio"));
        assert_eq!(imported.mapping.label("99999"), None);
        assert_eq!((imported.without_basin, imported.unnamed), (1, 0));
        let rejected: Vec<_> = imported
            .rejected
            .iter()
            .map(|r| (r.sheet.as_deref(), r.line, r.reason))
            .collect();
        assert_eq!(rejected, [(Some("COM"), 11, RejectedReason::Basin)]);
        let (atlas, coverage) = shipped().with_basins(&imported.mapping);
        assert_eq!(
            (coverage.covered, coverage.by_parts.as_slice()),
            (3, ["75056".to_owned()].as_slice())
        );
        assert_eq!(
            atlas.default_group_name(&TerritoryKey::new("2A004", "2A")),
            Some("Pays d’Ajaccio")
        );
        let text = texts::import_report(&imported, &coverage);
        assert!(
            text.starts_with("Table lue\u{a0}: 4\u{a0}communes dans 4\u{a0}bassins de vie."),
            "{text}"
        );
        assert!(text.contains("feuille «\u{a0}COM\u{a0}», ligne 11\u{a0}:"), "{text}");
    }
}

#[test]
fn a_change_of_zoning_is_reported_in_french() {
    let old = shipped();
    let (nimes, saint_gilles) = (TerritoryKey::new("243000643", "30"), "30258");
    assert_eq!(old.default_group_name(&nimes), Some("Nîmes"));
    let mut mapping = BasinMapping::new();
    mapping.put("30189", "30189");
    mapping.put(saint_gilles, saint_gilles);
    let (new, _) = old.with_basins(&mapping);
    let person = |typed, commune: &str| Situation {
        postal_code: code(typed),
        commune: Some(commune.to_owned()),
        key: Some(nimes.clone()),
        origin: Origin::Code,
    };
    let people = [(person("30800", saint_gilles), 1_007), (person("30900", "30189"), 3)];
    let nowhere = TerritoryKey::new("200000000", "30");
    let groups = [(1, "Nîmes (Gard)"), (2, "Les Garrigues (Gard)"), (3, "Nulle part")]
        .map(|(id, name)| (GroupId(id), name.to_owned()))
        .into();
    let report = differences(
        old,
        &new,
        &people,
        &[(GroupId(1), nimes.clone()), (GroupId(3), nowhere)],
    );
    let text = texts::differences_report(&report, old, &new, &groups);
    assert_eq!(
        text,
        "Découpage\u{a0}: bassins de vie 2022, au lieu des intercommunalités.\n\
         Personnes qui suivent leur territoire\u{a0}: 3. Personnes qui en changent\u{a0}: 1\u{a0}007.\n  \
         Nîmes (Gard) → Saint-Gilles (Gard)\u{a0}: 1\u{a0}007\n\
         Groupes rattachés\u{a0}: 1.\n\
         Groupes dont le territoire n’est plus connu, à replacer\u{a0}: Nulle part."
    );
    let both = differences(old, &new, &[], &[(GroupId(2), nimes.clone()), (GroupId(1), nimes)]);
    let text = texts::differences_report(&both, old, &new, &groups);
    assert!(
        text.contains(
            "2 groupes viennent au territoire Nîmes (Gard)\u{a0}: Les Garrigues (Gard) le garde\u{a0}; Nîmes (Gard) n’a plus que ses \
             membres."
        ) && text.ends_with("/groupe fusionner."),
        "{text}"
    );
}

#[test]
fn a_workbook_without_names_takes_those_of_the_communes() {
    let imported = insee::read(&workbook(false, false)).expect("read");
    assert_eq!(imported.unnamed, 4);
    let (atlas, _) = shipped().with_basins(&imported.mapping);
    assert_eq!(
        atlas.default_group_name(&TerritoryKey::new("2A004", "2A")),
        Some("Ajaccio")
    );
}

#[test]
fn a_csv_is_read_whatever_its_separator_and_encoding() {
    let lines = [
        "Table d'appartenance géographique",
        "",
        "CODGEO;LIBGEO;BV2022;LIBBV2022",
        "1004;Ambérieu-en-Bugey;1004;Ambérieu-en-Bugey",
        "34145;Lunel;34145;Lunel",
        "2b033;Bastia;2B033;\"Bastia\"",
        "34145;Lunel;34145;Lunel",
        "34145;Lunel;30189;",
        "LUNEL;Lunel;34145;",
        "29155;Ouessant;;",
    ];
    let utf8 = lines.join("\r\n");
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(&utf8);
    let mut packed = Vec::new();
    let mut encoder = flate2::read::GzEncoder::new(utf8.as_bytes(), flate2::Compression::fast());
    encoder.read_to_end(&mut packed).expect("packed");
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(utf8.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let wanted = insee::read(utf8.as_bytes()).expect("read");
    assert_eq!(wanted.mapping.len(), 3);
    assert_eq!(wanted.mapping.basin_of("01004"), Some("01004"));
    assert_eq!(wanted.mapping.label("01004"), Some("Ambérieu-en-Bugey"));
    assert_eq!(wanted.mapping.basin_of("2B033"), Some("2B033"));
    assert_eq!(wanted.without_basin, 1);
    let rejected: Vec<_> = wanted.rejected.iter().map(|r| (r.line, r.reason)).collect();
    assert_eq!(rejected, [(8, RejectedReason::Conflict), (9, RejectedReason::Commune)]);
    for (what, bytes) in [
        ("with a mark", [b"\xEF\xBB\xBF", utf8.as_bytes()].concat()),
        ("Windows-1252", latin.into_owned()),
        ("compressed", packed),
        ("UTF-16", utf16),
        ("commas", utf8.replace(';', ",").into_bytes()),
        ("tabs", utf8.replace(';', "\t").into_bytes()),
    ] {
        assert_eq!(insee::read(&bytes).expect(what), wanted, "{what}");
    }
    // Other names of the columns, as derived tables have them.
    let derived = "code_postal,code_insee,commune,bassin_code\n34400,34145,Lunel,34145\n98800,98818,Nouméa,\n";
    let imported = insee::read(derived.as_bytes()).expect("read");
    assert_eq!(imported.mapping.communes().collect::<Vec<_>>(), [("34145", "34145")]);
}

#[test]
fn what_is_kept_of_a_table_can_be_read_back() {
    let imported = insee::read(&workbook(false, true)).expect("read");
    let kept = insee::write_csv(&imported.mapping);
    assert!(
        kept.starts_with("CODGEO;BV2022;LIBBV2022\n01004;01004;Ambérieu-en-Bugey\n"),
        "{kept}"
    );
    assert_eq!(
        insee::read(kept.as_bytes()).expect("read back").mapping,
        imported.mapping
    );
}

#[test]
fn what_is_no_such_table_is_told() {
    let told = |bytes: &[u8]| insee::read(bytes).expect_err("no table");
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().write_string(0, 0, "CODGEO").expect("written");
    let other = book.save_to_buffer().expect("a workbook");
    for (what, error, wanted) in [
        ("nothing", told(b""), "vide"),
        ("blank", told(b" \n \n"), "vide"),
        (
            "other columns",
            told(b"CODGEO;EPCI\n34145;200000001\n"),
            "CODGEO et BV2022",
        ),
        ("another workbook", told(&other), "CODGEO et BV2022"),
        ("no line", told(b"CODGEO;BV2022\n"), "aucune ligne"),
        ("no basin", told(b"CODGEO;BV2022\n29155;ZZZZZ\n"), "aucune ligne"),
        ("an old workbook", told(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1]), ".xls"),
        ("half a workbook", told(&workbook(false, true)[..400]), "incomplet"),
        ("half a compressed file", told(&[0x1F, 0x8B, 8, 0]), "incomplet"),
    ] {
        let text = texts::import_error(&error);
        assert!(
            text.contains(wanted) && text.ends_with("Rien n’a changé."),
            "{what}: {text}"
        );
    }
    let absent = insee::read_file(Path::new("/nowhere/table.xlsx")).expect_err("absent");
    assert!(matches!(absent, ImportError::Read(_)));
}

proptest! {
    #[test]
    fn no_bytes_break_the_reading(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = insee::read(&bytes);
        let _ = insee::read(&[b"CODGEO;BV2022\n".as_slice(), &bytes].concat());
    }

    #[test]
    fn no_damage_to_a_workbook_breaks_the_reading(at in 4_usize..6000, byte in any::<u8>()) {
        static BOOK: OnceLock<Vec<u8>> = OnceLock::new();
        let mut bytes = BOOK.get_or_init(|| workbook(false, true)).clone();
        let at = at % bytes.len();
        if at >= 4 {
            bytes[at] = byte;
        }
        let _ = insee::read(&bytes);
    }
}
