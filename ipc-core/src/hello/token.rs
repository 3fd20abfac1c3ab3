//! `Token`: a secret that proves who somebody is.

use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq;

/// A secret that proves who somebody is. It is in no `Debug`, trace or log, and cannot be printed.
///
/// Two are compared in a time that depends on their lengths only, so that the time does not show how much of one
/// is right. That of a token is not secret.
///
/// # Examples
///
/// ```
/// use ipc_core::Token;
///
/// let token = Token::from("s3cret");
/// assert!(token.verify("s3cret") && !token.verify("s3creT"));
/// assert_eq!(format!("{token:?}"), "***");
/// ```
#[derive(Clone)]
pub struct Token(Arc<str>);

impl Token {
    /// Returns whether this is the token that was expected, in a time that depends on the lengths only.
    #[must_use]
    pub fn verify(&self, expected: impl AsRef<str>) -> bool {
        self.0.as_bytes().ct_eq(expected.as_ref().as_bytes()).into()
    }

    /// Returns the token itself: for a program that looks it up elsewhere, or checks a signature in it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Token {
    fn from(token: &str) -> Self {
        Self(token.into())
    }
}

impl From<String> for Token {
    fn from(token: String) -> Self {
        Self(token.into())
    }
}

impl From<Arc<str>> for Token {
    fn from(token: Arc<str>) -> Self {
        Self(token)
    }
}

/// In a time that depends on the lengths only.
impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.verify(&*other.0)
    }
}

impl Eq for Token {}

/// Without the token.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
