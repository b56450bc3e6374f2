//! The channels of the whole server that `/installer` made, as their bindings tell (product.md §17).

use super::{StoreError, Tx};
use crate::domain::ids::ChannelId;
use crate::domain::place::Place;

/// The channel bound to a place; `None` when it was not made, or is only an intention.
///
/// # Errors
/// When SQLite fails.
pub async fn bound(tx: &mut Tx, place: &Place) -> Result<Option<ChannelId>, StoreError> {
    let id: Option<Option<i64>> = sqlx::query_scalar("SELECT discord_id FROM bindings WHERE key = ?")
        .bind(place.key())
        .fetch_optional(tx.conn())
        .await?;
    Ok(id.flatten().map(ChannelId::from_sql))
}
