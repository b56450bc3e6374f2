//! The statutes of a group, version by version (product.md §9).

use chrono::{DateTime, Utc};

use super::Rules;
use crate::domain::calendar::paris_date;
use crate::domain::ids::TerritoryId;
use crate::store::groups::{self, Group};
use crate::store::journal::{self, Entry};
use crate::store::statutes::{self, Article};
use crate::store::{StoreError, Tx, territories};

/// Gives a group that has just become an assembly the generic statutes, as version 1 of its own.
///
/// # Errors
/// When SQLite fails.
pub async fn adopt_generic(tx: &mut Tx, rules: &Rules, group: &Group, now: DateTime<Utc>) -> Result<(), StoreError> {
    let basin = basin_name(tx, group).await?;
    let facts = rules.settings.statutes_facts(&group.name, &basin, paris_date(now));
    let articles: Vec<Article> = rules
        .texts
        .statutes(&facts)
        .articles
        .into_iter()
        .map(|article| Article {
            number: article.number,
            title: article.title,
            body: article.text,
        })
        .collect();
    if !statutes::adopt(tx, group.id, 1, &articles, now).await? {
        return Ok(());
    }
    let entry = Entry {
        event: "statutes.version",
        group: Some(group.id),
        region: Some(&group.region),
        after: Some("1"),
        ..Entry::default()
    };
    journal::write(tx, &entry, now).await?;
    Ok(())
}

/// The name of the basin of a group: of the first of its territories.
async fn basin_name(tx: &mut Tx, group: &Group) -> Result<String, StoreError> {
    let first: Option<TerritoryId> = groups::territories(tx, group.id).await?.into_iter().next();
    let part = match first {
        Some(id) => territories::get(tx, id).await?,
        None => None,
    };
    Ok(part.map_or_else(|| group.name.clone(), |part| part.name))
}
