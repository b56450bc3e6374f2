use std::collections::HashMap;
use std::path::Path;

use resvg::tiny_skia::Pixmap;
use resvg::usvg::{Node, Rect};

use super::palette::{self, colours};
use super::{SMALLEST, WIDTH, chart, map, png, tree};
use crate::domain::coverage::Coverage;
use crate::domain::ladder::{Stage, Step};
use crate::domain::tiles::{Tile, tiles};
use crate::texts;

/// A country in the making: every stage, and numbers of one and of two digits.
fn sample() -> Coverage {
    let mut groups: Vec<(&str, Stage)> = Vec::new();
    for (rank, tile) in tiles().into_iter().enumerate() {
        let stages: &[Stage] = match rank % 9 {
            1 | 6 => &[Stage::Possible],
            3 => &[Stage::Possible, Stage::Forming, Stage::Possible],
            4 => &[Stage::Forming],
            7 => &[Stage::Assembly, Stage::Possible],
            _ => &[],
        };
        groups.extend(stages.iter().map(|stage| (tile.code, *stage)));
    }
    groups.extend([("59", Stage::Possible); 24]);
    Coverage::of(groups)
}

fn map_of(coverage: &Coverage) -> String {
    // The longest of dates.
    map::svg(
        coverage,
        &texts::coverage::on_map(coverage, "2027-09-22".parse().unwrap()),
    )
}

fn chart_of(weeks: &[u32], steps: [u32; 5]) -> String {
    let monday = |n: usize| format!("{:02}/12", n + 10);
    chart::svg(&chart::Words {
        title: "Provence-Alpes-Côte d’Azur".to_owned(),
        date: "au 22 septembre 2027".to_owned(),
        weeks_title: "Validations par semaine".to_owned(),
        weeks: weeks.iter().enumerate().map(|(n, value)| (monday(n), *value)).collect(),
        steps_title: "Groupes, selon la dernière étape franchie".to_owned(),
        steps: Step::ALL
            .into_iter()
            .zip([
                "Possible",
                "En formation",
                "ACP",
                "RIC constituant",
                "Deux autres questions",
            ])
            .zip(steps)
            .map(|((step, label), n)| (step, label.to_owned(), n))
            .collect(),
    })
}

/// Where each named text is drawn, and the places of the others.
fn texts_of(svg: &str) -> (HashMap<String, Rect>, Vec<Rect>) {
    fn walk(nodes: &[Node], found: &mut Vec<(String, Rect)>) {
        for node in nodes {
            match node {
                Node::Text(text) => found.push((text.id().to_owned(), text.abs_bounding_box())),
                Node::Group(group) => walk(group.children(), found),
                _ => {}
            }
        }
    }
    let tree = tree(svg).unwrap();
    let mut found = Vec::new();
    walk(tree.root().children(), &mut found);
    assert_eq!(found.len(), svg.matches("<text").count(), "every text is drawn");
    let others = found
        .iter()
        .filter(|(id, _)| id.is_empty())
        .map(|(_, at)| *at)
        .collect();
    (found.into_iter().filter(|(id, _)| !id.is_empty()).collect(), others)
}

fn inside(inner: Rect, (left, top, right, bottom): (f32, f32, f32, f32)) -> bool {
    inner.left() >= left && inner.top() >= top && inner.right() <= right && inner.bottom() <= bottom
}

fn apart(a: Rect, b: Rect) -> bool {
    a.right() < b.left() || b.right() < a.left() || a.bottom() < b.top() || b.bottom() < a.top()
}

/// The worst that a tile may have to hold: three signs of code, a letter, two digits; or three digits, on every tile.
fn crowded(number: usize) -> Coverage {
    Coverage::of(
        tiles()
            .into_iter()
            .flat_map(|tile| std::iter::repeat_n((tile.code, Stage::Assembly), number)),
    )
}

#[test]
fn every_text_fits_its_tile_and_touches_no_other() {
    for coverage in [Coverage::of([]), sample(), crowded(88), crowded(188)] {
        let svg = map_of(&coverage);
        let (found, _) = texts_of(&svg);
        for Tile { code, .. } in tiles() {
            let tile = tiles().into_iter().find(|tile| tile.code == code).unwrap();
            let (x, y) = map::corner(tile);
            let own: Vec<Rect> = ["code", "stage", "count"]
                .iter()
                .filter_map(|what| found.get(&format!("{what}-{code}")).copied())
                .collect();
            assert!(own.len() >= 2, "{code}");
            for (n, text) in own.iter().enumerate() {
                // The box of a text has room above and below the signs that are drawn.
                let edge = (x + 3.0, y, x + map::TILE - 3.0, y + map::TILE);
                assert!(inside(*text, edge), "{code}: {text:?} outside of {edge:?}");
                for other in &own[n + 1..] {
                    let beside = text.right() < other.left() || other.right() < text.left();
                    let baselines = (text.bottom() - other.bottom()).abs();
                    assert!(beside || baselines > 30.0, "{code}: {text:?} over {other:?}");
                }
            }
        }
    }
}

#[test]
fn nothing_is_drawn_outside_of_the_images_nor_over_something_else() {
    let crowd = crowded(188);
    for (svg, height) in [
        (map_of(&Coverage::of([])), map::HEIGHT),
        (map_of(&sample()), map::HEIGHT),
        (map_of(&crowd), map::HEIGHT),
        (chart_of(&[0; 12], [0; 5]), chart::HEIGHT),
        (
            chart_of(&[1234, 0, 3, 9999, 8, 12, 45, 678, 1, 2, 3, 4], [400, 9999, 3, 0, 1]),
            chart::HEIGHT,
        ),
    ] {
        let edge = (0.0, 0.0, WIDTH as f32, height as f32);
        let (found, others) = texts_of(&svg);
        for (id, at) in &found {
            assert!(inside(*at, edge), "{id}: {at:?}");
        }
        assert!(others.iter().all(|at| inside(*at, edge)));
        let free: Vec<(&String, &Rect)> = found
            .iter()
            .filter(|(id, _)| !["code-", "stage-", "count-"].iter().any(|kind| id.starts_with(kind)))
            .collect();
        for (n, (id, at)) in free.iter().enumerate() {
            for (other, there) in &free[n + 1..] {
                assert!(apart(**at, **there), "{id} over {other}: {at:?} {there:?}");
            }
            if svg.contains("code-01") {
                for tile in tiles() {
                    let (x, y) = map::corner(tile);
                    let square = Rect::from_xywh(x, y, map::TILE, map::TILE).unwrap();
                    assert!(apart(**at, square), "{id} over {}", tile.code);
                }
            }
        }
        let sizes = svg.split("font-size=\"").skip(1).map(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u32>().unwrap()
        });
        assert!(sizes.min() >= Some(SMALLEST), "a text too small for a phone");
    }
}

/// Relative luminance (WCAG 2.2).
fn luminance([r, g, b]: [f64; 3]) -> f64 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// The light of a colour, component by component.
fn linear(colour: &str) -> [f64; 3] {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    [channel(1), channel(3), channel(5)]
}

/// Contrast ratio (WCAG 2.2): from 1, the same, to 21, black and white.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// What an eye without one kind of cone sees (Machado, Oliveira and Fernandes 2009, severity 1).
const EYES: [(&str, [[f64; 3]; 3]); 4] = [
    ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ),
];

fn seen(colour: &str, eye: &[[f64; 3]; 3]) -> [f64; 3] {
    let light = linear(colour);
    eye.map(|row| {
        row.iter()
            .zip(light)
            .map(|(share, light)| share * light)
            .sum::<f64>()
            .clamp(0.0, 1.0)
    })
}

#[test]
fn colours_differ_for_every_eye_and_texts_stand_out() {
    let classes = [None, Some(Stage::Possible), Some(Stage::Forming), Some(Stage::Assembly)];
    for (name, eye) in &EYES {
        let fill = |best| seen(colours(best).fill, eye);
        for best in classes {
            let of = colours(best);
            let text = contrast(fill(best), seen(of.ink, eye));
            assert!(text >= 4.5, "{name}, {best:?}: text at {text:.2}");
            let edge = contrast(seen(palette::GROUND, eye), seen(of.border, eye));
            assert!(edge >= 3.0, "{name}, {best:?}: border at {edge:.2}");
        }
        for pair in classes.windows(2) {
            let step = contrast(fill(pair[0]), fill(pair[1]));
            assert!(step >= 1.45, "{name}, {pair:?}: {step:.2}");
        }
        for ink in [palette::INK, palette::SOFT, palette::BAR] {
            assert!(
                contrast(seen(palette::GROUND, eye), seen(ink, eye)) >= 4.5,
                "{name}: {ink}"
            );
        }
    }
}

/// The share of pixels that are not of the ground.
fn painted(image: &[u8], height: u32) -> f64 {
    let pixels = Pixmap::decode_png(image).unwrap();
    assert_eq!((pixels.width(), pixels.height()), (WIDTH, height));
    let painted = pixels
        .pixels()
        .iter()
        .filter(|pixel| (pixel.red(), pixel.green(), pixel.blue()) != (255, 255, 255))
        .count();
    painted as f64 / pixels.pixels().len() as f64
}

#[test]
fn images_have_their_size_and_are_not_blank() {
    let empty = painted(&png(&map_of(&Coverage::of([]))).unwrap(), map::HEIGHT);
    let full = painted(&png(&map_of(&sample())).unwrap(), map::HEIGHT);
    assert!(
        (0.4..0.8).contains(&empty) && (0.4..0.8).contains(&full),
        "{empty} {full}"
    );
    let chart = painted(
        &png(&chart_of(&[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8], [12, 5, 2, 0, 1])).unwrap(),
        chart::HEIGHT,
    );
    let flat = painted(&png(&chart_of(&[0; 12], [0; 5])).unwrap(), chart::HEIGHT);
    assert!(flat > 0.01 && chart > flat + 0.05, "{chart} {flat}");
}

/// A colour under a text is that of its stage: the image is drawn from the facts that were given.
#[test]
fn a_tile_bears_the_colour_of_its_stage() {
    let image = Pixmap::decode_png(&png(&map_of(&Coverage::of([("34", Stage::Assembly)]))).unwrap()).unwrap();
    for tile in tiles() {
        let (x, y) = map::corner(tile);
        let pixel = image
            .pixel((x + map::TILE / 2.0) as u32, (y + map::TILE - 7.0) as u32)
            .unwrap();
        let best = (tile.code == "34").then_some(Stage::Assembly);
        let expected = colours(best).fill;
        let found = format!("#{:02x}{:02x}{:02x}", pixel.red(), pixel.green(), pixel.blue());
        assert_eq!(found, expected, "{}", tile.code);
    }
}

#[test]
fn the_svg_of_the_map_is_this_one() {
    insta::assert_snapshot!("carte", map_of(&sample()));
}

#[test]
fn the_svg_of_the_chart_is_this_one() {
    insta::assert_snapshot!(
        "graphique",
        chart_of(&[3, 1, 4, 0, 5, 9, 2, 6, 5, 3, 5, 8], [12, 5, 2, 0, 1])
    );
}

#[test]
fn whatever_is_written_is_escaped() {
    let mut svg = super::svg::Svg::new(200, 50, "\"/><script>");
    let text = super::svg::Text {
        id: "x\" onload=\"",
        at: (0.0, 30.0),
        anchor: super::svg::Anchor::Start,
        size: SMALLEST,
        bold: false,
        colour: "#000000",
    };
    svg.text(&text, "</text><image href='x'/>&\u{0}\u{7}");
    let svg = svg.finish();
    assert!(
        !svg.contains("<script") && !svg.contains("<image") && !svg.contains("onload=\"\""),
        "{svg}"
    );
    assert!(
        svg.contains("&lt;/text&gt;&lt;image href=&apos;x&apos;/&gt;&amp;<"),
        "{svg}"
    );
}

/// The pictures of the README are drawn by this test: `MAJ_IMAGES=1 cargo test --lib pictures`.
#[test]
fn the_pictures_of_the_readme_are_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images");
    for (name, svg, height) in [
        ("couverture.png", map_of(&sample()), map::HEIGHT),
        (
            "rapport.png",
            chart_of(&[3, 1, 4, 0, 5, 9, 2, 6, 5, 3, 5, 8], [12, 5, 2, 0, 1]),
            chart::HEIGHT,
        ),
    ] {
        let path = folder.join(name);
        if std::env::var("MAJ_IMAGES").is_ok_and(|value| value == "1") {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, png(&svg).unwrap()).unwrap();
        }
        let drawn = painted(&png(&svg).unwrap(), height);
        let kept = painted(&std::fs::read(&path).unwrap(), height);
        assert!(
            (drawn - kept).abs() < 0.001,
            "{name} is not drawn any more as it was kept"
        );
    }
}
