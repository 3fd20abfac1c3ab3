//! `Secret`: bytes that cannot be printed, such as a private key.

use std::ffi::OsStr;
use std::fmt;

/// Bytes of a key, a token or a password.
///
/// `Debug` shows how many there are and never what; there is no `Display`. In a build with TLS the
/// bytes are overwritten when the value is dropped.
///
/// # Examples
///
/// ```
/// use ipc_transport::Secret;
///
/// let secret = Secret::from("-----BEGIN PRIVATE KEY-----");
/// assert_eq!(format!("{secret:?}"), "Secret(27 bytes)");
/// assert_eq!(secret.expose(), b"-----BEGIN PRIVATE KEY-----");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Bytes);

#[cfg(feature = "tls-base")]
type Bytes = zeroize::Zeroizing<Vec<u8>>;
#[cfg(not(feature = "tls-base"))]
type Bytes = Vec<u8>;

#[cfg(feature = "tls-base")]
fn kept(bytes: Vec<u8>) -> Bytes {
    zeroize::Zeroizing::new(bytes)
}
#[cfg(not(feature = "tls-base"))]
const fn kept(bytes: Vec<u8>) -> Bytes {
    bytes
}

impl Secret {
    /// Returns the bytes themselves: do not log them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Returns whether a text that should name something, such as a file, looks like PEM text or a
    /// key itself. Such a text must not be printed.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_transport::Secret;
    ///
    /// assert!(Secret::is_in("-----BEGIN PRIVATE KEY-----\nMC4CAQAw"));
    /// assert!(!Secret::is_in("/etc/app/server.key"));
    /// assert!(!Secret::is_in(r"C:\new\server.key"));
    /// ```
    #[must_use]
    pub fn is_in(text: impl AsRef<OsStr>) -> bool {
        let text = text.as_ref().as_encoded_bytes();
        let has = |part: &[u8]| text.windows(part.len()).any(|window| window == part);
        // Base64 may pass for a path; that of a key begins so. Its line ends may be escaped.
        let is_key = text.starts_with(b"M") && text.len() >= SHORTEST && text.iter().all(is_base64);
        is_key || has(b"-----") || has(b"\n")
    }
}

fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_' | b'\\')
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self(kept(bytes))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&[u8]> for Secret {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl<const N: usize> From<&[u8; N]> for Secret {
    fn from(bytes: &[u8; N]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// The length of the shortest private keys in base64.
const SHORTEST: usize = 60;
