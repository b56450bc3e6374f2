//! Text bytes cut into records of cells, each with the physical line on which it begins.
//!
//! `csv_core` does the reading of quotes and separators, one physical line at a time: when it asks for more after the end
//! of a line, a quoted cell goes on over the line break. A quote that is never closed would swallow the rest of the file;
//! here it costs its own line only: when the quote is not closed properly within [`MAX_QUOTED_LINES`], the line is given up
//! and reading resumes on the next.

use encoding_rs::WINDOWS_1252;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};

/// The longest physical line that is read; the rest of a longer one is passed over.
const MAX_LINE_BYTES: usize = 64 * 1024;
/// The most lines over which one quoted cell may go on.
const MAX_QUOTED_LINES: usize = 50;
/// How much of a line that could not be read is shown, in bytes.
const SHOWN_BYTES: usize = 400;

/// One record.
pub(super) struct Record {
    /// The physical line on which it begins; the first of the file is 1.
    pub(super) line: u64,
    /// Its cells.
    pub(super) cells: Cells,
}

/// The cells of a record, or why there are none.
pub(super) enum Cells {
    /// Read.
    Whole(Vec<String>),
    /// A quote is opened and never closed; the cells are cut at the separators, as well as can be.
    UnclosedQuote(Vec<String>),
    /// The line is longer than [`MAX_LINE_BYTES`]; its beginning, cut at the separators.
    TooLong(Vec<String>),
}

impl Record {
    /// Whether every cell is blank, as in the lines of separators that spreadsheets leave under a table.
    pub(super) fn is_blank(&self) -> bool {
        matches!(&self.cells, Cells::Whole(cells) if cells.iter().all(|cell| cell.trim().is_empty()))
    }
}

/// The separators to try on a file: the one that a first line «sep=;» announces, or the three usual ones.
pub(super) fn separators(reader: impl Read) -> Vec<u8> {
    let mut lines = PhysicalLines::new(reader);
    while let Some(line) = lines.next() {
        if let Some(separator) = announced(&line.bytes) {
            return vec![separator];
        }
        if !is_blank(&line.bytes) {
            break;
        }
    }
    vec![b';', b',', b'\t']
}

/// The separator of a line «sep=;», which spreadsheets understand and write.
fn announced(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let line = line.strip_suffix(b"\"").unwrap_or(line);
    let (name, rest) = line.split_at_checked(4)?;
    match (name.eq_ignore_ascii_case(b"sep="), rest) {
        (true, [separator @ (b';' | b',' | b'|')]) => Some(*separator),
        // The tab has been trimmed away.
        (true, []) => Some(b'\t'),
        _ => None,
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii().is_empty()
}

struct PhysicalLine {
    number: u64,
    /// With its terminator.
    bytes: Vec<u8>,
    too_long: bool,
}

/// Lines ended by LF, CR LF or CR. A byte order mark at the beginning is left out.
struct PhysicalLines<R> {
    reader: BufReader<R>,
    number: u64,
}

impl<R: Read> PhysicalLines<R> {
    fn new(reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(MAX_LINE_BYTES, reader),
            number: 0,
        }
    }

    fn next(&mut self) -> Option<PhysicalLine> {
        let mut line = PhysicalLine {
            number: self.number + 1,
            bytes: Vec::with_capacity(128),
            too_long: false,
        };
        let mut any = false;
        loop {
            // The source was read to its end once, from memory: it does not fail. An error would end the file.
            let piece = self.reader.fill_buf().unwrap_or_default();
            if piece.is_empty() {
                break;
            }
            any = true;
            let end = piece.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let taken = end.unwrap_or(piece.len());
            let room = MAX_LINE_BYTES.saturating_sub(line.bytes.len());
            line.too_long |= taken > room;
            line.bytes.extend_from_slice(&piece[..taken.min(room)]);
            let Some(end) = end else {
                self.reader.consume(taken);
                continue;
            };
            let terminator = piece[end];
            line.bytes.push(terminator);
            self.reader.consume(end + 1);
            if terminator == b'\r' && self.reader.fill_buf().unwrap_or_default().first() == Some(&b'\n') {
                line.bytes.push(b'\n');
                self.reader.consume(1);
            }
            break;
        }
        if !any {
            return None;
        }
        self.number += 1;
        if self.number == 1 && line.bytes.starts_with("\u{feff}".as_bytes()) {
            line.bytes.drain(..3);
        }
        Some(line)
    }
}

/// The records of a file.
pub(super) struct Records<R> {
    lines: PhysicalLines<R>,
    /// Lines read ahead in search of a closing quote, and given back.
    given_back: VecDeque<PhysicalLine>,
    separator: u8,
    /// Whether all of the file is UTF-8.
    utf8: bool,
    machine: csv_core::Reader,
    out: Vec<u8>,
    ends: Vec<usize>,
    written: usize,
    cells: usize,
    position: u64,
}

impl<R: Read> Records<R> {
    pub(super) fn new(reader: R, separator: u8, utf8: bool) -> Self {
        Self {
            lines: PhysicalLines::new(reader),
            given_back: VecDeque::new(),
            separator,
            utf8,
            machine: csv_core::ReaderBuilder::new().delimiter(separator).build(),
            out: vec![0; 512],
            ends: vec![0; 32],
            written: 0,
            cells: 0,
            position: 0,
        }
    }

    /// The last physical line of the records given so far.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    fn take(&mut self) -> Option<PhysicalLine> {
        let line = self.given_back.pop_front().or_else(|| self.lines.next())?;
        self.position = line.number;
        Some(line)
    }

    fn begin(&mut self) {
        self.machine.reset();
        self.written = 0;
        self.cells = 0;
    }

    /// Feeds a line; whether it ends the record.
    fn feed(&mut self, line: &[u8]) -> bool {
        // The last line of a file may lack its terminator.
        let ended = line.ends_with(b"\n") || line.ends_with(b"\r");
        self.feed_bytes(line) || (!ended && self.feed_bytes(b"\n"))
    }

    fn feed_bytes(&mut self, mut input: &[u8]) -> bool {
        use csv_core::ReadRecordResult as Step;
        loop {
            if input.is_empty() {
                return false;
            }
            let (step, read, written, ends) =
                self.machine
                    .read_record(input, &mut self.out[self.written..], &mut self.ends[self.cells..]);
            input = &input[read..];
            self.written += written;
            self.cells += ends;
            match step {
                Step::Record => return true,
                Step::InputEmpty | Step::End => return false,
                Step::OutputFull => self.out.resize(self.out.len() * 2, 0),
                Step::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
            }
        }
    }

    fn decoded(&self) -> Vec<String> {
        let mut start = 0;
        self.ends[..self.cells]
            .iter()
            .map(|&end| {
                let cell = decode(&self.out[start..end], self.utf8);
                start = end;
                cell
            })
            .collect()
    }

    /// The cells of a line whose quotes mean nothing, for people to recognise it.
    fn cut(&self, line: &[u8]) -> Vec<String> {
        let line = line.trim_ascii_end();
        line[..line.len().min(SHOWN_BYTES)]
            .split(|&byte| byte == self.separator)
            .map(|cell| decode(cell, self.utf8))
            .collect()
    }

    /// Reads on for the end of a quoted cell. Whatever was read in vain is given back.
    fn closed(&mut self, first: &[u8]) -> bool {
        let mut record = first.to_vec();
        let mut ahead = Vec::new();
        while ahead.len() < MAX_QUOTED_LINES {
            let Some(line) = self.take() else { break };
            record.extend_from_slice(&line.bytes);
            let ended = !line.too_long && self.feed(&line.bytes);
            let hopeless = line.too_long;
            ahead.push(line);
            if ended && quotes_close(&record, self.separator) {
                return true;
            }
            if ended || hopeless {
                break;
            }
        }
        for line in ahead.into_iter().rev() {
            self.given_back.push_front(line);
        }
        false
    }
}

impl<R: Read> Iterator for Records<R> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        loop {
            let line = self.take()?;
            let number = line.number;
            if is_blank(&line.bytes) || (number == 1 && announced(&line.bytes).is_some()) {
                continue;
            }
            let cells = if line.too_long {
                Cells::TooLong(self.cut(&line.bytes))
            } else {
                self.begin();
                if self.feed(&line.bytes) || self.closed(&line.bytes) {
                    Cells::Whole(self.decoded())
                } else {
                    self.position = number;
                    Cells::UnclosedQuote(self.cut(&line.bytes))
                }
            };
            return Some(Record { line: number, cells });
        }
    }
}

/// Whether every closing quote of a record stands at the end of its cell. When a stray quote opens a cell, the next one, of
/// another line, closes it in the middle of something.
fn quotes_close(record: &[u8], separator: u8) -> bool {
    enum At {
        Start,
        Bare,
        Quoted,
        Closed,
    }
    let mut at = At::Start;
    for &byte in record {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, _) | (At::Closed, b'"') => At::Quoted,
            (_, b'\r' | b'\n') => At::Start,
            (_, byte) if byte == separator => At::Start,
            (At::Start, b'"') => At::Quoted,
            (At::Closed, _) => return false,
            (At::Start | At::Bare, _) => At::Bare,
        };
    }
    true
}

/// A cell as text. In a file that is not all UTF-8, cell by cell: Windows-1252, but for cells that read well as UTF-8,
/// because files put together from several sources mix the two.
fn decode(bytes: &[u8], utf8: bool) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if utf8 || text.chars().all(is_likely) => text.to_owned(),
        // Only a character cut at the end of what is shown of a line.
        Err(_) if utf8 => String::from_utf8_lossy(bytes).into_owned(),
        _ => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// Characters of French and its neighbours. Two signs of Windows-1252 may look like one of UTF-8 («É» and a no-break space,
/// «ɠ»), but not like one of these, unless they are signs that stand together in no word («Ã©»).
fn is_likely(c: char) -> bool {
    c.is_ascii() || matches!(c, '\u{a0}'..='\u{17f}' | '\u{2010}'..='\u{203a}' | '€' | '\u{feff}')
}
