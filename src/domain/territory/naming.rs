//! The names of territories: one each, and no two alike (product.md §4).

use super::atlas::Territory;
use crate::domain::fold::fold;
use std::collections::HashMap;

/// The ways to tell two territories of one name apart, the plainest first.
const LEVELS: [fn(&Territory) -> String; 4] = [
    |t| t.base_name.clone(),
    |t| format!("{} ({})", t.base_name, t.key.departement),
    |t| format!("{} – {} ({})", t.base_name, t.main_town, t.key.departement),
    |t| format!("{} ({})", t.base_name, t.key),
];

/// Gives each territory its name: the base name, with the département in brackets when it occurs twice; should that not tell
/// them apart either, with the main town, then with the key, which is unique.
pub(super) fn give_names(territories: &mut [Territory]) {
    let mut open: Vec<usize> = (0..territories.len()).collect();
    for level in LEVELS {
        let named: Vec<(usize, String)> = open
            .iter()
            .filter_map(|at| territories.get(*at).map(|t| (*at, level(t))))
            .collect();
        let mut uses: HashMap<String, usize> = HashMap::new();
        for (_, name) in &named {
            *uses.entry(fold(name)).or_default() += 1;
        }
        open.clear();
        for (at, name) in named {
            if uses.get(&fold(&name)).is_some_and(|n| *n > 1) {
                open.push(at);
            }
            if let Some(territory) = territories.get_mut(at) {
                territory.name = name;
            }
        }
    }
}
