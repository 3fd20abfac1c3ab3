//! PEM text cut into its sections: all of it is understood, or it is refused with the line.
//!
//! rustls' own reader decodes the base64. Its errors hold bytes of what it reads, and what it does
//! not know it passes over, so that finding the sections is done here. No [`Fault`] can hold a byte
//! of the text.

use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use zeroize::{Zeroize, Zeroizing};

use super::labels::Holds;

/// What is between a BEGIN line and its END line.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) holds: Holds,
    /// The number of its BEGIN line, from 1.
    pub(super) line: usize,
    pub(super) body: Body,
}

/// Base64, which may be that of a key.
pub(super) struct Body(Zeroizing<Vec<u8>>);

/// What is wrong with the text, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) reason: &'static str,
}

impl Section {
    /// Returns the decoded base64.
    pub(super) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let text =
            [&b"-----BEGIN PRIVATE KEY-----\n"[..], &self.body.0, b"\n-----END PRIVATE KEY-----\n"];
        let text = Zeroizing::new(text.concat());
        // The library takes base64 that ends early.
        let padding = self.body.0.iter().rev().take_while(|byte| **byte == b'=').count();
        let is_whole = self.body.0.len() % 4 == 0 && padding <= 2;
        if !is_whole || self.body.0.iter().rev().skip(padding).any(|byte| *byte == b'=') {
            return Err(Fault { line: self.line, reason: BROKEN });
        }
        let broken = |_| Fault { line: self.line, reason: BROKEN };
        // The error is dropped: it may show the text.
        let mut key = PrivatePkcs8KeyDer::from_pem_slice(&text).map_err(broken)?;
        let bytes = Zeroizing::new(key.secret_pkcs8_der().to_vec());
        key.zeroize();
        if bytes.is_empty() {
            return Err(Fault { line: self.line, reason: NOTHING });
        }
        Ok(bytes)
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// Returns the sections of a text. The text between them is for people, as long as it does not
/// look like a section itself.
pub(super) fn sections(text: &[u8]) -> Result<Vec<Section>, Fault> {
    let mut done = Vec::new();
    let mut open: Option<Open<'_>> = None;
    for (number, line) in lines(text) {
        let mut rest = line;
        // Two sections may share a line: files without a line end at their end, joined.
        while !rest.is_empty() {
            let step = match open.take() {
                None => begin(rest, number)?,
                Some(section) => section.add(rest, number)?,
            };
            (open, rest) = match step {
                Step::Outside => (None, &[][..]),
                Step::Inside(section) => (Some(section), &[][..]),
                Step::Done(section, rest) => {
                    done.push(section);
                    (None, rest)
                }
            };
        }
    }
    match open {
        None => Ok(done),
        Some(section) => Err(Fault { line: section.line, reason: NO_END }),
    }
}

/// Where a line leads to.
enum Step<'a> {
    Outside,
    Inside(Open<'a>),
    /// A section is done, and so much of its last line is left.
    Done(Section, &'a [u8]),
}

/// A section whose END line is still to come.
struct Open<'a> {
    label: &'a [u8],
    line: usize,
    body: Zeroizing<Vec<u8>>,
    is_encrypted: bool,
}

/// Reads a line outside of sections.
fn begin(line: &[u8], number: usize) -> Result<Step<'_>, Fault> {
    let fault = |reason| Fault { line: number, reason };
    let Some(rest) = line.strip_prefix(BEGIN) else {
        return outside(line).map_or(Ok(Step::Outside), |reason| Err(fault(reason)));
    };
    let (label, rest) = label(rest).ok_or_else(|| fault(cause(line, NO_DASHES)))?;
    if !rest.is_empty() {
        return Err(fault(cause(rest, ONE_LINE)));
    }
    let body = Zeroizing::default();
    Ok(Step::Inside(Open { label, line: number, body, is_encrypted: false }))
}

impl<'a> Open<'a> {
    /// Reads a line of the section.
    fn add(mut self, line: &'a [u8], number: usize) -> Result<Step<'a>, Fault> {
        let fault = |reason| Fault { line: number, reason };
        let has = |part: &[u8]| line.windows(part.len()).any(|window| window == part);
        if let Some(rest) = line.strip_prefix(END) {
            return self.end(rest).map_err(fault);
        }
        // The end may be cut off in the middle of its END line.
        if line.starts_with(BEGIN) || (line.starts_with(b"--") && !line.starts_with(DASHES)) {
            return Err(Fault { line: self.line, reason: NO_END });
        }
        if has(DASHES) {
            return Err(fault("a BEGIN or END line does not begin on a line of its own"));
        }
        if self.body.is_empty() && has(b":") {
            // The headers of keys that are encrypted the old way.
            self.is_encrypted |= has(b"ENCRYPTED") || line.starts_with(b"DEK-Info");
            return Ok(Step::Inside(self));
        }
        match line.iter().find(|byte| !is_base64(**byte)) {
            None => {
                self.body.extend_from_slice(line);
                Ok(Step::Inside(self))
            }
            Some(b'-' | b'_') => Err(fault("it is base64url, with - and _ in place of + and /")),
            Some(_) => Err(fault(cause(line, "a character that is not base64"))),
        }
    }

    /// Reads what follows on an END line.
    fn end(self, rest: &'a [u8]) -> Result<Step<'a>, &'static str> {
        let (label, rest) = label(rest).ok_or_else(|| cause(rest, NO_DASHES))?;
        if label != self.label {
            return Err("its END line is for another kind than its BEGIN line");
        }
        if !rest.is_empty() && !rest.starts_with(BEGIN) {
            return Err("something follows the END line on the same line");
        }
        let holds = match Holds::of(self.label) {
            Holds::Key if self.is_encrypted => Holds::EncryptedKey,
            holds => holds,
        };
        Ok(Step::Done(Section { holds, line: self.line, body: Body(self.body) }, rest))
    }
}

/// Returns the label at the beginning of the rest of a BEGIN or END line, and what follows it.
fn label(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = rest.windows(DASHES.len()).position(|window| window == DASHES)?;
    Some((rest.get(..end)?, rest.get(end + DASHES.len()..)?.trim_ascii()))
}

/// Returns what is wrong with a line outside of sections, if it was meant as a part of one.
fn outside(line: &[u8]) -> Option<&'static str> {
    let has =
        |part: &[u8]| line.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part));
    if line.starts_with(END) {
        return Some("an END line without its BEGIN line");
    }
    if has(b"--BEGIN")
        || has(b"-- BEGIN")
        || (line.starts_with(b"BEGIN ") && (has(b"KEY") || has(b"CERTIFICATE")))
    {
        return Some(cause(line, "it looks like a BEGIN line, but is not one"));
    }
    if has(b"--END") || has(b"-- END") {
        return Some(cause(line, "it looks like an END line, but is not one"));
    }
    let padding = line.iter().rev().take_while(|byte| **byte == b'=').count();
    // Lines under headings are not meant.
    let is_data = line.len() >= LINE && padding <= 2 && line.iter().all(|byte| is_base64(*byte));
    is_data.then_some("base64 outside of BEGIN and END lines")
}

/// Returns why there is more on a line than there should be.
fn cause(line: &[u8], otherwise: &'static str) -> &'static str {
    if line.contains(&b'\\') { ESCAPED } else { otherwise }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Returns the lines with their numbers, without white space and marks at their ends. Lines end as
/// on any system; files that begin with a byte order mark may have been joined.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let is_old = !text.contains(&b'\n');
    let end = if is_old { b'\r' } else { b'\n' };
    text.split(move |byte| *byte == end).enumerate().flat_map(|(at, line)| {
        line.split(|byte| *byte == b'\r').map(move |line| {
            let line = line.trim_ascii();
            (at + 1, line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line).trim_ascii())
        })
    })
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];
/// How long a line of base64 is that cannot be a word.
const LINE: usize = 60;

const BROKEN: &str = "its base64 is incomplete or broken";
const NOTHING: &str = "nothing is between its BEGIN and END lines";
const NO_DASHES: &str = "the line does not end with five dashes";
const NO_END: &str = "no END line follows the BEGIN line";
const ONE_LINE: &str = "line ends are missing: something follows the BEGIN line on the same line";
const ESCAPED: &str =
    "line ends are missing: a backslash and a letter stand in their place (such as \\n)";
