//! `SkipBom`: a text without the byte order mark that some programs put before it.

use std::io::{self, ErrorKind, Read};

/// Skips the byte order mark of UTF-8, if there is one.
#[derive(Debug)]
pub(crate) struct SkipBom<R> {
    input: R,
    /// How much of the mark has come, while it may still be one.
    seen: Option<usize>,
    /// What came instead of the mark and has to be passed on, as a piece of it and one byte.
    held: Vec<u8>,
}

impl<R: Read> SkipBom<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, seen: Some(0), held: Vec::new() }
    }

    /// Reads a byte at a time until it is known whether there is a mark.
    fn look(&mut self, mut seen: usize) -> io::Result<()> {
        while let Some(expected) = BOM.get(seen) {
            let mut byte = [0];
            let read = match self.input.read(&mut byte) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read?,
            };
            if read == 0 || byte != [*expected] {
                self.held.extend_from_slice(BOM.get(..seen).unwrap_or_default());
                self.held.extend_from_slice(byte.get(..read).unwrap_or_default());
                break;
            }
            seen += 1;
            self.seen = Some(seen);
        }
        self.seen = None;
        Ok(())
    }
}

impl<R: Read> Read for SkipBom<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(seen) = self.seen {
            self.look(seen)?;
        }
        if self.held.is_empty() {
            return self.input.read(buffer);
        }
        let taken = self.held.as_slice().read(buffer)?;
        self.held.drain(..taken);
        Ok(taken)
    }
}

/// The byte order mark in UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &[u8], expected: &[u8]) {
        /// Gives one byte a read.
        struct Dripping<'a>(&'a [u8]);
        impl Read for Dripping<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let one = buffer.len().min(1);
                self.0.read(&mut buffer[..one])
            }
        }
        let mut whole = Vec::new();
        SkipBom::new(text).read_to_end(&mut whole).unwrap();
        assert_eq!(whole, expected);
        let mut dripped = Vec::new();
        SkipBom::new(Dripping(text)).read_to_end(&mut dripped).unwrap();
        assert_eq!(dripped, expected);
    }

    #[test]
    fn one_mark_at_the_beginning_is_skipped() {
        check(b"\xef\xbb\xbf{}", b"{}");
        check(b"\xef\xbb\xbf", b"");
        check(b"\xef\xbb\xbf\xef\xbb\xbfx", b"\xef\xbb\xbfx");
        check(b"x\xef\xbb\xbf", b"x\xef\xbb\xbf");
    }

    #[test]
    fn what_is_no_mark_stays() {
        for text in [&b""[..], b"{}", b"\xef", b"\xef\xbb", b"\xef\xbbx", b"\xef\xef\xbb\xbf"] {
            check(text, text);
        }
    }
}
