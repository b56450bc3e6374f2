//! A CSV file as attachments of Discord: plain while it fits in one, else compressed, in as many parts as it takes.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::domain::view::File;

/// The most bytes of one attachment (Discord documentation, «Uploading files»).
pub const ATTACHMENT_MAX: usize = 10 * 1024 * 1024;
/// What the compressor may still hold back, and the end of the file.
const SLACK: usize = 64 * 1024;

/// See the module.
pub struct Parts {
    name: String,
    header: Vec<u8>,
    max: usize,
    plain: Vec<u8>,
    packed: Option<GzEncoder<Vec<u8>>>,
    done: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts")
            .field("name", &self.name)
            .field("done", &self.done.len())
            .finish_non_exhaustive()
    }
}

impl Parts {
    /// A file of that name, without its extension, whose parts all begin with `header`. No attachment passes `max` bytes.
    #[must_use]
    pub fn new(name: &str, header: Vec<u8>, max: usize) -> Self {
        Self {
            name: name.to_owned(),
            plain: header.clone(),
            header,
            max,
            packed: None,
            done: Vec::new(),
        }
    }

    /// Adds whole lines: far fewer bytes than an attachment holds.
    ///
    /// # Errors
    /// When the compressor fails.
    pub fn push(&mut self, lines: &[u8]) -> std::io::Result<()> {
        let mut packed = match self.packed.take() {
            Some(packed) => packed,
            None if self.plain.len() + lines.len() <= self.max => {
                self.plain.extend_from_slice(lines);
                return Ok(());
            }
            None => {
                let plain = std::mem::take(&mut self.plain);
                let mut packed = GzEncoder::new(Vec::new(), Compression::default());
                packed.write_all(&plain)?;
                packed
            }
        };
        // Incompressible lines take as much room as they have.
        if packed.get_ref().len() + lines.len() + SLACK > self.max {
            packed.flush()?;
            if packed.get_ref().len() + lines.len() + SLACK > self.max {
                self.done.push(packed.finish()?);
                packed = GzEncoder::new(Vec::new(), Compression::default());
                packed.write_all(&self.header)?;
            }
        }
        packed.write_all(lines)?;
        self.packed = Some(packed);
        Ok(())
    }

    /// The attachments, in order.
    ///
    /// # Errors
    /// When the compressor fails.
    pub fn finish(mut self) -> std::io::Result<Vec<File>> {
        let Some(packed) = self.packed.take() else {
            return Ok(vec![File {
                name: format!("{}.csv", self.name),
                bytes: self.plain,
                description: String::new(),
            }]);
        };
        self.done.push(packed.finish()?);
        let alone = self.done.len() == 1;
        Ok(self
            .done
            .into_iter()
            .enumerate()
            .map(|(n, bytes)| File {
                name: if alone {
                    format!("{}.csv.gz", self.name)
                } else {
                    format!("{}-{}.csv.gz", self.name, n + 1)
                },
                bytes,
                description: String::new(),
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn unpacked(file: &File) -> String {
        let mut text = String::new();
        flate2::read::GzDecoder::new(file.bytes.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    /// Lines that do not compress.
    fn noise(n: u32) -> Vec<u8> {
        let mut line = blake3::hash(&n.to_le_bytes()).to_hex().to_string().into_bytes();
        line.push(b'\n');
        line
    }

    #[test]
    fn what_fits_is_plain() {
        let mut parts = Parts::new("personnes", b"a;b\n".to_vec(), 100_000);
        parts.push(b"1;2\n").unwrap();
        let files = parts.finish().unwrap();
        assert_eq!(files.len(), 1);
        assert_eq!(
            (files[0].name.as_str(), files[0].bytes.as_slice()),
            ("personnes.csv", b"a;b\n1;2\n".as_slice())
        );
    }

    #[test]
    fn what_does_not_is_packed_and_then_parted_and_no_line_is_lost() {
        let max = 200_000;
        for (lines, least, most) in [(3_200, 1, 1), (20_000, 4, 12)] {
            let mut parts = Parts::new("personnes", b"en-tete\n".to_vec(), max);
            for n in 0..lines {
                parts.push(&noise(n)).unwrap();
            }
            let files = parts.finish().unwrap();
            assert!((least..=most).contains(&files.len()), "{} parts", files.len());
            let mut read = String::new();
            for (n, file) in files.iter().enumerate() {
                assert!(file.bytes.len() <= max, "{} bytes", file.bytes.len());
                if files.len() > 1 {
                    assert_eq!(file.name, format!("personnes-{}.csv.gz", n + 1));
                }
                let text = unpacked(file);
                read.push_str(text.strip_prefix("en-tete\n").expect("each part has its header"));
            }
            let whole: Vec<u8> = (0..lines).flat_map(noise).collect();
            assert_eq!(read.into_bytes(), whole);
        }
    }
}
