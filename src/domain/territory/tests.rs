//! The atlas on a small geography of its own; the shipped one is measured in `crate::territories`.

use super::*;
use crate::domain::fold::fold;
use crate::domain::ids::GroupId;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Two régions, four départements, a collectivity; one intercommunalité over three départements, one island without any.
fn tables() -> Tables {
    Tables {
        regions: "code,nom\n11,Île-de-France\n76,Occitanie\n".to_owned(),
        departements: "code,nom,region,collectivite\n\
            30,Gard,76,non\n34,Hérault,76,non\n75,Paris,11,non\n92,Hauts-de-Seine,11,non\n988,Nouvelle-Calédonie,,oui\n"
            .to_owned(),
        epci: "code,nom\n\
            200000001,CC du Pays de Lunel\n200000002,CA de Nîmes Métropole\n200000003,Métropole du Grand Paris\n200000004,CC de Saint-Denis\n"
            .to_owned(),
        communes: "type,code,nom,departement,epci,population,codes_postaux,commune\n\
            COM,34145,Lunel,34,200000001,26000,34400,\n\
            COM,34294,Saturargues,34,200000001,900,34400,\n\
            COM,30001,Aubais,30,200000001,4001,30250 34400,\n\
            COM,30189,Nîmes,30,200000002,148000,30000 30900,\n\
            COM,30002,Junas,30,200000002,1100,30250,\n\
            COM,30003,Saint-Denis-le-Vieux,30,200000002,400,30250,\n\
            COM,30004,Saint-Denis,30,200000004,500,30500,\n\
            COM,34004,Saint-Denis,34,200000003,600,34500,\n\
            COM,34005,L’Île-Perdue,34,,300,34510,\n\
            COM,75056,Paris,75,200000003,2100000,,\n\
            COM,92012,Boulogne-Billancourt,92,200000003,120000,92100,\n\
            COM,98818,Nouméa,988,,86000,98800,\n\
            ARM,75115,Paris 15e Arrondissement,75,,230000,75015,75056\n\
            ARM,75116,Paris 16e Arrondissement,75,,160000,75016 75116,75056\n\
            COMD,30090,Junas-le-Haut,,,,,30002\n\
            COMD,30091,Saint-Denis,,,,,30002\n"
            .to_owned(),
    }
}

fn atlas() -> Atlas {
    Atlas::new(&tables()).expect("the small tables are sound")
}

fn code(typed: &str) -> PostalCode {
    PostalCode::parse(typed).expect("a postal code")
}

fn key(basin: &str, departement: &str) -> TerritoryKey {
    TerritoryKey::new(basin, departement)
}

fn keys(parts: &[Part<'_>]) -> Vec<String> {
    parts.iter().map(|part| part.key().to_string()).collect()
}

#[test]
fn a_postal_code_leads_to_its_territories_the_most_populous_first() {
    let atlas = atlas();
    let Resolution::Certain(part) = atlas.resolve(code("30000"), None) else {
        panic!("one territory")
    };
    assert_eq!(part.key(), &key("200000002", "30"));
    let Resolution::Ambiguous(parts) = atlas.resolve(code("34400"), None) else {
        panic!("two départements")
    };
    assert_eq!(
        keys(&parts),
        ["200000001-34", "200000001-30"],
        "one basin, two départements"
    );
    assert_eq!(parts.iter().map(|p| p.population).collect::<Vec<_>>(), [26_900, 2_000]);
    let Resolution::Ambiguous(parts) = atlas.resolve(code("30250"), None) else {
        panic!("two basins")
    };
    assert_eq!(keys(&parts), ["200000001-30", "200000002-30"]);
    assert_eq!(
        parts[1].places.iter().map(|p| p.commune).collect::<Vec<_>>(),
        ["Junas", "Saint-Denis-le-Vieux"]
    );
    assert_eq!(atlas.resolve(code("34999"), None), Resolution::Unknown, "a CEDEX code");
    let Resolution::NoBasin(collectivity) = atlas.resolve(code("98800"), None) else {
        panic!("no basin overseas")
    };
    assert_eq!(
        (collectivity.name.as_str(), collectivity.collectivity),
        ("Nouvelle-Calédonie", true)
    );
    assert!(atlas.parts(code("98800")).is_empty());
    assert_eq!(atlas.places(code("98800"))[0].key, None);
    let aubais = |typed| {
        atlas
            .places(code(typed))
            .iter()
            .find(|p| p.commune == "Aubais")
            .map(|p| p.population)
    };
    assert_eq!(
        (aubais("30250"), aubais("34400")),
        (Some(2_001), Some(2_000)),
        "a commune of two postal codes counts half for each"
    );
    assert_eq!(atlas.place_of_code("30001").map(|p| p.population), Some(4_001));
}

#[test]
fn the_name_of_the_commune_decides_and_a_strange_one_does_not() {
    let atlas = atlas();
    for name in ["Junas", "JUNAS CEDEX", " junas ", "Junas le Haut", "St-Denis"] {
        let Resolution::Certain(part) = atlas.resolve(code("30250"), Some(name)) else {
            panic!("{name}")
        };
        assert_eq!(part.key(), &key("200000002", "30"), "{name}");
        assert_eq!(
            part.places.iter().map(|p| p.insee).collect::<Vec<_>>(),
            ["30002"],
            "{name}"
        );
    }
    for name in ["Lunel", "", "  ", "???"] {
        assert!(
            matches!(atlas.resolve(code("30250"), Some(name)), Resolution::Ambiguous(_)),
            "{name}"
        );
    }
    assert_eq!(atlas.resolve(code("34999"), Some("Lunel")), Resolution::Unknown);
}

#[test]
fn an_import_takes_the_commune_or_else_the_most_populous_part() {
    let atlas = atlas();
    let choice = |typed, commune| {
        atlas
            .choose(code(typed), commune)
            .map(|c| (c.key.to_string(), c.commune, c.origin))
    };
    let some = |key: &str, commune: Option<&str>, origin| Some((key.to_owned(), commune.map(str::to_owned), origin));
    assert_eq!(choice("30250", None), some("200000001-30", None, Origin::Auto));
    assert_eq!(
        choice("30250", Some("Ailleurs")),
        some("200000001-30", None, Origin::Auto)
    );
    assert_eq!(
        choice("30250", Some("junas")),
        some("200000002-30", Some("30002"), Origin::Commune)
    );
    assert_eq!(choice("30000", None), some("200000002-30", Some("30189"), Origin::Code));
    assert_eq!(
        choice("30000", Some("Ailleurs")),
        some("200000002-30", Some("30189"), Origin::Code)
    );
    assert_eq!(choice("75116", None), some("200000003-75", Some("75116"), Origin::Code));
    assert_eq!(choice("98800", None), None);
    assert_eq!(choice("34999", Some("Lunel")), None);
}

#[test]
fn a_manual_choice_yields_to_another_only_and_a_guess_replaces_nothing_known() {
    for later in Origin::ALL {
        assert_eq!(Origin::Manual.stands_against(later), later != Origin::Manual);
        assert!(!Origin::Auto.stands_against(later));
        assert_eq!(later.as_str().parse(), Ok(later));
    }
    assert!(Origin::Commune.stands_against(Origin::Auto) && Origin::Code.stands_against(Origin::Auto));
    assert!(!Origin::Commune.stands_against(Origin::Commune));
    assert_eq!("guess".parse::<Origin>(), Err(UnknownOrigin));
}

#[test]
fn a_group_is_named_by_its_main_town_and_by_its_departement_when_there_are_two() {
    let atlas = atlas();
    let name = |basin, departement| atlas.default_group_name(&key(basin, departement));
    assert_eq!(name("200000002", "30"), Some("Nîmes"), "not the intercommunalité");
    assert_eq!(name("200000001", "34"), Some("Lunel"));
    assert_eq!(name("200000001", "30"), Some("Aubais"), "the main town of that part");
    assert_eq!(name("200000003", "75"), Some("Paris"));
    assert_eq!(name("200000003", "92"), Some("Boulogne-Billancourt"));
    assert_eq!(name("200000004", "30"), Some("Saint-Denis (30)"));
    assert_eq!(name("200000003", "34"), Some("Saint-Denis (34)"));
    assert_eq!(
        name("34005", "34"),
        Some("L’Île-Perdue"),
        "an island without intercommunalité is its own basin"
    );
    assert_eq!(name("200000003", "30"), None);
    assert_eq!(
        atlas.label_with_departement(&key("200000003", "34")).as_deref(),
        Some("Saint-Denis (Hérault)")
    );
    assert_eq!(
        atlas.place_label(code("34400"), None).as_deref(),
        Some("Lunel, Hérault")
    );
    assert_eq!(
        atlas
            .place_label(code("34400"), Some(&key("200000001", "30")))
            .as_deref(),
        Some("Aubais, Gard")
    );
    assert_eq!(atlas.place_label(code("34400"), Some(&key("200000002", "30"))), None);
    let territory = atlas.territory(&key("200000002", "30")).expect("Nîmes");
    assert_eq!(territory.basin_name, "CA de Nîmes Métropole");
    assert_eq!(
        (territory.region.as_str(), territory.region_name.as_str()),
        ("76", "Occitanie")
    );
    assert_eq!((territory.population, territory.communes), (149_500, 3));
}

#[test]
fn the_three_large_cities_are_one_commune_and_are_split_by_arrondissement() {
    let atlas = atlas();
    let places = atlas.places(code("75116"));
    assert_eq!(places, atlas.places(code("75016")));
    let [place] = places.as_slice() else {
        panic!("one place")
    };
    assert_eq!((place.commune, place.insee), ("Paris", "75056"));
    assert_eq!(
        (place.unit_name, place.unit, place.population),
        ("Paris 16e Arrondissement", "75116", 160_000)
    );
    let paris = key("200000003", "75");
    assert_eq!(
        atlas.territory(&paris).map(|t| (t.population, t.communes)),
        Some((2_100_000, 1))
    );
    assert_eq!(
        atlas.places_of(&paris).iter().map(|p| p.unit).collect::<Vec<_>>(),
        ["75115", "75116"]
    );
    assert_eq!(
        atlas
            .places_of(&key("200000002", "30"))
            .iter()
            .map(|p| p.unit)
            .collect::<Vec<_>>(),
        ["30189", "30002", "30003"]
    );
    assert_eq!(atlas.place_of_code("75115").and_then(|p| p.key), Some(&paris));
    let Resolution::Certain(part) = atlas.resolve(code("75016"), Some("PARIS 16")) else {
        panic!("Paris")
    };
    assert_eq!(part.key(), &paris);
}

#[test]
fn departements_lead_to_their_region() {
    let atlas = atlas();
    assert_eq!(
        atlas.regions().iter().map(|r| r.name.as_str()).collect::<Vec<_>>(),
        ["Île-de-France", "Occitanie"]
    );
    assert_eq!(atlas.region_of("34").map(|r| r.code.as_str()), Some("76"));
    assert_eq!(atlas.region_of("988"), None);
    assert_eq!(atlas.region_of("99"), None);
    assert_eq!(atlas.departements().iter().filter(|d| !d.collectivity).count(), 4);
}

#[test]
fn keys_are_written_and_read_back() {
    let paris = key("200000003", "75");
    assert_eq!(paris.to_string(), "200000003-75");
    for (written, read) in [
        ("200000003-75", Some(paris)),
        (" 2A004-2A ", Some(key("2A004", "2A"))),
        ("200000003", None),
        ("-75", None),
        ("200000003-", None),
        ("a:b-75", None),
        ("", None),
    ] {
        assert_eq!(TerritoryKey::parse(written), read, "{written:?}");
    }
}

#[test]
fn a_search_understands_names_communes_codes_and_departements() {
    let atlas = atlas();
    let found = |typed| {
        atlas
            .search(typed, 25)
            .iter()
            .map(|t| t.name.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("NIMES"), ["Nîmes"]);
    assert_eq!(found("nim"), ["Nîmes"]);
    assert_eq!(
        found("lunel"),
        ["Lunel", "Aubais"],
        "by name, then by the intercommunalité’s"
    );
    assert_eq!(
        found("saint denis"),
        ["Saint-Denis (34)", "Saint-Denis (30)", "Nîmes"],
        "the former name comes after"
    );
    assert_eq!(found("st-denis 30"), ["Saint-Denis (30)"]);
    assert_eq!(found("Saint-Denis (34)"), ["Saint-Denis (34)"]);
    assert_eq!(found("Saint-Denis (Hérault)"), ["Saint-Denis (34)"]);
    assert_eq!(found("junas"), ["Nîmes"]);
    assert_eq!(found("34400"), ["Lunel", "Aubais"]);
    assert_eq!(found("34"), ["Lunel", "Saint-Denis (34)", "L’Île-Perdue"]);
    assert_eq!(found("l’ile"), ["L’Île-Perdue"]);
    assert_eq!(found("ile perdue"), ["L’Île-Perdue"]);
    assert_eq!(
        found("paris 16e"),
        ["Paris", "Boulogne-Billancourt", "Saint-Denis (34)"]
    );
    assert_eq!(found("xyz"), [""; 0]);
    assert_eq!(found("98800"), [""; 0]);
    assert_eq!(
        atlas.search("", 2).iter().map(|t| t.name.as_str()).collect::<Vec<_>>(),
        ["Paris", "Nîmes"]
    );
    assert_eq!(atlas.search("saint", 1).len(), 1);
}

fn mapping(lines: &[(&str, &str)], labels: &[(&str, &str)]) -> BasinMapping {
    let mut mapping = BasinMapping::new();
    for (commune, basin) in lines {
        mapping.put(commune, basin);
    }
    for (basin, label) in labels {
        mapping.name(basin, label);
    }
    mapping
}

#[test]
fn an_imported_table_changes_the_basins_and_their_names() {
    let (atlas, coverage) = atlas().with_basins(&mapping(
        &[
            ("34145", "34145"),
            ("34294", "34145"),
            ("30001", "34145"),
            ("30189", "30189"),
            ("30004", "30189"),
            ("34004", "34777"),
            ("34005", "34778"),
            ("75115", "75056"),
            ("92012", "75056"),
            ("30090", "30189"),
            ("30888", "30189"),
            ("98818", "98818"),
        ],
        &[
            ("34145", "Lunel"),
            ("75056", "Paris"),
            ("34777", "Vidourle"),
            ("34778", "Vidourle"),
        ],
    ));
    assert_eq!(atlas.zoning(), Zoning::BassinsDeVie);
    assert_eq!(coverage.covered, 8);
    assert_eq!(
        coverage.by_parts,
        ["30002", "75056"],
        "by a former commune, by an arrondissement"
    );
    assert_eq!(coverage.by_neighbours, ["30003"], "same postal code and département");
    assert_eq!(coverage.kept, [""; 0]);
    assert_eq!(coverage.unknown, ["30888"]);
    let name = |basin, departement| atlas.default_group_name(&key(basin, departement));
    assert_eq!(
        name("34145", "34"),
        Some("Lunel (34)"),
        "a basin over a border has two groups"
    );
    assert_eq!(name("34145", "30"), Some("Lunel (30)"));
    assert_eq!(
        name("30189", "30"),
        Some("Nîmes"),
        "unnamed in the table: the commune of that code"
    );
    assert_eq!(name("75056", "92"), Some("Paris (92)"));
    assert_eq!(
        name("34777", "34"),
        Some("Vidourle – Saint-Denis (34)"),
        "twice in one département"
    );
    assert_eq!(name("34778", "34"), Some("Vidourle – L’Île-Perdue (34)"));
    assert_eq!(
        atlas.territory(&key("75056", "92")).map(|t| t.main_town.as_str()),
        Some("Boulogne-Billancourt")
    );
    assert!(
        matches!(atlas.resolve(code("98800"), None), Resolution::NoBasin(_)),
        "a collectivity never has a basin"
    );
    assert_eq!(atlas.with_epci().territories(), self::atlas().territories());
}

#[test]
fn a_partial_table_leaves_the_others_in_their_intercommunalite() {
    let (atlas, coverage) = atlas().with_basins(&mapping(&[("34145", "34145")], &[("34145", "Lunel")]));
    assert_eq!(coverage.by_neighbours, ["34294"], "not 30001, of another département");
    assert_eq!(
        coverage.kept,
        [
            "30001", "30002", "30003", "30004", "30189", "34004", "34005", "75056", "92012"
        ]
    );
    assert_eq!(atlas.default_group_name(&key("200000002", "30")), Some("Nîmes"));
    assert_eq!(atlas.default_group_name(&key("34145", "34")), Some("Lunel"));
}

fn situation(typed: &str, commune: Option<&str>, key: Option<TerritoryKey>, origin: Origin) -> Situation {
    Situation {
        postal_code: code(typed),
        commune: commune.map(str::to_owned),
        key,
        origin,
    }
}

#[test]
fn a_change_of_zoning_tells_who_goes_where() {
    let old = atlas();
    // Junas leaves Nîmes for the basin of Lunel, whose part in the Gard gathers it with Aubais.
    let (new, _) = old.with_basins(&mapping(
        &[
            ("34145", "34145"),
            ("34294", "34145"),
            ("30001", "34145"),
            ("30002", "34145"),
            ("30189", "30189"),
            ("30003", "30189"),
            ("30004", "30189"),
        ],
        &[("34145", "Lunel")],
    ));
    let (nimes, aubais) = (key("200000002", "30"), key("200000001", "30"));
    let (new_nimes, new_lunel_30) = (key("30189", "30"), key("34145", "30"));
    assert_eq!(heir(&old, &new, &nimes), Some(new_nimes.clone()));
    assert_eq!(heir(&old, &new, &aubais), Some(new_lunel_30.clone()));
    assert_eq!(heir(&old, &new, &key("nowhere", "30")), None);

    let at = |s: &Situation| reattach(&old, &new, s).map(|c| (c.key, c.commune, c.origin));
    let some =
        |key: &TerritoryKey, commune: Option<&str>, origin| Some((key.clone(), commune.map(str::to_owned), origin));
    // A known commune decides.
    let junas = situation("30250", Some("30002"), Some(nimes.clone()), Origin::Commune);
    assert_eq!(at(&junas), some(&new_lunel_30, Some("30002"), Origin::Commune));
    // A part chosen by hand is now cut in two: the most populous piece, to be checked.
    let by_hand = situation("30250", None, Some(nimes.clone()), Origin::Manual);
    assert_eq!(at(&by_hand), some(&new_lunel_30, None, Origin::Auto));
    // A part chosen by hand that stays whole.
    let whole = situation("30250", None, Some(aubais.clone()), Origin::Manual);
    assert_eq!(at(&whole), some(&new_lunel_30, None, Origin::Manual));
    // Placed by hand where the postal code does not lead, or without a known code: goes with the group there.
    for typed in ["34510", "34999", "98800"] {
        let elsewhere = situation(typed, None, Some(nimes.clone()), Origin::Manual);
        assert_eq!(at(&elsewhere), some(&new_nimes, None, Origin::Manual), "{typed}");
    }
    let home_known = situation("34510", Some("34005"), Some(nimes.clone()), Origin::Manual);
    assert_eq!(at(&home_known), some(&new_nimes, None, Origin::Manual));
    // A guess is made anew; a code that decided still does.
    let guess = situation("30250", None, Some(aubais.clone()), Origin::Auto);
    assert_eq!(at(&guess), some(&new_lunel_30, None, Origin::Auto));
    let plain = situation("30000", Some("30189"), Some(nimes.clone()), Origin::Code);
    assert_eq!(at(&plain), some(&new_nimes, Some("30189"), Origin::Code));
    // «À placer» stays so.
    let unplaced = situation("98800", None, None, Origin::Auto);
    assert_eq!(at(&unplaced), None);

    let people = [
        (junas, 3),
        (by_hand, 2),
        (whole, 1),
        (guess, 4),
        (plain, 10),
        (unplaced, 5),
    ];
    let saint_denis = key("200000004", "30");
    let report = differences(
        &old,
        &new,
        &people,
        &[
            (GroupId(4), saint_denis.clone()),
            (GroupId(1), nimes.clone()),
            (GroupId(2), aubais),
            (GroupId(3), key("nowhere", "30")),
            // A group that was merged of two parts comes once.
            (GroupId(1), saint_denis),
        ],
    );
    assert_eq!(report.following, 1 + 4 + 10 + 5);
    assert_eq!(
        report.moves,
        [PeopleMove {
            from: Some(nimes.clone()),
            to: Some(new_lunel_30),
            people: 5
        }]
    );
    assert_eq!(report.to_check, 2);
    assert_eq!(report.groups.iter().filter(|g| g.to.is_none()).count(), 1);
    assert_eq!(
        report.shared,
        [(new_nimes, vec![GroupId(4), GroupId(1)])],
        "the first keeps the territory"
    );
}

#[test]
fn a_code_that_no_longer_decides_alone_leaves_the_commune_to_decide() {
    let old = atlas();
    let (new, _) = old.with_basins(&mapping(
        &[
            ("30001", "30001"),
            ("30002", "30002"),
            ("30003", "30003"),
            ("34145", "34145"),
            ("34294", "34294"),
        ],
        &[],
    ));
    let person = situation("34510", Some("34005"), Some(key("34005", "34")), Origin::Code);
    assert_eq!(reattach(&old, &new, &person).map(|c| c.origin), Some(Origin::Code));
    // 34400 had one known commune for this person: it still has.
    let person = situation("34400", Some("34294"), Some(key("200000001", "34")), Origin::Code);
    let choice = reattach(&old, &new, &person).expect("a place");
    assert_eq!((choice.key, choice.origin), (key("34294", "34"), Origin::Commune));
}

#[test]
fn a_table_that_cannot_be_used_is_told_with_its_line() {
    let with = |table: Table, find: &str, put: &str| {
        let mut tables = tables();
        let text = match table {
            Table::Communes => &mut tables.communes,
            Table::Departements => &mut tables.departements,
            Table::Regions => &mut tables.regions,
            Table::Epci => &mut tables.epci,
        };
        assert!(text.contains(find), "{find}");
        *text = text.replacen(find, put, 1);
        Atlas::new(&tables)
            .map(|_| ())
            .map_err(|e| (e.table, e.line, e.problem))
    };
    use TableProblem::{Header, Malformed, Twice, Value};
    for (table, find, put, line, problem) in [
        (Table::Communes, "type,code", "kind,code", 1, Header),
        (Table::Communes, "COM,34294,", "COM,34294,,", 3, Malformed),
        (Table::Communes, "COM,34294", "XYZ,34294", 3, Value("type")),
        (
            Table::Communes,
            "COM,34294,Saturargues",
            "COM,,Saturargues",
            3,
            Value("code"),
        ),
        (
            Table::Communes,
            ",34,200000001,900",
            ",35,200000001,900",
            3,
            Value("departement"),
        ),
        (
            Table::Communes,
            ",34,200000001,900",
            ",34,299999999,900",
            3,
            Value("epci"),
        ),
        (Table::Communes, ",900,", ",many,", 3, Value("population")),
        (
            Table::Communes,
            "30250 34400",
            "30250 344000",
            4,
            Value("codes_postaux"),
        ),
        (Table::Communes, "COM,34294", "COM,34145", 1, Twice),
        (Table::Communes, "75015,75056", "75015,75999", 1, Value("commune")),
        (Table::Communes, "75015,75056", "75015,", 14, Value("commune")),
        (
            Table::Departements,
            "34,Hérault,76",
            "34,Hérault,77",
            3,
            Value("region"),
        ),
        (
            Table::Departements,
            "988,Nouvelle-Calédonie,,oui",
            "988,Nouvelle-Calédonie,,",
            6,
            Value("collectivite"),
        ),
        (Table::Departements, "34,Hérault", "30,Hérault", 3, Twice),
        (Table::Regions, "76,Occitanie", "11,Occitanie", 3, Twice),
        (Table::Epci, "CC du Pays de Lunel", "", 2, Value("nom")),
    ] {
        assert_eq!(with(table, find, put), Err((table, line, problem)), "{find} → {put}");
    }
    let empty = Tables {
        regions: "code,nom\n".to_owned(),
        ..tables()
    };
    let error = Atlas::new(&empty).expect_err("no région");
    assert_eq!((error.table, error.problem), (Table::Regions, TableProblem::Empty));
}

#[test]
fn insee_codes_are_mended_as_spreadsheets_break_them() {
    for (cell, code) in [
        ("01004", Some("01004")),
        (" 1004 ", Some("01004")),
        ("2a004", Some("2A004")),
        ("2B033", Some("2B033")),
        ("1A004", None),
        ("2C004", None),
        ("100", None),
        ("340145", None),
        ("Source", None),
        ("", None),
    ] {
        assert_eq!(normalise_insee_code(cell).as_deref(), code, "{cell:?}");
    }
}

/// What holds of every zoning.
fn check(atlas: &Atlas) -> Result<(), TestCaseError> {
    let names: BTreeSet<String> = atlas.territories().iter().map(|t| fold(&t.name)).collect();
    prop_assert_eq!(
        names.len(),
        atlas.territories().len(),
        "no two territories have one name"
    );
    let total: u64 = atlas.territories().iter().map(|t| t.population).sum();
    prop_assert_eq!(total, 2_401_801, "every commune but the collectivity's, once");
    for territory in atlas.territories() {
        prop_assert_eq!(atlas.territory(&territory.key), Some(territory));
        prop_assert_eq!(
            TerritoryKey::parse(&territory.key.to_string()),
            Some(territory.key.clone())
        );
        prop_assert!(
            atlas.search(&territory.name, 25).contains(&territory),
            "{}",
            territory.name
        );
        prop_assert!(!atlas.places_of(&territory.key).is_empty());
    }
    for code in atlas.postal_codes() {
        let places = atlas.places(code);
        let parts = atlas.parts(code);
        prop_assert!(parts.windows(2).all(|pair| pair[0].population >= pair[1].population));
        let gathered: usize = parts.iter().map(|part| part.places.len()).sum();
        prop_assert_eq!(gathered, places.iter().filter(|place| place.key.is_some()).count());
        prop_assert_eq!(parts.iter().map(Part::key).collect::<BTreeSet<_>>().len(), parts.len());
        for place in places.iter().filter(|place| place.key.is_some()) {
            match atlas.resolve(code, Some(place.commune)) {
                Resolution::Certain(part) => prop_assert_eq!(Some(part.key()), place.key),
                other => prop_assert!(false, "{} is certain, not {:?}", place.commune, other),
            }
        }
        prop_assert_eq!(
            atlas.choose(code, None).map(|c| c.key),
            parts.first().map(|p| p.key().clone())
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_zoning_keeps_the_invariants_and_loses_nobody(
        basins in proptest::collection::vec(proptest::option::of(0_usize..4), 11),
        origins in proptest::collection::vec(0_usize..4, 16),
    ) {
        let old = atlas();
        let codes = ["34145", "34294", "30001", "30189", "30002", "30003", "30004", "34004", "34005", "75056", "92012"];
        let targets = ["34145", "30189", "75056", "2A004"];
        let lines: Vec<(&str, &str)> =
            codes.iter().zip(&basins).filter_map(|(commune, basin)| basin.map(|at| (*commune, targets[at]))).collect();
        let (new, coverage) = old.with_basins(&mapping(&lines, &[("2A004", "Ajaccio")]));
        check(&new)?;
        prop_assert_eq!(coverage.covered, lines.len());
        let rest = coverage.by_parts.len() + coverage.by_neighbours.len() + coverage.kept.len();
        prop_assert_eq!(coverage.covered + rest, codes.len());
        let people: Vec<(Situation, u64)> = old.postal_codes().zip(&origins).flat_map(|(postal_code, origin)| {
            old.parts(postal_code).into_iter().map(move |part| {
                let commune = part.places.first().map(|place| place.unit.to_owned());
                (Situation { postal_code, commune, key: Some(part.key().clone()), origin: Origin::ALL[*origin] }, 1)
            }).collect::<Vec<_>>()
        }).collect();
        for (person, _) in &people {
            let choice = reattach(&old, &new, person);
            prop_assert!(choice.is_some_and(|c| new.territory(&c.key).is_some()), "{:?} has a place", person);
        }
        let report = differences(&old, &new, &people, &[]);
        let moved: u64 = report.moves.iter().map(|m| m.people).sum();
        prop_assert_eq!(report.following + moved, people.len() as u64);
    }

    #[test]
    fn nothing_typed_breaks_a_search(typed in "\\PC{0,16}") {
        let atlas = atlas();
        prop_assert!(atlas.search(&typed, 25).len() <= 25);
        let _ = atlas.resolve(code("30250"), Some(&typed));
        let _ = TerritoryKey::parse(&typed);
    }
}

#[test]
fn the_default_zoning_keeps_the_invariants() {
    check(&atlas()).expect("the invariants");
}
