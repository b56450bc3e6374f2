//! Search of territories for the autocomplete of `bassin`: every keystroke asks, so nothing is folded twice.

use super::atlas::Atlas;
use super::names::{name_key, words};
use crate::domain::fold::fold;

/// Folded names. The order of an answer: the territory's name as typed; the names that begin so; the communes so named; the
/// communes that begin so; the territories of which every typed word begins a word (name, main town, basin, département,
/// its code); those
/// that hold the text anywhere. Within each, the most populous first.
#[derive(Debug)]
pub(super) struct SearchIndex {
    territories: Vec<Entry>,
    /// The keys of the communes' names one after the other, each closed by a line feed, which no key holds.
    names: String,
    /// Where each key begins in `names`, and its territory.
    communes: Vec<(u32, u32)>,
}

#[derive(Debug)]
struct Entry {
    /// With its article («lemans») and without («mans»).
    keys: [String; 2],
    words: String,
    population: u64,
}

/// The rank of the worst answers; the best have 0.
const LAST_RANK: u8 = 5;

impl SearchIndex {
    pub(super) fn new(atlas: &Atlas) -> Self {
        let territories = atlas
            .territories()
            .iter()
            .map(|t| Entry {
                keys: keys(&t.base_name),
                words: searchable(&format!(
                    "{} {} {} {} {}",
                    t.base_name, t.main_town, t.basin_name, t.departement_name, t.key.departement
                )),
                population: t.population,
            })
            .collect();
        let geography = &atlas.geography;
        let mut names = String::with_capacity(16 * geography.units() as usize);
        let mut communes = Vec::with_capacity(geography.units() as usize);
        let mut keep = |name: &str, territory: u32| {
            let [full, short] = keys(name);
            for key in std::iter::once(&full).chain((short != full).then_some(&short)) {
                // The offset always fits: the names come from a text counted in 32 bits.
                communes.push((names.len() as u32, territory));
                names.push_str(key);
                names.push('\n');
            }
        };
        for commune in geography.communes() {
            let Some(territory) = atlas.territory_id_of_unit(commune) else {
                continue;
            };
            keep(geography.name(commune), territory);
            geography.former_of(commune).for_each(|(_, name)| keep(name, territory));
        }
        Self {
            territories,
            names,
            communes,
        }
    }

    /// The indices of the territories that answer, the best first.
    pub(super) fn search(&self, typed: &str, limit: usize) -> Vec<u32> {
        let folded = searchable(typed);
        let all: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
        let found = self.answer(&all, limit);
        let named: Vec<&str> = all.iter().copied().filter(|word| !is_number(word)).collect();
        if found.is_empty() && named.len() < all.len() && !named.is_empty() {
            // «Paris 16e»: the number was no département after all.
            return self.answer(&named, limit);
        }
        found
    }

    fn answer(&self, typed: &[&str], limit: usize) -> Vec<u32> {
        let key: String = typed.iter().filter(|word| !is_number(word)).copied().collect();
        let numbered = typed.iter().any(|word| is_number(word));
        let text = typed.join(" ");
        let mut ranks: Vec<u8> = self
            .territories
            .iter()
            .map(|entry| entry.rank(typed, &text, &key, numbered))
            .collect();
        // A number narrows the search to a département, which a commune's name alone does not tell.
        if !numbered && !key.is_empty() {
            self.rank_communes(&key, &mut ranks);
        }
        let mut found: Vec<(u8, std::cmp::Reverse<u64>, u32)> = (0_u32..)
            .zip(ranks.iter().zip(&self.territories))
            .filter(|(_, (rank, _))| **rank <= LAST_RANK)
            .map(|(id, (rank, entry))| (*rank, std::cmp::Reverse(entry.population), id))
            .collect();
        found.sort_unstable();
        found.into_iter().take(limit).map(|(_, _, id)| id).collect()
    }

    fn rank_communes(&self, key: &str, ranks: &mut [u8]) {
        for (start, territory) in &self.communes {
            let Some(after) = self
                .names
                .get(*start as usize..)
                .and_then(|rest| rest.strip_prefix(key))
            else {
                continue;
            };
            let rank = if after.starts_with('\n') { 2 } else { 3 };
            if let Some(slot) = ranks.get_mut(*territory as usize) {
                *slot = rank.min(*slot);
            }
        }
    }
}

impl Entry {
    fn rank(&self, typed: &[&str], text: &str, key: &str, numbered: bool) -> u8 {
        let begins = |typed: &&str| self.words.split(' ').any(|word| word.starts_with(typed));
        let all_begin = typed.iter().all(begins);
        if !key.is_empty() && (all_begin || !numbered) {
            if self.keys.iter().any(|own| own == key) {
                return 0;
            }
            if self.keys.iter().any(|own| own.starts_with(key)) {
                return 1;
            }
        }
        match (all_begin, self.words.contains(text)) {
            (true, _) => 4,
            (false, true) => LAST_RANK,
            (false, false) => LAST_RANK + 1,
        }
    }
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// The name in one word, with its article and without.
fn keys(name: &str) -> [String; 2] {
    [
        words(&fold(name)).filter(|word| !is_number(word)).collect(),
        name_key(name),
    ]
}

/// Folded, with the abbreviations written out.
fn searchable(text: &str) -> String {
    let folded = fold(text);
    words(&folded).collect::<Vec<_>>().join(" ")
}
