//! The figures of a report are those that anyone would count by hand in the database: on 100 worlds drawn at random, the rows
//! are read one by one and counted anew, in Rust, without a query or a function of the product.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use maillage::domain::ids::RegionCode;
use maillage::domain::ladder::Step;
use maillage::domain::report::{Report, Scope};
use maillage::usecases::reports;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{AssertSqlSafe, Row as _};

use crate::world::World;

/// A row, column by column.
type Fields = BTreeMap<String, Option<String>>;

/// Places of the worlds: territory, département, région.
const PLACES: [(i64, &str, &str); 8] = [
    (1, "34", "76"),
    (2, "34", "76"),
    (3, "48", "76"),
    (4, "30", "76"),
    (5, "75", "11"),
    (6, "2A", "94"),
    (7, "974", "04"),
    (8, "33", "75"),
];

/// Numbers drawn from a seed: the same worlds each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From nought to `n`, without it.
    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    /// An instant of the last `days`, as the database writes it.
    fn instant(&mut self, now: DateTime<Utc>, days: u64) -> i64 {
        now.timestamp() - i64::try_from(self.below(days * 86_400)).unwrap()
    }
}

fn quoted(text: Option<&str>) -> String {
    text.map_or_else(|| "NULL".to_owned(), |text| format!("'{text}'"))
}

fn maybe(number: Option<i64>) -> String {
    number.map_or_else(|| "NULL".to_owned(), |number| number.to_string())
}

/// The statements that make a world.
fn statements(dice: &mut Dice, now: DateTime<Utc>) -> Vec<String> {
    let mut sql = Vec::new();
    for (id, departement, region) in PLACES {
        sql.push(format!(
            "INSERT INTO territories (id, basin, departement, region, name) VALUES ({id}, 'b{id}', '{departement}', '{region}', 'T{id}')"
        ));
    }
    let mut groups = Vec::new();
    for (id, departement, region) in PLACES {
        if dice.chance(75) {
            let archived = dice.chance(15).then(|| dice.instant(now, 50));
            let merged = groups.last().copied().filter(|_| dice.chance(10));
            sql.push(format!(
                "INSERT INTO groups (id, name, departement, region, declared_at, declared_by, archived_at, merged_into) VALUES ({id}, 'G{id}', '{departement}', '{region}', 1, NULL, {}, {})",
                maybe(archived),
                maybe(merged)
            ));
            sql.push(format!(
                "INSERT INTO group_territories (territory_id, group_id) VALUES ({id}, {})",
                merged.unwrap_or(id)
            ));
            for step in Step::ALL.into_iter().take(usize::try_from(dice.below(6)).unwrap()) {
                sql.push(format!(
                    "INSERT INTO steps (group_id, step, reached_at, under_since) VALUES ({id}, '{}', 1, NULL)",
                    step.key()
                ));
            }
            for user in 1..=dice.below(3) {
                let until = dice.chance(20).then(|| dice.instant(now, 5));
                sql.push(format!(
                    "INSERT INTO relays (group_id, user_id, since, until) VALUES ({id}, {}, {}, {})",
                    (user + dice.below(4)) * 100 + user,
                    dice.instant(now, 60),
                    maybe(until)
                ));
            }
            groups.push(id);
        }
    }
    // A commune that a split gave to another group.
    if let [first, .., last] = groups.as_slice()
        && dice.chance(60)
    {
        sql.push(format!(
            "INSERT INTO group_communes (territory_id, insee, group_id) VALUES ({first}, '34001', {last})"
        ));
    }
    for id in 1..=i64::try_from(dice.below(120)).unwrap() {
        let territory = dice.chance(90).then(|| dice.pick(&PLACES).0);
        let signed_up = dice.chance(60).then(|| {
            (now - TimeDelta::days(dice.below(45).cast_signed()))
                .date_naive()
                .to_string()
        });
        let merged = (id > 1 && dice.chance(5)).then_some(1);
        sql.push(format!(
            "INSERT INTO people (id, territory_id, insee, source, call_state, signed_up_on, erased_at, merged_into, created_at, \
             updated_at) VALUES ({id}, {}, {}, '{}', '{}', {}, {}, {}, {}, 1)",
            maybe(territory),
            quoted(dice.chance(40).then_some("34001")),
            dice.pick(&["site", "site", "site", "local"]),
            dice.pick(&["a_appeler", "a_rappeler", "injoignable", "refus", "ne_plus_appeler"]),
            quoted(signed_up.as_deref()),
            maybe(dice.chance(8).then_some(1)),
            maybe(merged),
            dice.instant(now, 45),
        ));
        for _ in 0..dice.below(3) {
            let outcome = dice.chance(70).then_some("pas_de_reponse");
            sql.push(format!(
                "INSERT INTO calls (person_id, at, user_id, outcome, note_sealed) VALUES ({id}, {}, {}, {}, x'00')",
                dice.instant(now, 45),
                dice.pick(&[101, 201, 202, 302]),
                quoted(outcome)
            ));
        }
        if groups.is_empty() || dice.chance(40) {
            continue;
        }
        // Up to three participations one after the other, the last of which may last.
        let mut from = dice.instant(now, 100);
        for rank in 0..=dice.below(3) {
            let group = *dice.pick(&groups);
            let until = from + i64::try_from(dice.below(30 * 86_400)).unwrap() + 1;
            let lasts = until > now.timestamp() || (rank == 2 && dice.chance(70));
            let why = *dice.pick(&["depart", "annulation", "erreur", "transfert"]);
            sql.push(format!(
                "INSERT INTO memberships (person_id, group_id, number, validated_at, validated_by, consent_version, consent_at, \
                 left_at, left_reason) VALUES ({id}, {group}, {}, {from}, {}, '1', {from}, {}, {})",
                id * 10 + rank.cast_signed(),
                dice.pick(&[101, 201, 202, 302]),
                maybe((!lasts).then_some(until)),
                quoted((!lasts).then_some(why))
            ));
            if lasts {
                break;
            }
            // A transfer is a participation that begins when another ends.
            from = if why == "transfert" { until } else { until + 5 };
            if from > now.timestamp() {
                break;
            }
        }
    }
    for _ in 0..dice.below(12) {
        sql.push(format!(
            "INSERT INTO journal (at, actor, event) VALUES ({}, {}, 'access.coordinates')",
            dice.instant(now, 40),
            maybe(dice.chance(80).then(|| *dice.pick(&[101, 201, 202, 302])))
        ));
    }
    sql
}

/// Tables that a world fills, children first.
const TABLES: [&str; 10] = [
    "journal",
    "calls",
    "memberships",
    "relays",
    "steps",
    "group_communes",
    "group_territories",
    "people",
    "groups",
    "territories",
];

/// Rows as they are in the database.
type Rows = Vec<BTreeMap<String, Option<String>>>;

async fn rows(pool: &SqlitePool, table: &str) -> Rows {
    let names: Vec<String> = sqlx::query(AssertSqlSafe(format!("SELECT name FROM pragma_table_info('{table}')")))
        .fetch_all(pool)
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .filter(|name: &String| !name.contains("sealed") && !name.ends_with("index"))
        .collect();
    let columns: Vec<String> = names.iter().map(|name| format!("CAST({name} AS TEXT)")).collect();
    sqlx::query(AssertSqlSafe(format!("SELECT {} FROM {table}", columns.join(", "))))
        .fetch_all(pool)
        .await
        .unwrap()
        .iter()
        .map(|row| {
            names
                .iter()
                .enumerate()
                .map(|(n, name)| (name.clone(), row.get(n)))
                .collect()
        })
        .collect()
}

/// One database, read whole.
struct Naive {
    now: DateTime<Utc>,
    tables: BTreeMap<&'static str, Rows>,
}

fn text<'a>(row: &'a BTreeMap<String, Option<String>>, column: &str) -> Option<&'a str> {
    row[column].as_deref()
}

fn int(row: &BTreeMap<String, Option<String>>, column: &str) -> Option<i64> {
    text(row, column).map(|text| text.parse().unwrap())
}

impl Naive {
    async fn read(pool: &SqlitePool, now: DateTime<Utc>) -> Naive {
        let mut tables = BTreeMap::new();
        for table in TABLES {
            tables.insert(table, rows(pool, table).await);
        }
        Naive { now, tables }
    }

    fn ago(&self, days: i64) -> i64 {
        self.now.timestamp() - days * 86_400
    }

    fn place_of(person: &BTreeMap<String, Option<String>>) -> Option<(&'static str, &'static str)> {
        let id = int(person, "territory_id")?;
        PLACES
            .iter()
            .find(|(place, ..)| *place == id)
            .map(|(_, departement, region)| (*departement, *region))
    }

    /// People signed up and contacted: now, since 7 and since 30 days.
    fn people(&self, within: impl Fn(Option<(&str, &str)>) -> bool) -> ([i64; 3], [i64; 3]) {
        let (mut signed_up, mut contacted) = ([0; 3], [0; 3]);
        for person in &self.tables["people"] {
            let state = text(person, "call_state").unwrap();
            let counts = text(person, "source") == Some("site")
                && int(person, "erased_at").is_none()
                && int(person, "merged_into").is_none()
                && state != "refus"
                && state != "ne_plus_appeler";
            if !counts || !within(Self::place_of(person)) {
                continue;
            }
            let id = int(person, "id");
            let of = |table: &str, at: &str, holds: &dyn Fn(&Fields) -> bool| {
                self.tables[table]
                    .iter()
                    .filter(|row| int(row, "person_id") == id && holds(row))
                    .filter_map(|row| int(row, at))
                    .min()
            };
            let first = of("calls", "at", &|call| text(call, "outcome").is_some())
                .or_else(|| of("memberships", "validated_at", &|_| true));
            for (slot, days) in [None, Some(7), Some(30)].into_iter().enumerate() {
                let came = match (days, text(person, "signed_up_on")) {
                    (None, _) => true,
                    (Some(days), Some(day)) => {
                        let limit = (self.now - TimeDelta::days(days)).with_timezone(&chrono_tz::Europe::Paris);
                        day.parse::<NaiveDate>().unwrap() > limit.date_naive()
                    }
                    (Some(days), None) => int(person, "created_at").unwrap() > self.ago(days),
                };
                signed_up[slot] += i64::from(came);
                let met = first.is_some_and(|first| days.is_none_or(|days| first > self.ago(days)));
                contacted[slot] += i64::from(met);
            }
        }
        (signed_up, contacted)
    }

    fn group(&self, id: i64) -> &BTreeMap<String, Option<String>> {
        self.tables["groups"]
            .iter()
            .find(|group| int(group, "id") == Some(id))
            .unwrap()
    }

    fn memberships(&self, scope: &Scope) -> Vec<&BTreeMap<String, Option<String>>> {
        self.tables["memberships"]
            .iter()
            .filter(|row| {
                within(
                    scope,
                    text(self.group(int(row, "group_id").unwrap()), "region").unwrap(),
                )
            })
            .collect()
    }

    fn validated(&self, scope: &Scope) -> [i64; 3] {
        let at = |instant: i64| {
            let lasts = self.memberships(scope).into_iter().filter(|row| {
                int(row, "validated_at").unwrap() <= instant && int(row, "left_at").is_none_or(|left| left > instant)
            });
            i64::try_from(lasts.count()).unwrap()
        };
        let present = self
            .memberships(scope)
            .into_iter()
            .filter(|row| int(row, "left_at").is_none())
            .count();
        let present = i64::try_from(present).unwrap();
        [present, present - at(self.ago(7)), present - at(self.ago(30))]
    }

    /// Validations by week of Paris, told by the year and number of the week.
    fn weeks(&self, scope: &Scope) -> BTreeMap<(i32, u32), u32> {
        let mut weeks = BTreeMap::new();
        for row in self.memberships(scope) {
            let mistake = matches!(text(row, "left_reason"), Some("annulation" | "erreur"));
            let moved = self.tables["memberships"].iter().any(|other| {
                int(other, "person_id") == int(row, "person_id")
                    && int(other, "id") != int(row, "id")
                    && int(other, "group_id") != int(row, "group_id")
                    && int(other, "left_at") == int(row, "validated_at")
            });
            if !mistake && !moved {
                let at = DateTime::from_timestamp(int(row, "validated_at").unwrap(), 0).unwrap();
                let week = at.with_timezone(&chrono_tz::Europe::Paris).date_naive().iso_week();
                *weeks.entry((week.year(), week.week())).or_default() += 1;
            }
        }
        weeks
    }

    fn groups(&self, scope: &Scope) -> Vec<&BTreeMap<String, Option<String>>> {
        self.tables["groups"]
            .iter()
            .filter(|group| int(group, "archived_at").is_none() && int(group, "merged_into").is_none())
            .filter(|group| within(scope, text(group, "region").unwrap()))
            .collect()
    }

    fn steps(&self, group: i64) -> BTreeSet<Step> {
        self.tables["steps"]
            .iter()
            .filter(|row| int(row, "group_id") == Some(group))
            .map(|row| Step::from_key(text(row, "step").unwrap()).unwrap())
            .collect()
    }

    fn members(&self, group: i64) -> u32 {
        let rows = &self.tables["memberships"];
        let own = |row: &&BTreeMap<String, Option<String>>| {
            int(row, "group_id") == Some(group) && int(row, "left_at").is_none()
        };
        u32::try_from(rows.iter().filter(own).count()).unwrap()
    }

    fn relays(&self, group: i64) -> Vec<(i64, i64)> {
        self.tables["relays"]
            .iter()
            .filter(|row| int(row, "group_id") == Some(group) && int(row, "until").is_none())
            .map(|row| (int(row, "user_id").unwrap(), int(row, "since").unwrap()))
            .collect()
    }

    /// The last thing that a relay did, or the latest of his namings in the scope.
    fn last(&self, user: i64, scope: &Scope) -> i64 {
        let of = |table: &str, who: &str, at: &str| {
            self.tables[table]
                .iter()
                .filter(|row| int(row, who) == Some(user))
                .filter_map(|row| int(row, at))
                .max()
        };
        let named = self
            .groups(scope)
            .into_iter()
            .flat_map(|group| self.relays(int(group, "id").unwrap()))
            .filter(|(relay, _)| *relay == user)
            .map(|(_, since)| since)
            .max();
        [
            of("calls", "user_id", "at"),
            of("memberships", "validated_by", "validated_at"),
            of("journal", "actor", "at"),
            named,
        ]
        .into_iter()
        .flatten()
        .max()
        .unwrap()
    }

    fn silent(&self, scope: &Scope) -> BTreeSet<i64> {
        self.groups(scope)
            .into_iter()
            .flat_map(|group| self.relays(int(group, "id").unwrap()))
            .map(|(user, _)| user)
            .filter(|user| self.last(*user, scope) <= self.ago(14))
            .collect()
    }

    fn compare(&self, report: &Report, departements: &[(String, String)], seed: u64) {
        let scope = &report.scope;
        let about = format!("world {seed}, {scope}");
        let people = self.people(|place| match (scope, place) {
            (Scope::France, _) => true,
            (Scope::Region(code), Some((_, region))) => code.0 == region,
            (Scope::Region(_), None) => false,
        });
        for (found, expected) in [
            (report.signed_up, people.0),
            (report.contacted, people.1),
            (report.validated, self.validated(scope)),
        ] {
            assert_eq!([i64::from(found.now), found.week, found.month], expected, "{about}");
        }
        let groups = self.groups(scope);
        let at = |holds: &dyn Fn(&BTreeSet<Step>) -> bool| {
            let found = groups
                .iter()
                .filter(|group| holds(&self.steps(int(group, "id").unwrap())));
            u32::try_from(found.count()).unwrap()
        };
        let forming = at(&|steps| steps.contains(&Step::Forming) && !steps.contains(&Step::Assembly));
        let assembly = at(&|steps| steps.contains(&Step::Assembly));
        let stages = (report.stages.possible, report.stages.forming, report.stages.assembly);
        assert_eq!(
            stages,
            (at(&|_| true) - forming - assembly, forming, assembly),
            "{about}"
        );
        for (step, number) in report.steps {
            let is = |steps: &BTreeSet<Step>| steps.iter().max().copied().unwrap_or(Step::Possible) == step;
            assert_eq!(number, at(&is), "{about}: {step:?}");
        }
        let thresholds = [
            (Step::Forming, 5),
            (Step::Assembly, 10),
            (Step::PublishRic, 15),
            (Step::PublishWorks, 20),
        ];
        let mut near: Vec<(String, Step, u32)> = Vec::new();
        for group in &groups {
            let id = int(group, "id").unwrap();
            let steps = self.steps(id);
            if let Some((step, number)) = thresholds.iter().find(|(step, _)| !steps.contains(step)) {
                let members = self.members(id);
                if members < *number && members + 2 >= *number {
                    near.push((format!("G{id}"), *step, number - members));
                }
            }
        }
        near.sort();
        let mut found: Vec<_> = report
            .near
            .iter()
            .map(|near| (near.name.clone(), near.step, near.missing))
            .collect();
        found.sort();
        assert_eq!(found, near, "{about}");
        let vacant: BTreeSet<i64> = groups
            .iter()
            .filter_map(|group| int(group, "id"))
            .filter(|id| self.relays(*id).is_empty())
            .collect();
        assert_eq!(
            report
                .vacant
                .iter()
                .map(|vacant| vacant.group.0)
                .collect::<BTreeSet<_>>(),
            vacant,
            "{about}"
        );
        let silent: BTreeSet<i64> = report.silent.iter().map(|relay| relay.user.to_sql()).collect();
        assert_eq!(silent, self.silent(scope), "{about}");
        let held: BTreeSet<&str> = groups.iter().filter_map(|group| text(group, "departement")).collect();
        let own = || departements.iter().filter(|(_, region)| within(scope, region));
        let bare: Vec<&str> = own()
            .map(|(code, _)| code.as_str())
            .filter(|code| !held.contains(code))
            .collect();
        assert_eq!(report.bare, bare, "{about}");
        assert_eq!(report.departements, own().count(), "{about}");
        let weeks = self.weeks(scope);
        assert_eq!(report.weeks.len(), 12);
        for (monday, number) in &report.weeks {
            let week = monday.iso_week();
            let expected = weeks.get(&(week.year(), week.week())).copied().unwrap_or_default();
            assert_eq!(*number, expected, "{about}: week of {monday}");
        }
        // Every inscrit of a place is in one line of the file.
        let placed: u32 = report.rows.iter().map(|row| row.signed_up).sum();
        assert_eq!(
            placed,
            report.signed_up.now - report.to_place.unwrap_or_default(),
            "{about}"
        );
        if *scope == Scope::France {
            let nowhere = self.people(|place| place.is_none()).0[0];
            assert_eq!(report.to_place.map(i64::from), Some(nowhere), "{about}");
            for line in &report.regions {
                let region = Scope::Region(line.region.clone());
                let people = self
                    .people(|place| place.is_some_and(|(_, region)| line.region.0 == region))
                    .0[0];
                assert_eq!(i64::from(line.signed_up), people, "{about}");
                assert_eq!(i64::from(line.validated), self.validated(&region)[0], "{about}");
                assert_eq!(line.stages.total() as usize, self.groups(&region).len(), "{about}");
            }
        }
    }
}

fn within(scope: &Scope, region: &str) -> bool {
    match scope {
        Scope::France => true,
        Scope::Region(code) => code.0 == region,
    }
}

#[tokio::test]
async fn the_figures_are_those_of_a_naive_count_on_100_worlds() {
    let world = World::new().await;
    let options = SqliteConnectOptions::new()
        .filename(world.app.store.path())
        .foreign_keys(false);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    // What forbids to rewrite history forbids to make a world anew.
    for trigger in ["steps_are_kept", "journal_is_kept"] {
        sqlx::query(AssertSqlSafe(format!("DROP TRIGGER {trigger}")))
            .execute(&pool)
            .await
            .unwrap();
    }
    let atlas = world.app.atlas();
    let departements: Vec<(String, String)> = atlas
        .departements()
        .iter()
        .filter(|departement| !departement.collectivity)
        .map(|departement| (departement.code.clone(), departement.region.clone()))
        .collect();
    assert_eq!(departements.len(), 101);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut seen = [0_u32; 6];
    for seed in 0..100 {
        // Summer and winter, and every day of the week.
        let now = world.now() + TimeDelta::hours(i64::try_from(seed).unwrap() * 101);
        let mut tx = pool.begin().await.unwrap();
        for table in TABLES {
            sqlx::query(AssertSqlSafe(format!("DELETE FROM {table}")))
                .execute(&mut *tx)
                .await
                .unwrap();
        }
        for statement in statements(&mut dice, now) {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        let naive = Naive::read(&pool, now).await;
        for scope in [Scope::France, region("76"), region("11"), region("84")] {
            let mut tx = world.app.store.read().await.unwrap();
            let report = reports::compile(&world.app, &mut tx, scope, now).await.unwrap();
            naive.compare(&report, &departements, seed);
            if report.scope == Scope::France {
                for (slot, n) in [
                    report.contacted.now,
                    report.validated.now,
                    u32::try_from(report.near.len()).unwrap(),
                    u32::try_from(report.silent.len()).unwrap(),
                    report.weeks.iter().map(|(_, n)| n).sum(),
                    report.to_place.unwrap_or_default(),
                ]
                .into_iter()
                .enumerate()
                {
                    seen[slot] += n;
                }
            }
        }
    }
    assert!(
        seen.iter().all(|n| *n >= 20),
        "the worlds are too poor to prove anything: {seen:?}"
    );
}

fn region(code: &str) -> Scope {
    Scope::Region(RegionCode(code.to_owned()))
}
