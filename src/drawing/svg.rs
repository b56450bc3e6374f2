//! The few shapes that our images need, as SVG. Whatever is written into it is escaped.

use std::fmt::Write as _;

/// Where a text begins, has its middle or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The point given is its beginning.
    Start,
    /// The point given is its middle.
    Middle,
    /// The point given is its end.
    End,
}

impl Anchor {
    fn key(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

/// A line of text.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// A name by which a test finds it; empty for none.
    pub id: &'a str,
    /// The point on its base line that `anchor` names.
    pub at: (f32, f32),
    /// See [`Anchor`].
    pub anchor: Anchor,
    /// The height of the font, in pixels.
    pub size: u32,
    /// Whether it is bold.
    pub bold: bool,
    /// `#rrggbb`.
    pub colour: &'a str,
}

/// A rectangle with rounded corners.
#[derive(Debug, Clone, Copy)]
pub struct Rect<'a> {
    /// Its upper left corner.
    pub at: (f32, f32),
    /// Its width and height.
    pub size: (f32, f32),
    /// The radius of its corners.
    pub round: f32,
    /// `#rrggbb`.
    pub fill: &'a str,
    /// Colour and width of its border, drawn inside it.
    pub border: Option<(&'a str, f32)>,
}

/// An image in the making.
#[derive(Debug, Clone)]
pub struct Svg {
    out: String,
}

impl Svg {
    /// An image of this size in pixels, on a plain ground.
    #[must_use]
    pub fn new(width: u32, height: u32, ground: &str) -> Self {
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"{}\" font-stretch=\"condensed\">\n",
            super::FAMILY
        );
        let _ = writeln!(
            out,
            "<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>",
            escape(ground)
        );
        Self { out }
    }

    /// Adds a rectangle.
    pub fn rect(&mut self, rect: &Rect<'_>) {
        // A border is drawn on both sides of its line: the line lies inside, so that the rectangle keeps its size.
        let inset = rect.border.map_or(0.0, |(_, width)| width / 2.0);
        let _ = write!(
            self.out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{}\"",
            rect.at.0 + inset,
            rect.at.1 + inset,
            rect.size.0 - 2.0 * inset,
            rect.size.1 - 2.0 * inset,
            rect.round,
            escape(rect.fill)
        );
        if let Some((colour, width)) = rect.border {
            let _ = write!(self.out, " stroke=\"{}\" stroke-width=\"{width}\"", escape(colour));
        }
        self.out.push_str("/>\n");
    }

    /// Adds a straight line of this width.
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), colour: &str, width: f32) {
        let _ = writeln!(
            self.out,
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{width}\"/>",
            from.0,
            from.1,
            to.0,
            to.1,
            escape(colour)
        );
    }

    /// Adds a line of text.
    pub fn text(&mut self, text: &Text<'_>, words: &str) {
        self.out.push_str("<text");
        if !text.id.is_empty() {
            let _ = write!(self.out, " id=\"{}\"", escape(text.id));
        }
        let _ = writeln!(
            self.out,
            " x=\"{}\" y=\"{}\" text-anchor=\"{}\" font-size=\"{}\" font-weight=\"{}\" fill=\"{}\">{}</text>",
            text.at.0,
            text.at.1,
            text.anchor.key(),
            text.size,
            if text.bold { 700 } else { 400 },
            escape(text.colour),
            escape(words)
        );
    }

    /// The finished SVG.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }
}

/// A text that XML reads as it is, in an element or in an attribute; what XML 1.0 cannot hold at all is left out.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
