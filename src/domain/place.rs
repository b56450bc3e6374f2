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

    /// The same place, small enough to be copied; `None` for a feed whose code is none of a région.
    #[must_use]
    pub fn spot(&self) -> Option<Spot> {
        let mut region = [0; 3];
        let rank = match self {
            Place::Feed(code) => {
                let bytes = code.0.as_bytes();
                region
                    .get_mut(..bytes.len())
                    .filter(|_| is_code(&code.0))?
                    .copy_from_slice(bytes);
                Spot::FEED
            }
            single => u8::try_from(Place::SINGLE.iter().position(|known| known == single)?).ok()?,
        };
        Some(Spot { rank, region })
    }

    /// The place that [`Place::key`] names.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Place> {
        if let Some(region) = key.strip_prefix("place:feed:") {
            return is_code(region).then(|| Place::Feed(RegionCode(region.to_owned())));
        }
        Place::SINGLE.into_iter().find(|place| place.key() == key)
    }
}

/// Whether a text can be INSEE's code of a région.
fn is_code(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A place as the keys of bindings hold it: the same, small enough to be copied. Made by [`Place::spot`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// The rank in [`Place::SINGLE`]; beyond its end for a feed.
    rank: u8,
    /// The code of a feed's région, padded with zeros.
    region: [u8; 3],
}

impl Spot {
    /// The rank that says «feed».
    const FEED: u8 = u8::MAX;

    /// The place.
    #[must_use]
    pub fn place(self) -> Place {
        match Place::SINGLE.get(usize::from(self.rank)) {
            Some(place) => place.clone(),
            None => {
                let code = self.region.iter().filter(|byte| **byte != 0);
                Place::Feed(RegionCode(code.map(|byte| char::from(*byte)).collect()))
            }
        }
    }

    /// The category in which it is made.
    #[must_use]
    pub fn shelf(self) -> Shelf {
        if self.rank == Spot::FEED {
            Shelf::Feeds
        } else {
            Shelf::Common
        }
    }
}

/// A category of the channels of the whole server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shelf {
    /// Of the places that exist once.
    Common,
    /// Of the feeds.
    Feeds,
}

impl Shelf {
    /// Both, in the order in which they are made.
    pub const ALL: [Shelf; 2] = [Shelf::Common, Shelf::Feeds];

    /// The stable name, which is also the key of its binding.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Shelf::Common => "place:category:common",
            Shelf::Feeds => "place:category:feeds",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_round_trip() {
        let feeds = ["76", "01", "2"].map(|code| Place::Feed(RegionCode(code.to_owned())));
        for place in Place::SINGLE.into_iter().chain(feeds) {
            assert_eq!(Place::from_key(&place.key()), Some(place.clone()));
            assert_eq!(place.spot().map(Spot::place), Some(place));
        }
        assert_eq!(Place::Feed(RegionCode("Occitanie".to_owned())).spot(), None);
        for foreign in ["", "place:", "place:feed:", "place:feed:7 6", "group:3:role"] {
            assert_eq!(Place::from_key(foreign), None, "{foreign}");
        }
    }
}
