//! `Pattern`: a text with wildcards that stands for many names.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A text that stands for names of events: `price.*`, `log.>`, or one name as it is.
///
/// What is between the dots of a name is a token.
///
/// | token of the pattern | matches |
/// |---|---|
/// | `*` | one token, whichever it is |
/// | `>` (the last token only) | all further tokens, at least one |
/// | any other | the same token, byte by byte |
///
/// So `>` alone matches every name. A name is any text: its tokens may be empty (`a..b` has three), and a
/// wildcard matches those too. A pattern has at most [`MAX_TOKENS`](Self::MAX_TOKENS) tokens and
/// [`MAX_UNITS`](Self::MAX_UNITS) UTF-16 code units, of which none is empty; names may be longer.
///
/// A clone shares the text.
///
/// # Examples
///
/// ```
/// use ipc_core::Pattern;
///
/// let prices = Pattern::new("price.*")?;
/// assert!(prices.matches("price.EUR"));
/// assert!(!prices.matches("price"));
/// assert!(!prices.matches("price.EUR.bid"));
///
/// let all_prices = Pattern::new("price.>")?;
/// assert!(all_prices.matches("price.EUR.bid"));
/// assert!(all_prices.covers(&prices));
///
/// assert_eq!(Pattern::new("price.>.bid").unwrap_err().code(), "invalid_pattern");
/// # Ok::<(), ipc_core::PatternError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    text: Arc<str>,
}

impl Pattern {
    /// How many tokens a pattern may have: 16. What a match costs grows with them, and no program needs
    /// as many.
    pub const MAX_TOKENS: usize = 16;

    /// How many UTF-16 code units a pattern may have, which are what the length of a JavaScript string
    /// counts: 256, as the names of events.
    pub const MAX_UNITS: usize = 256;

    /// Returns the pattern that this text is.
    ///
    /// # Errors
    ///
    /// [`PatternError`], if it is too long or a token is not one.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        Self::check(text)?;
        Ok(Self { text: text.into() })
    }

    /// Checks that the text is a pattern.
    pub(crate) fn check(text: &str) -> Result<(), PatternError> {
        let units = text.encode_utf16().count();
        if units > Self::MAX_UNITS {
            return Err(PatternError::TooLong { limit: Self::MAX_UNITS, actual: units });
        }
        let count = text.split(SEPARATOR).count();
        if count > Self::MAX_TOKENS {
            return Err(PatternError::TooManyTokens { limit: Self::MAX_TOKENS, actual: count });
        }
        for (number, token) in (1..).zip(text.split(SEPARATOR)) {
            match token {
                "" => return Err(PatternError::EmptyToken { number }),
                ">" if number < count => {
                    return Err(PatternError::NotLast { number, tokens: count });
                }
                ONE | REST => {}
                _ if token.contains(['*', '>']) => {
                    return Err(PatternError::PartOfToken { number });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether the pattern has no wildcards: it matches itself and nothing else.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        // A wildcard is a whole token, so that no other token has one of its characters.
        !self.text.contains(['*', '>'])
    }

    /// Returns whether the pattern matches the name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let mut name = name.split(SEPARATOR);
        for token in self.tokens() {
            match (token, name.next()) {
                (_, None) => return false,
                (Token::Rest, Some(_)) => return true,
                (Token::One, Some(_)) => {}
                (Token::Named(token), Some(of_name)) if token == of_name => {}
                (Token::Named(_), Some(_)) => return false,
            }
        }
        name.next().is_none()
    }

    /// Returns whether the pattern matches every name that the other one matches: whoever may have all
    /// that this one stands for may have all of the other.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_core::Pattern;
    ///
    /// let allowed = Pattern::new("price.*")?;
    /// assert!(allowed.covers(&Pattern::new("price.EUR")?));
    /// assert!(!allowed.covers(&Pattern::new("price.>")?));
    /// # Ok::<(), ipc_core::PatternError>(())
    /// ```
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let mut others = other.tokens();
        for token in self.tokens() {
            match (token, others.next()) {
                (_, None) => return false,
                (Token::Rest, Some(_)) => return true,
                (Token::One, Some(Token::One | Token::Named(_))) => {}
                (Token::Named(token), Some(Token::Named(of_other))) if token == of_other => {}
                (Token::One | Token::Named(_), Some(_)) => return false,
            }
        }
        others.next().is_none()
    }

    pub(super) fn tokens(&self) -> impl Iterator<Item = Token<'_>> {
        self.text.split(SEPARATOR).map(|token| match token {
            ONE => Token::One,
            REST => Token::Rest,
            token => Token::Named(token),
        })
    }
}

/// A part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `*`.
    One,
    /// `>`.
    Rest,
    Named(&'a str),
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

impl AsRef<str> for Pattern {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::new(text)
    }
}

impl TryFrom<&str> for Pattern {
    type Error = PatternError;

    fn try_from(text: &str) -> Result<Self, PatternError> {
        Self::new(text)
    }
}

/// Why a text is no [`Pattern`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternError {
    /// The text is too long.
    TooLong {
        /// How many UTF-16 code units it may have.
        limit: usize,
        /// How many it has.
        actual: usize,
    },
    /// The text has too many tokens.
    TooManyTokens {
        /// How many it may have.
        limit: usize,
        /// How many it has.
        actual: usize,
    },
    /// A token is empty: the text is empty, begins or ends with a dot, or has two in a row.
    EmptyToken {
        /// Which token it is, counted from 1.
        number: usize,
    },
    /// `>` is not the last token.
    NotLast {
        /// Which token it is, counted from 1.
        number: usize,
        /// How many tokens the text has.
        tokens: usize,
    },
    /// `*` or `>` is in a token with other characters.
    PartOfToken {
        /// Which token it is, counted from 1.
        number: usize,
    },
}

impl PatternError {
    /// Returns the error's code, which never changes: `invalid_pattern`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "invalid_pattern"
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { limit, actual } => {
                write!(f, "a pattern of {actual} UTF-16 units, the limit is {limit}")
            }
            Self::TooManyTokens { limit, actual } => {
                write!(f, "a pattern of {actual} tokens, the limit is {limit}")
            }
            Self::EmptyToken { number } => write!(f, "token {number} of the pattern is empty"),
            Self::NotLast { number, tokens } => {
                write!(f, "`>` is token {number} of {tokens} of the pattern, and must be the last")
            }
            Self::PartOfToken { number } => {
                write!(f, "token {number} of the pattern has a wildcard in it and is not one")
            }
        }
    }
}

impl Error for PatternError {}

/// What separates the tokens of names and patterns.
pub(super) const SEPARATOR: char = '.';

const ONE: &str = "*";
const REST: &str = ">";
