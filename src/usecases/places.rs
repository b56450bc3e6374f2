//! Where the product writes on the whole server: the channels chosen by hand, else those that `/installer` made.

use super::App;
use crate::domain::ids::ChannelId;
use crate::domain::place::Place;
use crate::store::{StoreError, Tx, places};

/// The channel of a place: the one that `[salons]` names, else the one that `/installer` made; `None` before.
///
/// # Errors
/// When SQLite fails.
pub async fn channel(app: &App, tx: &mut Tx, place: &Place) -> Result<Option<ChannelId>, StoreError> {
    match chosen(app, place) {
        Some(channel) => Ok(Some(channel)),
        None => places::bound(tx, place).await,
    }
}

/// The channel that the host chose by hand for a place.
#[must_use]
pub fn chosen(app: &App, place: &Place) -> Option<ChannelId> {
    let channels = &app.settings.channels;
    let id = match place {
        Place::National => channels.national,
        Place::Review => channels.review,
        Place::Works => channels.works,
        Place::Welcome => channels.welcome,
        Place::Meeting => channels.meeting,
        Place::Feed(region) => channels.feeds.get(&region.0).copied(),
    };
    id.map(ChannelId)
}
