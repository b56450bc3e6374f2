//! What the file is, and its bytes as text: unpacked, within limits, and never in UTF-16.

use super::{FileError, MAX_LINES, MAX_UNPACKED_BYTES};
use encoding_rs::{CoderResult, Decoder, Encoding, UTF_16BE, UTF_16LE};
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};

/// How much of the beginning is looked at to tell what a file is.
const SNIFFED: usize = 8 * 1024;
/// The size of the pieces in which a file is read.
const PIECE: usize = 64 * 1024;

/// The bytes of a file, looked through once.
pub(super) struct Source<'a> {
    bytes: &'a [u8],
    gzip: bool,
    utf16: Option<&'static Encoding>,
    lines: u64,
    utf8: bool,
}

impl<'a> Source<'a> {
    /// Looks through the file. Afterwards [`Source::reader`] reads the same bytes again and cannot fail.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, FileError> {
        if bytes.is_empty() {
            return Err(FileError::Empty);
        }
        let gzip = bytes.starts_with(&[0x1f, 0x8b]);
        let mut source = Self {
            bytes,
            gzip,
            utf16: None,
            lines: 0,
            utf8: true,
        };
        let (start, total) = source.measure()?;
        if total == 0 {
            return Err(FileError::Empty);
        }
        source.utf16 = utf16(&start);
        if source.utf16.is_none() {
            judge(&start)?;
        }
        source.count()?;
        Ok(source)
    }

    /// The text, in UTF-8 or in an encoding of single bytes that shares its ASCII half.
    pub(super) fn reader(&self) -> Box<dyn Read + 'a> {
        let unpacked = self.unpacked();
        match self.utf16 {
            Some(encoding) => Box::new(Utf16Reader::new(unpacked, encoding)),
            None => unpacked,
        }
    }

    /// Whether all of the text is UTF-8.
    pub(super) const fn is_utf8(&self) -> bool {
        self.utf8
    }

    /// How many physical lines the text has.
    pub(super) const fn lines(&self) -> u64 {
        self.lines
    }

    fn unpacked(&self) -> Box<dyn Read + 'a> {
        if self.gzip {
            Box::new(MultiGzDecoder::new(self.bytes))
        } else {
            Box::new(self.bytes)
        }
    }

    /// The beginning of the unpacked file, and its length. Nothing beyond the limit is unpacked, however much a small file
    /// announces.
    fn measure(&self) -> Result<(Vec<u8>, u64), FileError> {
        let limit = MAX_UNPACKED_BYTES;
        if !self.gzip && self.bytes.len() as u64 > limit {
            return Err(FileError::TooLarge { limit });
        }
        let mut start = Vec::new();
        let mut total = 0;
        for_each_piece(self.unpacked(), |piece| {
            let missing = SNIFFED - start.len();
            start.extend_from_slice(&piece[..missing.min(piece.len())]);
            total += piece.len() as u64;
            if total > limit {
                return Err(FileError::TooLarge { limit });
            }
            Ok(())
        })?;
        Ok((start, total))
    }

    /// Counts the lines, and sees whether all of the text is UTF-8.
    fn count(&mut self) -> Result<(), FileError> {
        let mut lines = 0;
        let mut last = b'\n';
        let mut utf8 = Utf8Check::default();
        for_each_piece(self.reader(), |piece| {
            utf8.see(piece);
            for &byte in piece {
                lines += u64::from(byte == b'\n' && last != b'\r' || byte == b'\r');
                last = byte;
            }
            if lines > MAX_LINES {
                return Err(FileError::TooManyLines { limit: MAX_LINES });
            }
            Ok(())
        })?;
        self.lines = lines + u64::from(!matches!(last, b'\n' | b'\r'));
        self.utf8 = utf8.whole();
        Ok(())
    }
}

/// Whether pieces put together are UTF-8.
#[derive(Default)]
struct Utf8Check {
    /// The beginning of a character that the next piece goes on with.
    cut: Vec<u8>,
    broken: bool,
}

impl Utf8Check {
    fn see(&mut self, piece: &[u8]) {
        if self.broken {
            return;
        }
        let joined;
        let text = if self.cut.is_empty() {
            piece
        } else {
            joined = [&self.cut[..], piece].concat();
            &joined
        };
        let rest = match std::str::from_utf8(text) {
            Ok(_) => &[],
            Err(error) => {
                self.broken = error.error_len().is_some();
                &text[error.valid_up_to()..]
            }
        };
        self.cut = rest.iter().copied().take(4).collect();
    }

    fn whole(&self) -> bool {
        !self.broken && self.cut.is_empty()
    }
}

fn for_each_piece(mut reader: impl Read, mut see: impl FnMut(&[u8]) -> Result<(), FileError>) -> Result<(), FileError> {
    let mut piece = vec![0; PIECE];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => see(&piece[..length])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Memory is read: only unpacking fails.
            Err(_) => return Err(FileError::DamagedGzip),
        }
    }
}

/// UTF-16, told by its mark, or by the zero in every other byte that western text has in it.
fn utf16(start: &[u8]) -> Option<&'static Encoding> {
    match start {
        [0xff, 0xfe, ..] => return Some(UTF_16LE),
        [0xfe, 0xff, ..] => return Some(UTF_16BE),
        _ => {}
    }
    if start.len() < 8 {
        return None;
    }
    let zeros = |odd: usize| start.iter().skip(odd).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), start.len() / 2);
    if even == 0 && odd * 10 > half * 9 {
        Some(UTF_16LE)
    } else if odd == 0 && even * 10 > half * 9 {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Refuses what is not a table of text, saying what it is.
fn judge(start: &[u8]) -> Result<(), FileError> {
    let holds = |what: &[u8]| start.windows(what.len()).any(|window| window == what);
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        let workbook = [&b"xl/"[..], b"[Content_Types].xml", b"opendocument.spreadsheet"];
        return Err(if workbook.into_iter().any(holds) {
            FileError::Workbook
        } else {
            FileError::Archive
        });
    }
    // The container of the old .xls (and .doc).
    if start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(FileError::Workbook);
    }
    if start.starts_with(b"%PDF") {
        return Err(FileError::Pdf);
    }
    // 7z, rar, xz, bzip2, zstd; a gzip file in another; tar.
    let archives: [&[u8]; 6] = [
        b"7z\xbc\xaf",
        b"Rar!",
        b"\xfd7zXZ",
        b"BZh",
        b"\x28\xb5\x2f\xfd",
        b"\x1f\x8b",
    ];
    if archives.into_iter().any(|mark| start.starts_with(mark)) || start.get(257..262) == Some(b"ustar") {
        return Err(FileError::Archive);
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let begins = |tag: &[u8]| text.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag));
    if begins(b"<!doctype") || begins(b"<html") || begins(b"<?xml") {
        return Err(FileError::WebPage);
    }
    if start.contains(&0) {
        return Err(FileError::Binary);
    }
    if text.is_empty() && start.len() < SNIFFED {
        return Err(FileError::Empty);
    }
    Ok(())
}

/// Reads UTF-16 as UTF-8. What cannot be decoded becomes U+FFFD.
struct Utf16Reader<R> {
    inner: R,
    decoder: Decoder,
    raw: Vec<u8>,
    /// What of `raw` has not been decoded yet.
    pending: std::ops::Range<usize>,
    ended: bool,
    finished: bool,
}

impl<R: Read> Utf16Reader<R> {
    fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: vec![0; PIECE],
            pending: 0..0,
            ended: false,
            finished: false,
        }
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // The decoder may need room for one character of four bytes; readers in this module give far more.
        if out.len() < 4 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        while !self.finished {
            if self.pending.is_empty() && !self.ended {
                let length = self.inner.read(&mut self.raw)?;
                self.pending = 0..length;
                self.ended = length == 0;
            }
            let piece = &self.raw[self.pending.clone()];
            let (result, read, written, _) = self.decoder.decode_to_utf8(piece, out, self.ended);
            self.pending.start += read;
            self.finished = self.ended && result == CoderResult::InputEmpty;
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}
