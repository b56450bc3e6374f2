//! Forty groups at every stage, over real towns; the people in them are invented.

/// A town whose group the sandbox shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Town {
    /// Its name, which is the group's.
    pub(super) name: &'static str,
    /// A postal code that lies wholly in the group's territory.
    pub(super) code: &'static str,
    /// How many signed up, members included.
    pub(super) signed: usize,
    /// How many of them a relay has validated.
    pub(super) members: usize,
    /// How many relays the group has.
    pub(super) relays: usize,
}

const fn town(name: &'static str, code: &'static str, signed: usize, members: usize, relays: usize) -> Town {
    Town {
        name,
        code,
        signed,
        members,
        relays,
    }
}

/// The groups, from the one that the tour is about to those that wait for a relay.
pub(super) const TOWNS: [Town; 40] = [
    town("Lunel", "34400", 16, 4, 1),
    // 20 and 15 members: the right to publish.
    town("Nîmes", "30000", 30, 21, 2),
    town("Rennes", "35000", 26, 16, 2),
    town("Grenoble", "38000", 24, 15, 1),
    // Assemblies.
    town("Béziers", "34500", 22, 14, 2),
    town("Montauban", "82000", 20, 13, 1),
    town("Quimper", "29000", 21, 12, 1),
    town("Perpignan", "66000", 20, 11, 1),
    town("Besançon", "25000", 18, 11, 1),
    town("Limoges", "87000", 18, 10, 1),
    town("Amiens", "80000", 19, 10, 1),
    town("Rouen", "76000", 17, 10, 2),
    // In formation; Alès lacks one member to become an assembly.
    town("Alès", "30100", 18, 9, 1),
    town("Narbonne", "11100", 17, 8, 1),
    town("Rodez", "12000", 15, 8, 1),
    town("Albi", "81000", 15, 7, 1),
    town("Sète", "34200", 14, 7, 1),
    town("Pau", "64000", 15, 6, 1),
    town("Lorient", "56100", 14, 6, 1),
    town("Troyes", "10000", 13, 6, 1),
    town("Annecy", "74000", 14, 5, 1),
    town("Blois", "41000", 12, 5, 1),
    town("Arras", "62000", 13, 5, 1),
    // Possible, with a relay who calls.
    town("Uzès", "30700", 14, 4, 1),
    town("Cahors", "46000", 13, 3, 1),
    town("Millau", "12100", 12, 3, 1),
    town("Vannes", "56000", 13, 2, 1),
    town("Niort", "79000", 12, 2, 1),
    town("Colmar", "68000", 11, 1, 1),
    town("Agen", "47000", 12, 0, 1),
    town("Dole", "39100", 10, 0, 1),
    // Possible, without a relay.
    town("Carcassonne", "11000", 13, 0, 0),
    town("Auch", "32000", 9, 0, 0),
    town("Foix", "09000", 7, 0, 0),
    town("Tarbes", "65000", 8, 0, 0),
    town("Saint-Brieuc", "22000", 9, 0, 0),
    town("Nevers", "58000", 6, 0, 0),
    town("Ajaccio", "20000", 7, 0, 0),
    town("Fort-de-France", "97200", 6, 0, 0),
    town("Guéret", "23000", 5, 0, 0),
];

/// Towns where too few signed up: their people are on file, no group is possible.
pub(super) const ALONE: [(&str, &str, usize); 4] = [
    ("Manosque", "04100", 3),
    ("Cayenne", "97300", 2),
    ("Belfort", "90000", 3),
    ("Laval", "53000", 4),
];

/// How many members make a group in formation, which has a space (product.md §3).
pub(super) const FORMING: usize = 5;

/// How many spaces there are when all is built.
pub(super) fn spaces() -> usize {
    TOWNS.iter().filter(|town| town.members >= FORMING).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_country_is_as_large_as_promised() {
        let people: usize =
            TOWNS.iter().map(|town| town.signed).sum::<usize>() + ALONE.iter().map(|(.., count)| count).sum::<usize>();
        assert!((560..=640).contains(&people), "{people}");
        assert_eq!(spaces(), 22);
        assert!(
            TOWNS
                .iter()
                .all(|town| town.members <= town.signed && (town.members == 0 || town.relays > 0))
        );
    }
}
