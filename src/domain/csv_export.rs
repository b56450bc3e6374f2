//! CSV files for people: `;` as French spreadsheets expect, UTF-8 with its mark, and no cell that a spreadsheet would run.

use std::borrow::Cow;

/// A leading byte order mark tells spreadsheets that the file is UTF-8.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// Whether a spreadsheet takes a cell that begins so for a formula (OWASP, «CSV injection»).
fn begins_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// The cell with an apostrophe before it when a spreadsheet would take it for a formula (product.md §8: «formulas
/// neutralised»). A cell that already looks neutralised gets one more, so that [`restored`] gives back every cell.
#[must_use]
pub fn neutralised(cell: &str) -> Cow<'_, str> {
    if begins_formula(cell.trim_start_matches('\'')) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// The cell as it was before [`neutralised`].
#[must_use]
pub fn restored(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if begins_formula(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

fn writer(begun: Vec<u8>) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(begun)
}

/// A CSV file in the making: UTF-8 with its mark, `;`, lines ended as spreadsheets do (RFC 4180), every cell neutralised.
pub struct CsvExport {
    writer: csv::Writer<Vec<u8>>,
}

impl CsvExport {
    /// Begins a file with its header.
    #[must_use]
    pub fn new<'a>(header: impl IntoIterator<Item = &'a str>) -> Self {
        let mut export = Self {
            writer: writer(BOM.to_vec()),
        };
        export.row(header);
        export
    }

    /// The lines that follow those of a file begun before: no mark, no header.
    #[must_use]
    pub fn continued() -> Self {
        Self {
            writer: writer(Vec::new()),
        }
    }

    /// Adds a line. Lines may differ in length.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        for cell in cells {
            self.write(Some(cell));
        }
        self.write(None);
    }

    /// The finished file.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        // Writing to memory cannot fail; the arm is for the type only.
        self.writer.into_inner().unwrap_or_default()
    }

    /// One cell, or the end of the line.
    fn write(&mut self, cell: Option<&str>) {
        let written = match cell {
            Some(cell) => self.writer.write_field(neutralised(cell).as_bytes()),
            None => self.writer.write_record(None::<&[u8]>),
        };
        debug_assert!(written.is_ok(), "writing to memory cannot fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_file_is_what_a_french_spreadsheet_expects() {
        let mut export = CsvExport::new(["nom", "téléphone", "note"]);
        export.row(["Dupré", "+33639981234", "=HYPERLINK(\"x\")"]);
        export.row(["a;b", "", "deux\nlignes"]);
        let text = String::from_utf8(export.finish()).unwrap();
        assert_eq!(
            text,
            "\u{feff}nom;téléphone;note\r\nDupré;'+33639981234;\"'=HYPERLINK(\"\"x\"\")\"\r\n\"a;b\";;\"deux\nlignes\"\r\n"
        );
    }

    #[test]
    fn a_file_in_pages_is_the_file() {
        let mut whole = CsvExport::new(["nom"]);
        whole.row(["Dupré"]);
        let mut page = CsvExport::continued();
        page.row(["=1"]);
        whole.row(["=1"]);
        let mut first = CsvExport::new(["nom"]);
        first.row(["Dupré"]);
        assert_eq!([first.finish(), page.finish()].concat(), whole.finish());
    }

    #[test]
    fn formulas_are_neutralised_and_nothing_else() {
        for cell in ["=1+1", "+33", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "'=1"] {
            assert_eq!(neutralised(cell), format!("'{cell}"));
        }
        for cell in ["", "Dupré", "'", "l'été", "1-1", "a=b", " =1"] {
            assert_eq!(neutralised(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn every_cell_comes_back(cell in "['=+@-]{0,3}\\PC{0,10}|[\\t\\r\\n'=]{0,4}") {
            let safe = neutralised(&cell);
            prop_assert!(!begins_formula(&safe));
            prop_assert_eq!(restored(&safe), cell.as_str());
        }
    }
}
