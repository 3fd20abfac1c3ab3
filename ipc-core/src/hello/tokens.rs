//! `Tokens`: a table of names and their tokens.

use std::sync::Arc;

use super::claim::MAX_TOKEN;
use super::{Claim, Identity, Proof, Token};
use crate::Refusal;

/// A table of names and their tokens, for [`ServerBuilder::tokens`](crate::ServerBuilder::tokens): the
/// simplest way to say who is let in.
///
/// A name may have several tokens, such as the old and the new one while it is replaced. A peer that says a
/// name needs one of that name's; one that says none has the name whose token it shows.
///
/// # Examples
///
/// ```
/// use ipc_core::{MsgPack, Server, Tokens};
/// use ipc_transport::MemoryTransport;
///
/// let tokens = Tokens::new([("alice", "s3cret"), ("bob", "hunter2")])?;
/// let server = Server::builder(MsgPack::new(), MemoryTransport::new("w")).tokens(tokens).build();
/// # Ok::<(), ipc_core::TokensError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tokens {
    known: Arc<[(Arc<str>, Token)]>,
}

/// What is wrong with a table of tokens. No token is shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokensError {
    /// A name is empty.
    #[error("a name is empty")]
    EmptyName,
    /// A token is empty: whoever shows none would be let in.
    #[error("a token of {name:?} is empty")]
    EmptyToken {
        /// Whose it is.
        name: Arc<str>,
    },
    /// A token is longer than a peer can show.
    #[error("a token of {name:?} has {actual} bytes, the limit is {limit}")]
    TokenTooLong {
        /// Whose it is.
        name: Arc<str>,
        /// How many bytes it may have.
        limit: usize,
        /// How many it has.
        actual: usize,
    },
    /// Two names have the same token.
    #[error("{first:?} and {second:?} have the same token")]
    SameToken {
        /// The one.
        first: Arc<str>,
        /// The other.
        second: Arc<str>,
    },
}

impl Tokens {
    /// Returns the table of these names and tokens. An empty one lets no one in.
    ///
    /// # Errors
    ///
    /// [`TokensError`] if a name or a token is empty, a token is longer than 8,192 bytes, or two names have
    /// the same.
    pub fn new<N: Into<Arc<str>>, T: Into<Token>>(
        known: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, TokensError> {
        let known = known.into_iter().map(|(name, token)| (name.into(), token.into()));
        let known: Arc<[(Arc<str>, Token)]> = known.collect();
        let mut sorted: Vec<_> = known.iter().collect();
        sorted.sort_by_key(|(_, token)| token.expose());
        for ((first, one), (second, other)) in sorted.iter().zip(sorted.iter().skip(1)) {
            if one == other && first != second {
                let (first, second) = (Arc::clone(first), Arc::clone(second));
                return Err(TokensError::SameToken { first, second });
            }
        }
        for (name, token) in &*known {
            let actual = token.expose().len();
            let name = || Arc::clone(name);
            match actual {
                _ if name().is_empty() => return Err(TokensError::EmptyName),
                0 => return Err(TokensError::EmptyToken { name: name() }),
                1..=MAX_TOKEN => {}
                _ => {
                    return Err(TokensError::TokenTooLong {
                        name: name(),
                        limit: MAX_TOKEN,
                        actual,
                    });
                }
            }
        }
        Ok(Self { known })
    }

    /// Returns who shows a token of the table.
    ///
    /// # Errors
    ///
    /// [`Refusal::Denied`] if it shows none, one that is not in the table, or one of another name.
    pub fn check(&self, claim: &Claim) -> Result<Identity, Refusal> {
        let Some(shown) = &claim.token else {
            return Err("it shows no token".into());
        };
        let mut owner = None;
        // All of them, so that the time does not show which one it is.
        for (name, token) in &*self.known {
            if token == shown {
                owner = Some(name);
            }
        }
        match (owner, &claim.name) {
            (None, _) => Err("the token is not in the table".into()),
            (Some(owner), Some(name)) if owner != name => Err("the token is another's".into()),
            (Some(owner), _) => Ok(Identity { name: Arc::clone(owner), proof: Proof::Token }),
        }
    }
}

impl TokensError {
    /// Returns a stable code, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EmptyName => "empty_name",
            Self::EmptyToken { .. } => "empty_token",
            Self::TokenTooLong { .. } => "token_too_long",
            Self::SameToken { .. } => "same_token",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tokens: &Tokens, name: Option<&str>, token: Option<&str>) -> String {
        let claim = Claim { name: name.map(Into::into), token: token.map(Into::into) };
        match tokens.check(&claim) {
            Ok(identity) => format!("{} by {:?}", identity.name, identity.proof),
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn a_token_lets_in_whose_it_is() {
        let tokens = Tokens::new([("alice", "a1"), ("alice", "a2"), ("bob", "b")]).unwrap();
        assert_eq!(check(&tokens, Some("alice"), Some("a1")), "alice by Token");
        assert_eq!(check(&tokens, Some("alice"), Some("a2")), "alice by Token");
        assert_eq!(check(&tokens, None, Some("b")), "bob by Token");
        assert_eq!(check(&tokens, Some("bob"), Some("a1")), "the token is another's");
        assert_eq!(check(&tokens, Some("carol"), Some("b")), "the token is another's");
        assert_eq!(check(&tokens, Some("bob"), None), "it shows no token");
        for wrong in ["", "a", "a11", "A1", "c"] {
            assert_eq!(check(&tokens, Some("alice"), Some(wrong)), "the token is not in the table");
        }
    }

    #[test]
    fn an_empty_table_lets_no_one_in() {
        let tokens = Tokens::new::<&str, &str>([]).unwrap();
        assert_eq!(check(&tokens, None, Some("")), "the token is not in the table");
    }

    #[test]
    fn a_table_is_checked_and_shows_no_token() {
        let error = |known: &[(&str, &str)]| Tokens::new(known.iter().copied()).unwrap_err();
        assert_eq!(error(&[("", "a")]), TokensError::EmptyName);
        assert_eq!(error(&[("bob", "")]), TokensError::EmptyToken { name: "bob".into() });
        let same = TokensError::SameToken { first: "a".into(), second: "b".into() };
        assert_eq!(error(&[("a", "x"), ("c", "y"), ("b", "x")]), same);
        let (longest, limit) = ("x".repeat(8192), 8192);
        let longer = "x".repeat(8193);
        assert_eq!(
            error(&[("a", &longer)]),
            TokensError::TokenTooLong { name: "a".into(), limit, actual: 8193 },
        );
        let tokens = Tokens::new([("a", longest.as_str()), ("b", "s3cret")]).unwrap();
        assert!(!format!("{tokens:?}").contains("s3cret"));
    }
}
