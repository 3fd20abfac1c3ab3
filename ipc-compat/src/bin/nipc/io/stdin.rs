//! Stdin, read by a thread of its own: a read from a terminal cannot be given up.

use std::io::{self, ErrorKind, Read};
use std::thread;

use ipc_compat::Config;
use tokio::sync::mpsc;

use crate::io::instruction::{self, BadInstruction, Instruction};
use crate::io::streams::{SkipBom, Stdin};

/// The instructions that stdin brings.
#[derive(Debug)]
pub(crate) struct Instructions {
    chunks: mpsc::Receiver<Chunk>,
    /// Whole lines, and how much of them was taken.
    lines: Vec<u8>,
    taken: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Chunk {
    /// One or more whole lines.
    Lines(Vec<u8>),
    /// A line that is too long, left out.
    TooLong,
}

impl Instructions {
    /// Starts reading stdin. No line may be longer than what may be sent with these settings.
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    pub(crate) fn of_stdin(config: &Config) -> io::Result<Self> {
        let max_frame = config.limits().max_frame();
        // In raw mode a byte is two digits.
        let longest = if config.raw_buffer { max_frame.saturating_mul(2) } else { max_frame };
        // A line has a few words more than the frame, and may be spaced out.
        Self::read(Stdin, longest.saturating_add(64 * 1024))
    }

    /// Starts reading, after a byte order mark if there is one. A line longer than `max_line` bytes is reported and
    /// skipped.
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    pub(crate) fn read(input: impl Read + Send + 'static, max_line: usize) -> io::Result<Self> {
        // Few, since a chunk can be as large as a line.
        let (sender, chunks) = mpsc::channel(2);
        thread::Builder::new().spawn(move || {
            let input = SkipBom::new(input);
            read_chunks(input, max_line, |chunk| sender.blocking_send(chunk).is_ok());
        })?;
        Ok(Self { chunks, lines: Vec::new(), taken: 0 })
    }

    /// Returns the next instruction, or `None` once stdin is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a line is taken only when it is returned.
    pub(crate) async fn next(&mut self) -> Option<Result<Instruction, BadInstruction>> {
        // Buffered lines must not starve the sockets.
        tokio::task::consume_budget().await;
        if self.taken == self.lines.len() {
            match self.chunks.recv().await? {
                Chunk::Lines(lines) => (self.lines, self.taken) = (lines, 0),
                Chunk::TooLong => {
                    return Some(Err(BadInstruction("is longer than a frame".into())));
                }
            }
        }
        let rest = self.lines.get(self.taken..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest);
        let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        self.taken += line.len() + usize::from(end.is_some());
        Some(instruction::parse(line))
    }
}

/// Reads until `input` is closed, or `send` returns `false`.
fn read_chunks(mut input: impl Read, max_line: usize, mut send: impl FnMut(Chunk) -> bool) {
    let mut buffer = vec![0; READ];
    // The beginning of a line whose end is not there yet.
    let mut begun = Vec::new();
    let mut skipping = false;
    loop {
        let read = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // A stdin that cannot be read, such as a closed one, says nothing more.
            Err(_) => break,
        };
        let mut bytes = buffer.get(..read).unwrap_or_default();
        if skipping {
            let Some(end) = memchr::memchr(b'\n', bytes) else { continue };
            bytes = bytes.get(end + 1..).unwrap_or_default();
            skipping = false;
        }
        if let Some(end) = memchr::memrchr(b'\n', bytes) {
            let (lines, rest) = bytes.split_at(end + 1);
            begun.extend_from_slice(lines);
            if !send(Chunk::Lines(std::mem::take(&mut begun))) {
                return;
            }
            bytes = rest;
        }
        begun.extend_from_slice(bytes);
        if begun.len() > max_line {
            begun = Vec::new();
            skipping = true;
            if !send(Chunk::TooLong) {
                return;
            }
        }
    }
    if !begun.is_empty() {
        send(Chunk::Lines(begun));
    }
}

/// What one read may bring, in bytes: as much as a pipe of Linux holds.
const READ: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `pieces`, one a read, as lines; `None` stands for one that is too long.
    fn read(pieces: &[&str], max_line: usize) -> Vec<Option<String>> {
        struct Pieces<'a>(std::slice::Iter<'a, &'a str>);
        impl Read for Pieces<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let piece = self.0.next().map_or("", |piece| *piece);
                buffer[..piece.len()].copy_from_slice(piece.as_bytes());
                Ok(piece.len())
            }
        }
        let mut found = Vec::new();
        read_chunks(Pieces(pieces.iter()), max_line, |chunk| {
            match chunk {
                Chunk::TooLong => found.push(None),
                Chunk::Lines(lines) => {
                    let lines = String::from_utf8(lines).unwrap();
                    found.extend(lines.lines().map(|line| Some(line.to_owned())));
                }
            }
            true
        });
        found
    }

    fn lines(lines: &[&str]) -> Vec<Option<String>> {
        lines.iter().map(|line| Some((*line).to_owned())).collect()
    }

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let whole = lines(&["one", "", "two"]);
        assert_eq!(read(&["one\n\ntwo\n"], 10), whole);
        assert_eq!(read(&["o", "ne", "\n", "\n", "two", "\n"], 10), whole);
        assert_eq!(read(&["one\n\nt", "w", "o"], 10), whole);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_alone() {
        let mut expected = lines(&["a"]);
        expected.push(None);
        expected.extend(lines(&["b", "c"]));
        assert_eq!(read(&["a\n12345", "67", "8\n", "b\nc\n"], 6), expected);
        assert_eq!(read(&["a\n", "1234567", "8", "9\nb", "\nc"], 6), expected);
    }

    #[test]
    fn a_line_of_the_greatest_length_is_not_too_long() {
        assert_eq!(read(&["123", "456", "\n", "x\n"], 6), lines(&["123456", "x"]));
    }

    #[tokio::test]
    async fn commands_come_one_by_one_and_then_none() {
        let input: &[u8] = b"\xef\xbb\xbf{\"do\":\"close\"}\r\nx\n{\"type\":\"t\"}";
        let mut instructions = Instructions::read(input, 100).unwrap();
        assert_eq!(instructions.next().await, Some(Ok(Instruction::Close)));
        assert!(instructions.next().await.unwrap().is_err());
        assert!(matches!(instructions.next().await, Some(Ok(Instruction::Send(_)))));
        assert_eq!(instructions.next().await, None);
    }
}
