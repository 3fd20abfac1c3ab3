//! Built-in methods: those whose names begin with `$`, which the library answers itself.
//!
//! They are ordinary calls. Their arguments and results are [`Value`]s, a data model small enough to
//! need no serde, which a [`BuiltinFormat`] writes and reads.

mod about;
mod format;
#[cfg(feature = "serde")]
mod limits;
#[cfg(feature = "serde")]
mod serde;
mod value;

pub use about::{About, AboutMethod};
pub use format::BuiltinFormat;
pub use value::Value;

/// The name of the built-in method that says what a program is and what it answers.
pub const INFO: &str = "$info";

/// The name of the built-in method with which a client says who it is.
pub const HELLO: &str = "$hello";

/// The name of the built-in method that says why a connection is about to be closed.
pub const BYE: &str = "$bye";

/// The name of the built-in method that a silent peer is asked, for a sign of life. It takes and returns
/// nothing.
pub const PING: &str = "$ping";
/// The name of the built-in method that subscribes to topics of a server.
pub const SUB: &str = "$sub";

/// The name of the built-in method that ends subscriptions.
pub const UNSUB: &str = "$unsub";

/// Returns whether a method of this name is one of the library's, not of the program's.
#[must_use]
pub fn is_builtin(method: impl AsRef<[u8]>) -> bool {
    method.as_ref().first() == Some(&b'$')
}
