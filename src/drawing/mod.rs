//! Images for people: the tile map and the charts of the reports, as SVG first, then as PNG (product.md §12).
//!
//! The SVG is written by hand from facts and words given as values, so that a test can read it; [`png`] turns it into pixels
//! with a font of the program's own, the same on every machine. Colours are told twice, by lightness and by a letter, for
//! whoever does not see them. Nothing here is asynchronous: callers draw on a thread of their own.

pub mod chart;
pub mod map;
pub mod palette;
pub mod svg;

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};

/// The width of every image, in pixels: three times a phone's 400, so that it stays sharp when it is opened.
pub const WIDTH: u32 = 1200;
/// The smallest text, in pixels of the image: 10 on a phone 400 pixels wide.
pub const SMALLEST: u32 = 30;

/// Why an image could not be drawn: a fault of ours in every case.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The SVG does not parse.
    #[error("reading an SVG")]
    Svg(#[from] resvg::usvg::Error),
    /// Its size is not one of an image.
    #[error("an image without a size")]
    Size,
    /// The PNG could not be written.
    #[error("writing a PNG")]
    Png(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The font of the images, parsed once: DejaVu Sans Condensed, regular and bold.
fn fonts() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    Arc::clone(FONTS.get_or_init(|| {
        let mut fonts = Database::new();
        for face in [dejavu::sans_condensed::regular(), dejavu::sans_condensed::bold()] {
            fonts.load_font_source(Source::Binary(Arc::new(face)));
        }
        Arc::new(fonts)
    }))
}

/// The family that [`svg::Svg`] asks for.
pub const FAMILY: &str = "DejaVu Sans";

/// Reads an SVG with the font of the images.
///
/// # Errors
/// When it does not parse.
pub fn tree(svg: &str) -> Result<Tree, DrawError> {
    let options = Options {
        font_family: FAMILY.to_owned(),
        languages: vec!["fr".to_owned()],
        fontdb: fonts(),
        ..Options::default()
    };
    Ok(Tree::from_str(svg, &options)?)
}

/// Draws an SVG in its own size. Takes tens of milliseconds: not for the threads that answer people.
///
/// # Errors
/// When the SVG does not parse, which the tests exclude for ours.
pub fn png(svg: &str) -> Result<Vec<u8>, DrawError> {
    let tree = tree(svg)?;
    let size = tree.size().to_int_size();
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or(DrawError::Size)?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().map_err(|source| DrawError::Png(Box::new(source)))
}

#[cfg(test)]
mod tests;
