//! `LooksLike`: what a peer seems to speak instead of what it should, by its first bytes. Pure.

use std::fmt;

/// What bytes look like that are no frame of the format: for errors that say what is wrong on the
/// other side. A guess: it decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LooksLike {
    /// An HTTP request, such as a browser or `curl` sends.
    HttpRequest,
    /// An HTTP request for a WebSocket.
    WebSocket,
    /// The answer of an HTTP server.
    HttpResponse,
    /// An HTTP/2 client's beginning, gRPC's too.
    Http2,
    /// A TLS handshake.
    TlsHandshake,
    /// A TLS server that understood nothing.
    TlsAlert,
    /// An SSH client or server.
    Ssh,
    /// The greeting of a mail or FTP server.
    MailOrFtp,
    /// The header that a proxy puts before a connection.
    ProxyHeader,
    /// A header with the length of what follows, as the Language Server Protocol has it.
    ContentLength,
    /// Netstrings: each frame begins with its length as digits.
    Netstring,
    /// Frames that begin with their length in four bytes, the highest first.
    LengthBigEndian,
    /// Frames that begin with their length in four bytes, the lowest first.
    LengthLittleEndian,
    /// MessagePack, without a length before it.
    MessagePack,
    /// Text after a UTF-8 byte order mark.
    Utf8Mark,
    /// Text in UTF-16, with or without a byte order mark.
    Utf16,
    /// JSON.
    Json,
    /// JSON with nothing after it.
    JsonUndelimited,
    /// JSON that ends with this byte.
    JsonEndedBy(u8),
    /// The hello of SSL 2.
    Ssl2,
    /// Text, and nothing known.
    Text,
}

impl LooksLike {
    /// Returns what `bytes` look like, from their beginning on; `None` if it is nothing known.
    ///
    /// Looks at the first 1,024 bytes and the last two.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..HEAD).unwrap_or(bytes);
        match *head {
            [0xEF, 0xBB, 0xBF, ..] => return Some(Self::Utf8Mark),
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => return Some(Self::Utf16),
            [b'{' | b'[', 0, ..] | [0, b'{' | b'[', 0, ..] => return Some(Self::Utf16),
            [0x16, 0x03, 0..=4, ..] => return Some(Self::TlsHandshake),
            [0x15, 0x03, 0..=4, ..] => return Some(Self::TlsAlert),
            _ => {}
        }
        text(head).or_else(|| json(bytes, head)).or_else(|| binary(head))
    }

    /// Returns what the first bytes of a peer look like that does not speak TLS where it should;
    /// `None` if it is nothing known.
    ///
    /// Text that is nothing known counts here, since no TLS begins with it, and how JSON ends does not.
    #[must_use]
    pub fn instead_of_tls(first: &[u8]) -> Option<Self> {
        match Self::of(first) {
            Some(Self::TlsHandshake | Self::TlsAlert) => None,
            Some(Self::JsonUndelimited | Self::JsonEndedBy(_)) => Some(Self::Json),
            Some(known) => Some(known),
            None => match first {
                [] => None,
                [0x80..=0xFF, _, 1, 0 | 3, ..] => Some(Self::Ssl2),
                _ if first.iter().all(is_text) => Some(Self::Text),
                _ => None,
            },
        }
    }
}

fn is_text(byte: &u8) -> bool {
    byte.is_ascii_graphic() || byte.is_ascii_whitespace()
}

/// Protocols that begin with words.
fn text(head: &[u8]) -> Option<LooksLike> {
    let begins = |word: &str| head.starts_with(word.as_bytes());
    if begins("PRI * HTTP/2.0") {
        return Some(LooksLike::Http2);
    }
    if begins("HTTP/") {
        return Some(LooksLike::HttpResponse);
    }
    if METHODS.iter().any(|method| is_request(head, method)) {
        let upgrade = contains_word(head, b"upgrade: websocket");
        return Some(if upgrade { LooksLike::WebSocket } else { LooksLike::HttpRequest });
    }
    if begins("SSH-") {
        return Some(LooksLike::Ssh);
    }
    if begins("220 ") || begins("220-") {
        return Some(LooksLike::MailOrFtp);
    }
    if begins("PROXY TCP") || begins("PROXY UNKNOWN") || begins("\r\n\r\n\0\r\nQUIT\n") {
        return Some(LooksLike::ProxyHeader);
    }
    if head.get(..15).is_some_and(|start| start.eq_ignore_ascii_case(b"content-length:")) {
        return Some(LooksLike::ContentLength);
    }
    let digits = head.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let behind = (head.get(digits), head.get(digits.saturating_add(1)));
    if (1..=9).contains(&digits) && matches!(behind, (Some(b':'), Some(b'{' | b'['))) {
        return Some(LooksLike::Netstring);
    }
    None
}

fn is_request(head: &[u8], method: &str) -> bool {
    let rest = head.strip_prefix(method.as_bytes());
    // Where a request goes: a path, an address, or `*`; a host in a `CONNECT`.
    let target = rest.and_then(|rest| rest.strip_prefix(b" "));
    target.is_some_and(|target| {
        target.starts_with(b"/")
            || target.starts_with(b"http")
            || target.starts_with(b"* HTTP/")
            || contains_word(target, b" http/1.")
    })
}

/// Returns whether `head` contains the word, which is in small letters, in letters of any size.
fn contains_word(head: &[u8], word: &[u8]) -> bool {
    head.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

fn json(bytes: &[u8], head: &[u8]) -> Option<LooksLike> {
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if !matches!(first, b'{' | b'[') {
        return None;
    }
    let closes = |byte: &u8| matches!(byte, b'}' | b']');
    match bytes {
        [.., b'}', b'\r', b'\n'] => return Some(LooksLike::JsonEndedBy(b'\n')),
        [.., last, end] if closes(last) && is_end(*end) => {
            return Some(LooksLike::JsonEndedBy(*end));
        }
        _ => {}
    }
    // The last one may be cut, but there are others before it.
    for part in head.windows(3) {
        match part {
            [b'}', b'\r', b'\n'] | [b'}', b'\n', b'{'] => {
                return Some(LooksLike::JsonEndedBy(b'\n'));
            }
            [b'}', end, b'{'] if is_end(*end) => return Some(LooksLike::JsonEndedBy(*end)),
            _ => {}
        }
    }
    if head.windows(2).any(|part| part == b"}{") || bytes.last().is_some_and(closes) {
        return Some(LooksLike::JsonUndelimited);
    }
    Some(LooksLike::Json)
}

/// Returns whether frames are known to end with this byte: what is not allowed within JSON, or only
/// between its tokens.
fn is_end(byte: u8) -> bool {
    byte < b' ' && byte != b'\t'
}

fn binary(head: &[u8]) -> Option<LooksLike> {
    let packs = |byte: u8| matches!(byte, 0x80..=0x9F | 0xDC..=0xDF);
    match *head {
        [a, b, c, d, first, ..] if matches!(first, b'{' | b'[') || packs(first) => {
            let plausible = |length: u32| (2..=MAX_LENGTH).contains(&length);
            if plausible(u32::from_be_bytes([a, b, c, d])) {
                return Some(LooksLike::LengthBigEndian);
            }
            if plausible(u32::from_le_bytes([a, b, c, d])) {
                return Some(LooksLike::LengthLittleEndian);
            }
        }
        _ => {}
    }
    match *head {
        // A short array or map whose first member is a text, a short or a long one.
        [first, 0xA1..=0xBF | 0xD9..=0xDB, ..] if packs(first) => Some(LooksLike::MessagePack),
        _ => None,
    }
}

impl fmt::Display for LooksLike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HttpRequest => "an HTTP request",
            Self::WebSocket => "an HTTP request for a WebSocket",
            Self::HttpResponse => "the answer of an HTTP server",
            Self::Http2 => "an HTTP/2 request",
            Self::TlsHandshake => "a TLS handshake: the peer wants TLS, which is not spoken here",
            Self::TlsAlert => "a TLS alert: the peer wants TLS, which is not spoken here",
            Self::Ssh => "SSH",
            Self::MailOrFtp => "the greeting of a mail or FTP server",
            Self::ProxyHeader => "the header of a proxy (PROXY protocol)",
            Self::ContentLength => "a Content-Length header before each frame",
            Self::Netstring => "netstrings: a length in digits before each frame",
            Self::LengthBigEndian => "a big-endian length of four bytes before each frame",
            Self::LengthLittleEndian => "a little-endian length of four bytes before each frame",
            Self::MessagePack => "MessagePack",
            Self::Utf8Mark => "text after a UTF-8 byte order mark (EF BB BF), which has to go",
            Self::Utf16 => "text in UTF-16, which has to be UTF-8 without a byte order mark",
            Self::Json => "JSON",
            Self::Ssl2 => "the hello of SSL 2, which is not spoken here",
            Self::Text => "plain text",
            Self::JsonUndelimited => "JSON without a delimiter after it",
            Self::JsonEndedBy(end) => return ended_by(*end, f),
        })
    }
}

fn ended_by(end: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (name, escape) = match end {
        b'\n' => ("a line feed", "\\n"),
        b'\r' => ("a carriage return", "\\r"),
        0x0C => ("a form feed", "\\f"),
        0 => ("a NUL", "\\0"),
        _ => {
            return write!(
                f,
                "JSON that ends with the byte {end:#04X}: is that the peer's delimiter?"
            );
        }
    };
    write!(f, "JSON that ends with {name}: is the peer's delimiter {escape}?")
}

/// How many bytes are looked at.
const HEAD: usize = 1024;

/// The longest frame that a length is taken for, in bytes: most other bytes would be a longer one.
const MAX_LENGTH: u32 = 16 * 1024 * 1024;

const METHODS: [&str; 9] =
    ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"];
