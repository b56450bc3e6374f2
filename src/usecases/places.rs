//! Where the product writes on the whole server: the channels chosen by hand, else those that `/installer` made.

use super::App;
use crate::domain::ids::{ChannelId, RegionCode};
use crate::domain::place::{Place, Shelf};
use crate::store::{StoreError, Tx, places};
use crate::texts;

/// Every place: those that exist once, then a feed for each région, with the name of its région.
#[must_use]
pub fn all(app: &App) -> Vec<(Place, Option<String>)> {
    let atlas = app.atlas();
    let feeds = atlas
        .regions()
        .iter()
        .map(|region| (Place::Feed(RegionCode(region.code.clone())), Some(region.name.clone())));
    let single = Place::SINGLE.into_iter().map(|place| (place, None));
    single.chain(feeds).collect()
}

/// The places that `/installer` makes: all but those that the host chose by hand.
#[must_use]
pub fn to_make(app: &App) -> Vec<(Place, Option<String>)> {
    let mut places = all(app);
    places.retain(|(place, _)| chosen(app, place).is_none());
    places
}

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

/// What the place, or the category of places, of this key is called in a sentence.
#[must_use]
pub fn name(app: &App, key: &str) -> String {
    if let Some(shelf) = Shelf::ALL.into_iter().find(|shelf| shelf.key() == key) {
        return texts::places::category_label(shelf);
    }
    let found = all(app).into_iter().find(|(place, _)| place.key() == key);
    found.map_or_else(
        || key.to_owned(),
        |(place, region)| texts::places::label(&place, region.as_deref()),
    )
}
