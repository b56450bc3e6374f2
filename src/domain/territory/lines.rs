//! Line numbers as a spreadsheet or an editor shows them.

/// Tells on which line of a text a record begins. The `csv` crate's own count is one short in files with CRLF, and where empty
/// lines were skipped.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a [u8],
    /// Up to where lines were counted.
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// The lines of a text.
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            line: 1,
        }
    }

    /// The line, from 1, of the record whose reading began at that offset in bytes. Offsets are asked in ascending order.
    pub(crate) fn of(&mut self, offset: u64) -> u64 {
        let offset = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .clamp(self.at, self.text.len());
        let rest = self.text.get(offset..).unwrap_or_default();
        // What ends the line before, and empty lines, are read with the record.
        let skipped = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let passed = self.text.get(self.at..offset + skipped).unwrap_or_default();
        self.line += passed.iter().filter(|b| **b == b'\n').count() as u64;
        self.at = offset + skipped;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_numbered_by_the_lines_of_the_file() {
        for end in ["\n", "\r\n"] {
            let text = ["a;b", "", "c;\"d", "e\"", "f;g"].join(end);
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .delimiter(b';')
                .from_reader(text.as_bytes());
            let mut lines = Lines::new(&text);
            let numbers: Vec<u64> = reader
                .records()
                .map(|record| lines.of(record.expect("read").position().expect("a position").byte()))
                .collect();
            assert_eq!(numbers, [1, 3, 5], "{end:?}");
        }
    }
}
