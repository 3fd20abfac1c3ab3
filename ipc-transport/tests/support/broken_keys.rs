//! Key files that are broken in the ways people break them, and a search for what leaks of a key.

use std::collections::HashSet;
use std::error::Error;
use std::fmt::Debug;

use ipc_transport::rustls::pki_types::PrivateKeyDer;
use ipc_transport::rustls::pki_types::pem::PemObject;

use crate::certificates::Identity;

/// Returns files that hold the key of `identity`, or most of it, and cannot be used.
pub(crate) fn broken(identity: &Identity) -> Vec<(&'static str, Vec<u8>)> {
    // On Windows it is made with the line ends of that system.
    let key = &*identity.key.replace("\r\n", "\n");
    let lines: Vec<_> = key.lines().collect();
    let (begin, body, end) = (lines[0], &lines[1..lines.len() - 1], lines[lines.len() - 1]);
    let section = |body: &str| format!("{begin}\n{body}\n{end}\n");
    let text = body.join("\n");
    let der = der(key);
    let escaped = key.trim_end().replace('\n', "\\n");
    let cut = &text[..text.len() - 20];
    vec![
        ("escaped line ends", escaped.clone().into()),
        ("line ends escaped as those of Windows", key.replace('\n', "\\r\\n").into()),
        ("escaped line ends behind a name", format!("KEY={escaped}\n").into()),
        ("cut base64", section(cut).into()),
        ("base64 that lacks a character", section(&text[1..]).into()),
        ("labelled as a certificate", key.replace("PRIVATE KEY", "CERTIFICATE").into()),
        ("labelled as a public key", key.replace("PRIVATE KEY", "PUBLIC KEY").into()),
        ("labelled as encrypted", key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY").into()),
        ("labelled with itself", key.replace("PRIVATE KEY", &body.concat()).into()),
        ("ended as something else", key.replace("END PRIVATE", "END EC PRIVATE").into()),
        ("binary", der.clone()),
        ("binary in a section", [begin.as_bytes(), b"\n", &der, b"\n", end.as_bytes()].concat()),
        ("half of the binary form", der[..der.len() / 2].to_vec()),
        (
            "mixed line ends and a mark",
            key.replace('\n', "\r\n").replacen("\r\n", "\r\u{1}", 1).into(),
        ),
        ("no END line", format!("{begin}\n{text}\n").into()),
        ("half an END line", format!("{begin}\n{text}\n{}", &end[..9]).into()),
        ("no BEGIN line", format!("{text}\n{end}\n").into()),
        ("bare base64", body.concat().into()),
        ("behind a certificate", format!("{}{}", identity.chain, section(cut)).into()),
        ("twice", key.repeat(2).into()),
        ("in JSON", format!("{{\"key\": \"{escaped}\"}}").into()),
        ("in quotes", format!("\"{escaped}\"\n").into()),
        ("on one line", key.replace('\n', "").into()),
        ("on one line with blanks", key.replace('\n', " ").into()),
        ("UTF-16 with a mark", utf16(&format!("\u{feff}{key}"), u16::to_le_bytes)),
        ("UTF-16 without", utf16(key, u16::to_le_bytes)),
        ("UTF-16 the other way round", utf16(&format!("\u{feff}{key}"), u16::to_be_bytes)),
        ("a byte order mark and a cut", format!("\u{feff}{}", section(cut)).into()),
        ("headers of encryption", key.replacen('\n', "\nProc-Type: 4,ENCRYPTED\n\n", 1).into()),
        ("trailing characters", section(&text.replace('\n', ";\n")).into()),
        ("characters behind the end", format!("{}{text}", key.trim_end()).into()),
        ("no line end before the end", format!("{begin}\n{text}{end}\n").into()),
        ("base64url", section(&format!("-{}", &text[1..])).into()),
        ("base64 of itself", base64(key.as_bytes()).into()),
        ("NUL bytes", section(&text.replacen('A', "\0", 1)).into()),
        ("another first byte", section(&format!("N{}", &text[1..])).into()),
        (
            "its lines turned round",
            section(&body.iter().rev().copied().collect::<Vec<_>>().join("\n")).into(),
        ),
        ("commented out", format!("#{}", key.replace('\n', "\n#")).into()),
        ("in a list of YAML", format!("- {begin}\n  {text}\n  {end}\n").into()),
    ]
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

fn der(key: &str) -> Vec<u8> {
    PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key").secret_der().to_vec()
}

/// Everything that would give away eight bytes of a key.
pub(crate) struct Leak {
    /// Eight characters of it, or of the base64 of its text.
    texts: HashSet<[u8; 8]>,
    /// Eight bytes, however they are written as numbers.
    bytes: HashSet<[u8; 8]>,
}

impl Leak {
    pub(crate) fn of(key: &str) -> Self {
        let body: String = key.lines().filter(|line| !line.starts_with('-')).collect();
        let der = der(key);
        let mut texts = windows(body.as_bytes());
        for skipped in 0..3 {
            texts.extend(windows(base64(&body.as_bytes()[skipped..]).as_bytes()));
        }
        let bytes = windows(body.as_bytes()).into_iter().chain(windows(&der)).collect();
        Self { texts, bytes }
    }

    /// Checks that a text gives nothing away: as it is, without what stands between characters, or
    /// as decimal or hexadecimal numbers.
    #[track_caller]
    pub(crate) fn check(&self, what: &str, text: &str) {
        let leaks =
            |found: bool| assert!(!found, "{what}: eight bytes of the key are shown: {text}");
        let solid: Vec<u8> =
            text.bytes().filter(u8::is_ascii_graphic).filter(|byte| *byte != b'\\').collect();
        for text in [text.as_bytes(), &solid] {
            leaks(text.windows(8).any(|window| is_in(&self.texts, window)));
        }
        let words: Vec<_> = text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        for radix in [10, 16] {
            let number =
                |word: &&str| u8::from_str_radix(word.trim_start_matches("0x"), radix).ok();
            let numbers: Vec<_> = words.iter().map(number).collect();
            for window in numbers.windows(8) {
                let window: Option<Vec<u8>> = window.iter().copied().collect();
                leaks(window.is_some_and(|window| is_in(&self.bytes, &window)));
            }
        }
        for word in words {
            for start in 0..2 {
                let digits = word.as_bytes().get(start..).unwrap_or_default().chunks_exact(2);
                let pair =
                    |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
                let bytes: Vec<_> = digits.map(pair).collect();
                for window in bytes.windows(8) {
                    let window: Option<Vec<u8>> = window.iter().copied().collect();
                    leaks(
                        window.is_some_and(|window| {
                            self.bytes.iter().any(|known| *known == window[..])
                        }),
                    );
                }
            }
        }
    }

    /// Checks all that can be printed of an error and of what it was caused by.
    #[track_caller]
    pub(crate) fn check_error(&self, what: &str, error: &(dyn Error + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.check(what, &error.to_string());
            self.check_debug(what, &error);
            next = error.source();
        }
    }

    /// Checks all that can be printed of a value.
    #[track_caller]
    pub(crate) fn check_debug(&self, what: &str, value: &dyn Debug) {
        self.check(what, &format!("{value:?}"));
        self.check(what, &format!("{value:#?}"));
    }
}

fn is_in(known: &HashSet<[u8; 8]>, window: &[u8]) -> bool {
    window.try_into().is_ok_and(|window: [u8; 8]| known.contains(&window))
}

fn windows(bytes: &[u8]) -> HashSet<[u8; 8]> {
    bytes.windows(8).filter_map(|window| window.try_into().ok()).collect()
}

/// Returns base64 without padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let byte = |at| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        (0..=group.len()).map(move |at| ALPHABET[(bits >> (18 - 6 * at)) as usize & 63] as char)
    };
    bytes.chunks(3).flat_map(group).collect()
}
