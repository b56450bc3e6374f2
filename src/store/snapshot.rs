//! Everything that the planner needs to know of the groups, read in one consistent view.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::identity::DiscordName;
use super::vault::{Index, Vault};
use super::{StoreError, Tx, from_sql, identity, installs, regroup};
use crate::domain::bindings::Duty;
use crate::domain::ids::{GroupId, RegionCode, UserId};
use crate::domain::ladder::Step;
use crate::domain::register::Columns;
use crate::domain::snapshot::{
    ArticleFacts, GroupFacts, HashKey, HolderFacts, Installed, MemberFacts, MergedFacts, Snapshot, StatutesFacts,
};

/// Reads the snapshot: the groups that have a space, or should; those merged into another with the space that they had.
/// Phones and mails are opened only for the columns asked.
///
/// # Errors
/// When SQLite or the vault fails, or a row cannot be read.
pub async fn load(tx: &mut Tx, columns: Columns) -> Result<Snapshot, StoreError> {
    let mut members = members(tx, columns).await?;
    let (mut relays, relay_accounts) = relays(tx).await?;
    let (referents, referent_accounts) = referents(tx).await?;
    let mut statutes = statutes(tx).await?;
    let mut steps = steps(tx).await?;
    let rows = sqlx::query(
        // A group that was merged keeps the space that it had, and gets none that it had not.
        "SELECT g.id, g.name, g.region, g.archived_at IS NOT NULL AS archived FROM groups g \
         JOIN steps s ON s.group_id = g.id AND s.step = 'forming' \
         WHERE g.merged_into IS NULL OR EXISTS (SELECT 1 FROM bindings b WHERE b.key = 'group:' || g.id || ':role') \
         ORDER BY s.reached_at, g.id",
    )
    .fetch_all(tx.conn())
    .await?;
    let mut rests = regroup::rests(tx).await?;
    let mut groups = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = GroupId(row.try_get("id")?);
        let steps = steps.remove(&id).unwrap_or_default();
        let merged = rests.remove(&id).map(|rest| MergedFacts {
            into: rest.into,
            readers: rest.readers,
        });
        groups.push(GroupFacts {
            id,
            name: row.try_get("name")?,
            archived: row.try_get("archived")?,
            announce: steps
                .iter()
                .map(|(step, _)| *step)
                .filter(|step| *step != Step::Possible && merged.is_none())
                .collect(),
            steps,
            members: members.remove(&id).unwrap_or_default(),
            relays: relays.remove(&id).unwrap_or_default(),
            referents: referents
                .get(row.try_get::<&str, _>("region")?)
                .cloned()
                .unwrap_or_default(),
            statutes: statutes.remove(&id),
            merged,
        });
    }
    let duties = [(Duty::Relay, relay_accounts), (Duty::Referent, referent_accounts)]
        .into_iter()
        .filter_map(|(duty, accounts)| accounts.map(|accounts| (duty, accounts)))
        .collect();
    let installed = installs::latest(tx).await?.map(|wish| Installed {
        wish,
        referents: referents
            .into_iter()
            .map(|(region, holders)| {
                let present = holders.into_iter().filter(|holder| holder.present);
                (RegionCode(region), present.map(|holder| holder.user).collect())
            })
            .collect(),
    });
    Ok(Snapshot {
        groups,
        duties,
        installed,
        hash_key: hash_key(tx.vault()),
    })
}

/// What content hashes are keyed with: known to whoever has the host's key, and to nobody else.
fn hash_key(vault: &Vault) -> HashKey {
    HashKey(vault.suppression(Index::Code, "content of messages"))
}

fn number(row: &SqliteRow, table: &'static str, column: &'static str) -> Result<u32, StoreError> {
    u32::try_from(row.try_get::<i64, _>(column)?).map_err(|_| StoreError::Row { table, what: column })
}

async fn steps(tx: &mut Tx) -> Result<BTreeMap<GroupId, Vec<(Step, DateTime<Utc>)>>, StoreError> {
    let rows = sqlx::query("SELECT group_id, step, reached_at FROM steps")
        .fetch_all(tx.conn())
        .await?;
    let mut steps: BTreeMap<GroupId, Vec<(Step, DateTime<Utc>)>> = BTreeMap::new();
    for row in &rows {
        let step = Step::from_key(row.try_get("step")?).ok_or(StoreError::Row {
            table: "steps",
            what: "step",
        })?;
        let at = from_sql(row.try_get("reached_at")?)?;
        steps
            .entry(GroupId(row.try_get("group_id")?))
            .or_default()
            .push((step, at));
    }
    for reached in steps.values_mut() {
        reached.sort();
    }
    Ok(steps)
}

async fn members(tx: &mut Tx, columns: Columns) -> Result<BTreeMap<GroupId, Vec<MemberFacts>>, StoreError> {
    let rows = sqlx::query(
        "SELECT m.group_id, m.number, m.validated_at, p.sealed, p.pseudo_sealed, p.postal_code, p.discord_user, \
                coalesce(o.present, 0) AS present \
         FROM memberships m JOIN people p ON p.id = m.person_id LEFT JOIN roster o ON o.user_id = p.discord_user \
         WHERE m.left_at IS NULL ORDER BY m.group_id, m.number",
    )
    .fetch_all(tx.conn())
    .await?;
    let mut members: BTreeMap<GroupId, Vec<MemberFacts>> = BTreeMap::new();
    for row in &rows {
        // An erased person is no member any more: erasure ends the participation in its own transaction.
        let Some(sealed) = row.try_get::<Option<&[u8]>, _>("sealed")? else {
            continue;
        };
        let identity = identity::open(tx.vault(), sealed)?;
        let pseudo = match row.try_get::<Option<&[u8]>, _>("pseudo_sealed")? {
            Some(sealed) => Some(DiscordName::open(tx.vault(), sealed)?.display.clone()),
            None => None,
        };
        members
            .entry(GroupId(row.try_get("group_id")?))
            .or_default()
            .push(MemberFacts {
                number: number(row, "memberships", "number")?,
                name: identity.full_upper(),
                user: row.try_get::<Option<i64>, _>("discord_user")?.map(UserId::from_sql),
                pseudo,
                present: row.try_get("present")?,
                postal_code: row.try_get::<Option<String>, _>("postal_code")?.unwrap_or_default(),
                since: from_sql(row.try_get("validated_at")?)?,
                phone: identity
                    .phone
                    .as_ref()
                    .filter(|_| columns.phone)
                    .map(|phone| phone.national()),
                mail: identity.mail.as_ref().filter(|_| columns.mail).map(ToString::to_string),
            });
    }
    Ok(members)
}

/// Who holds a post, named as product.md §2 says: the linked person's name, else the server's display name.
fn holder(tx: &Tx, row: &SqliteRow) -> Result<HolderFacts, StoreError> {
    let person: Option<&[u8]> = row.try_get("sealed")?;
    let shown: Option<&[u8]> = row.try_get("name_sealed")?;
    let display = match (person, shown) {
        (Some(sealed), _) => Some(identity::open(tx.vault(), sealed)?.full()),
        (None, Some(sealed)) => Some(DiscordName::open(tx.vault(), sealed)?.display.clone()),
        (None, None) => None,
    };
    Ok(HolderFacts {
        user: UserId::from_sql(row.try_get("user_id")?),
        present: row.try_get("present")?,
        display,
    })
}

/// The accounts that hold a function; `None` when nobody ever did, so that its role is not made.
type Accounts = Option<BTreeSet<UserId>>;

async fn relays(tx: &mut Tx) -> Result<(BTreeMap<GroupId, Vec<HolderFacts>>, Accounts), StoreError> {
    let rows = sqlx::query(
        "SELECT r.group_id, r.user_id, coalesce(o.present, 0) AS present, o.name_sealed, p.sealed \
         FROM relays r JOIN groups g ON g.id = r.group_id \
         LEFT JOIN roster o ON o.user_id = r.user_id LEFT JOIN people p ON p.discord_user = r.user_id \
         WHERE r.until IS NULL AND g.merged_into IS NULL ORDER BY r.since, r.id",
    )
    .fetch_all(tx.conn())
    .await?;
    let ever: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM relays)")
        .fetch_one(tx.conn())
        .await?;
    let mut relays: BTreeMap<GroupId, Vec<HolderFacts>> = BTreeMap::new();
    let mut accounts = BTreeSet::new();
    for row in &rows {
        let holder = holder(tx, row)?;
        accounts.insert(holder.user);
        relays
            .entry(GroupId(row.try_get("group_id")?))
            .or_default()
            .push(holder);
    }
    Ok((relays, ever.then_some(accounts)))
}

async fn referents(tx: &mut Tx) -> Result<(BTreeMap<String, Vec<HolderFacts>>, Accounts), StoreError> {
    let rows = sqlx::query(
        "SELECT r.region, r.user_id, coalesce(o.present, 0) AS present, o.name_sealed, p.sealed \
         FROM referents r LEFT JOIN roster o ON o.user_id = r.user_id LEFT JOIN people p ON p.discord_user = r.user_id \
         WHERE r.until IS NULL ORDER BY r.since, r.id",
    )
    .fetch_all(tx.conn())
    .await?;
    let ever: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM referents)")
        .fetch_one(tx.conn())
        .await?;
    let mut referents: BTreeMap<String, Vec<HolderFacts>> = BTreeMap::new();
    let mut accounts = BTreeSet::new();
    for row in &rows {
        let holder = holder(tx, row)?;
        accounts.insert(holder.user);
        referents.entry(row.try_get("region")?).or_default().push(holder);
    }
    Ok((referents, ever.then_some(accounts)))
}

/// The statutes in force. Of each article also the version since which it reads so: the one after the last in which it was
/// missing or read otherwise.
async fn statutes(tx: &mut Tx) -> Result<BTreeMap<GroupId, StatutesFacts>, StoreError> {
    let rows = sqlx::query(
        "SELECT a.group_id, a.version, a.number, a.title, a.body, \
                1 + coalesce((SELECT max(s.version) FROM statutes s WHERE s.group_id = a.group_id AND s.version < a.version \
                    AND NOT EXISTS (SELECT 1 FROM statute_articles o WHERE o.group_id = a.group_id \
                        AND o.version = s.version AND o.number = a.number AND o.title = a.title AND o.body = a.body)), 0) AS since \
         FROM statute_articles a \
         WHERE a.version = (SELECT max(version) FROM statutes s WHERE s.group_id = a.group_id) \
         ORDER BY a.group_id, a.number",
    )
    .fetch_all(tx.conn())
    .await?;
    let mut statutes: BTreeMap<GroupId, StatutesFacts> = BTreeMap::new();
    for row in &rows {
        let version = number(row, "statute_articles", "version")?;
        let facts = ArticleFacts {
            number: number(row, "statute_articles", "number")?,
            title: row.try_get("title")?,
            body: row.try_get("body")?,
            since: number(row, "statute_articles", "since")?,
        };
        statutes
            .entry(GroupId(row.try_get("group_id")?))
            .or_insert_with(|| StatutesFacts {
                version,
                articles: Vec::new(),
            })
            .articles
            .push(facts);
    }
    Ok(statutes)
}
