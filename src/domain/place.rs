//! The channels of the whole server that the product writes in, once `/installer` has made them (product.md §17) or the host
//! has chosen them by hand (`[salons]` of the configuration).

use super::ids::RegionCode;

/// A channel of the whole server, by what it is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Where the national team is told things (product.md §3).
    National,
    /// Where projects and works are reviewed (product.md §14, §15).
    Review,
    /// Where published works go (product.md §15).
    Works,
    /// Where people are greeted whose direct messages are closed (product.md §11).
    Welcome,
    /// The newcomers' meeting: its link is the default place of the event, and its reminders are posted there unless
    /// `[salons] rappels` names another channel (product.md §11).
    Meeting,
    /// The feed of a région's référents, and of nobody else but the national team (product.md §12).
    Feed(RegionCode),
}

impl Place {
    /// The places that exist once, in the order in which they are made.
    pub const SINGLE: [Place; 5] = [
        Place::National,
        Place::Review,
        Place::Works,
        Place::Welcome,
        Place::Meeting,
    ];

    /// The stable name, which is also the key of its binding and the end of its topic.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Place::National => "place:national".to_owned(),
            Place::Review => "place:review".to_owned(),
            Place::Works => "place:works".to_owned(),
            Place::Welcome => "place:welcome".to_owned(),
            Place::Meeting => "place:meeting".to_owned(),
            Place::Feed(region) => format!("place:feed:{region}"),
        }
    }

    /// The place that [`Place::key`] names.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Place> {
        if let Some(region) = key.strip_prefix("place:feed:") {
            let plain = (1..=3).contains(&region.len()) && region.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return plain.then(|| Place::Feed(RegionCode(region.to_owned())));
        }
        Place::SINGLE.into_iter().find(|place| place.key() == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_round_trip() {
        let feed = Place::Feed(RegionCode("76".to_owned()));
        for place in Place::SINGLE.into_iter().chain([feed]) {
            assert_eq!(Place::from_key(&place.key()), Some(place));
        }
        for foreign in ["", "place:", "place:feed:", "place:feed:7 6", "group:3:role"] {
            assert_eq!(Place::from_key(foreign), None, "{foreign}");
        }
    }
}
