//! Where each département stands on the tile map of `/couverture` (product.md §12): one square tile for each of the 101, in a
//! grid that keeps neighbours together and resembles the country.
//!
//! Drawn by hand: Île-de-France is a block of its own in the middle of the north, Corsica stands off to the east, and the five
//! overseas départements in a column to the west.

/// Columns of the grid.
pub const COLUMNS: usize = 11;
/// Rows of the grid.
pub const ROWS: usize = 12;

/// The grid, from north to south and from west to east; a dot is sea or a neighbour of the country.
const GRID: [&str; ROWS] = [
    "  .   .   .   .   .  62  59   .   .   .   .",
    "  .   .   .   .  76  80  60  02  08   .   .",
    "  .   .  50  14  27  95  93  51  55  57  67",
    " 29  22  35  61  78  92  75  77  10  54  68",
    "  .  56  53  72  28  91  94  89  52  88  90",
    "  .  44  49  37  41  45  58  21  70  25   .",
    "971  85  79  86  36  18  03  71  39   .   .",
    "972  17  16  87  23  63  42  69  01  74   .",
    "973  33  24  19  15  43  07  26  38  73   .",
    "974  40  47  46  12  48  30  84  04  05   .",
    "976  64  32  82  81  11  34  13  83  06  2B",
    "  .   .  65  31  09  66   .   .   .   .  2A",
];

/// Which part of the map a tile belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The continent.
    Mainland,
    /// Corsica: a step to the east of the continent.
    Corsica,
    /// Overseas: a step to the west of the continent.
    Overseas,
}

/// One département of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    /// INSEE's code: «34», «2A», «974».
    pub code: &'static str,
    /// Column, from 0 in the west.
    pub column: usize,
    /// Row, from 0 in the north.
    pub row: usize,
    /// Its part of the map.
    pub part: Part,
}

/// The 101 tiles, row by row.
#[must_use]
pub fn tiles() -> Vec<Tile> {
    GRID.iter()
        .enumerate()
        .flat_map(|(row, line)| {
            line.split_whitespace()
                .enumerate()
                .filter(|(_, code)| *code != ".")
                .map(move |(column, code)| Tile {
                    code,
                    column,
                    row,
                    part: part(code),
                })
        })
        .collect()
}

fn part(code: &str) -> Part {
    match code {
        "2A" | "2B" => Part::Corsica,
        // «97» and what follows: the codes of three signs.
        _ if code.len() == 3 => Part::Overseas,
        _ => Part::Mainland,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn each_of_the_101_departements_has_one_tile() {
        let table = include_str!("../../config/territoires/departements.csv");
        let mut expected: Vec<&str> = table
            .lines()
            .skip(1)
            .filter(|line| line.ends_with(",non"))
            .filter_map(|line| line.split(',').next())
            .collect();
        expected.sort_unstable();
        let tiles = tiles();
        let mut codes: Vec<&str> = tiles.iter().map(|tile| tile.code).collect();
        codes.sort_unstable();
        assert_eq!(codes, expected);
        assert_eq!(codes.len(), 101);
        let places: HashSet<(usize, usize)> = tiles.iter().map(|tile| (tile.column, tile.row)).collect();
        assert_eq!(places.len(), 101, "no two tiles in one place");
        assert!(tiles.iter().all(|tile| tile.column < COLUMNS && tile.row < ROWS));
        assert!(GRID.iter().all(|line| line.split_whitespace().count() == COLUMNS));
    }

    /// Pairs that share a border on the ground, all over the country: on the grid they touch, corners included.
    #[test]
    fn neighbours_stay_together() {
        let at: HashMap<&str, Tile> = tiles().into_iter().map(|tile| (tile.code, tile)).collect();
        for (a, b) in [
            ("59", "62"),
            ("80", "60"),
            ("02", "08"),
            ("76", "27"),
            ("14", "50"),
            ("14", "61"),
            ("22", "29"),
            ("22", "56"),
            ("35", "53"),
            ("44", "49"),
            ("44", "85"),
            ("75", "92"),
            ("75", "93"),
            ("75", "94"),
            ("78", "95"),
            ("91", "92"),
            ("77", "94"),
            ("51", "10"),
            ("55", "54"),
            ("57", "67"),
            ("67", "68"),
            ("88", "90"),
            ("21", "71"),
            ("70", "25"),
            ("39", "01"),
            ("73", "74"),
            ("38", "26"),
            ("05", "04"),
            ("83", "06"),
            ("13", "84"),
            ("30", "34"),
            ("11", "66"),
            ("31", "09"),
            ("65", "64"),
            ("40", "33"),
            ("24", "47"),
            ("19", "15"),
            ("63", "43"),
            ("03", "18"),
            ("45", "41"),
            ("2A", "2B"),
            ("37", "86"),
            ("17", "16"),
            ("12", "48"),
            ("81", "12"),
            ("87", "23"),
            ("69", "42"),
            ("52", "88"),
        ] {
            let (a, b) = (at[a], at[b]);
            let far = a.column.abs_diff(b.column).max(a.row.abs_diff(b.row));
            assert_eq!(far, 1, "{} and {}", a.code, b.code);
        }
    }
}
