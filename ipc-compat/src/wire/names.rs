//! `EventRules`: which names an event may have.

use std::collections::BTreeSet;
use std::sync::Arc;

use ipc_core::FormatError;

use crate::codes;

/// Rules for the names of events, the same for sent and received ones.
///
/// An event from the wire never runs a lifecycle handler here, whatever its name, so the open rules
/// are safe. The others are those of node-ipc 14's profiles.
///
/// # Defaults
///
/// [`EventRules::open`].
///
/// # Examples
///
/// ```
/// use ipc_compat::{EventRules, codes};
///
/// assert!(EventRules::open().check("connect").is_ok());
/// let error = EventRules::guarded().check("connect").unwrap_err();
/// assert_eq!(error.code(), codes::RESERVED_EVENT);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRules {
    max_length: usize,
    strict: bool,
    reserved: bool,
    allowed: Option<Arc<BTreeSet<String>>>,
}

impl EventRules {
    /// The greatest length of a name under [`EventRules::open`]: 4,096 UTF-16 code units, which is
    /// longer than any path or URL a name is made of. A longer one is meant to fill logs or maps.
    pub const OPEN_MAX_LENGTH: usize = 4096;
    /// The greatest length of a name under [`EventRules::guarded`]: 256 UTF-16 code units, as
    /// node-ipc 14 has it.
    pub const GUARDED_MAX_LENGTH: usize = 256;

    /// Returns the rules of node-ipc 8 to 12 and of 14's profile `fast`: any name, even an empty one,
    /// up to [`OPEN_MAX_LENGTH`](Self::OPEN_MAX_LENGTH).
    #[must_use]
    pub fn open() -> Self {
        Self { max_length: Self::OPEN_MAX_LENGTH, strict: false, reserved: true, allowed: None }
    }

    /// Returns the rules of node-ipc 14's profile `guarded`: a name is not empty, at most 256 code
    /// units long, neither a member of JavaScript's `Object.prototype` nor a lifecycle event.
    #[must_use]
    pub fn guarded() -> Self {
        Self { max_length: Self::GUARDED_MAX_LENGTH, strict: true, reserved: false, allowed: None }
    }

    /// Returns the rules of node-ipc 14's profile `assured`: those of `guarded`, and a name must be
    /// one of `allowed`.
    #[must_use]
    pub fn assured<S: Into<String>>(allowed: impl IntoIterator<Item = S>) -> Self {
        let allowed = allowed.into_iter().map(Into::into).collect();
        Self { allowed: Some(Arc::new(allowed)), ..Self::guarded() }
    }

    /// Returns the same rules with another greatest length, in UTF-16 code units (JavaScript's
    /// `length`); `usize::MAX` leaves only the frame's limit.
    #[must_use]
    pub fn with_max_length(self, max_length: usize) -> Self {
        Self { max_length, ..self }
    }

    /// Returns the same rules, but with the names of lifecycle events allowed: node-ipc 14's
    /// `allowReservedEvents`.
    #[must_use]
    pub fn with_reserved_names(self) -> Self {
        Self { reserved: true, ..self }
    }

    /// Returns whether every name of this many bytes is allowed.
    #[inline]
    pub(super) fn allow_all_of(&self, len: usize) -> bool {
        // A code unit takes at least one byte.
        len <= self.max_length && !self.strict && self.reserved && self.allowed.is_none()
    }

    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`FormatError`] with one of these codes, looked for in this order:
    ///
    /// - [`codes::INVALID_EVENT`]: the name is empty and may not be;
    /// - [`codes::EVENT_TOO_LARGE`]: it is too long;
    /// - [`codes::INVALID_EVENT`]: it is a member of `Object.prototype`;
    /// - [`codes::RESERVED_EVENT`]: it is the name of a lifecycle event;
    /// - [`codes::EVENT_NOT_ALLOWED`]: it is not in the list.
    pub fn check(&self, name: &str) -> Result<(), FormatError> {
        // A code unit takes at least one byte, so most names need not be counted.
        if name.len() > self.max_length {
            self.check_length(name)?;
        }
        if self.strict || !self.reserved || self.allowed.is_some() {
            self.check_strictly(name)?;
        }
        Ok(())
    }

    #[cold]
    fn check_length(&self, name: &str) -> Result<(), FormatError> {
        let actual = name.encode_utf16().count();
        if actual <= self.max_length {
            return Ok(());
        }
        let limit = self.max_length;
        Err(FormatError::new(
            codes::EVENT_TOO_LARGE,
            format!("event type of {actual} characters is longer than {limit}"),
        ))
    }

    // Wire rule W16
    fn check_strictly(&self, name: &str) -> Result<(), FormatError> {
        if self.strict && name.is_empty() {
            return Err(FormatError::new(codes::INVALID_EVENT, "event type is empty"));
        }
        if self.strict && PROTOTYPE_NAMES.contains(&name) {
            return refuse(codes::INVALID_EVENT, name, "is a member of Object.prototype");
        }
        if !self.reserved && RESERVED_NAMES.contains(&name) {
            return refuse(codes::RESERVED_EVENT, name, "is reserved for lifecycle events");
        }
        match &self.allowed {
            Some(allowed) if !allowed.contains(name) => {
                refuse(codes::EVENT_NOT_ALLOWED, name, "is not in the list of allowed ones")
            }
            _ => Ok(()),
        }
    }
}

/// Refuses a name without saying it: it may be a secret, or written to forge a line of a log.
fn refuse(code: &'static str, name: &str, why: &str) -> Result<(), FormatError> {
    let length = name.encode_utf16().count();
    Err(FormatError::new(code, format!("event type of {length} characters {why}")))
}

impl Default for EventRules {
    fn default() -> Self {
        Self::open()
    }
}

/// The events a node-ipc program publishes to itself.
const RESERVED_NAMES: [&str; 8] =
    ["start", "connect", "disconnect", "destroy", "close", "socket.disconnected", "error", "data"];

/// What `Object.getOwnPropertyNames(Object.prototype)` returns.
const PROTOTYPE_NAMES: [&str; 12] = [
    "constructor",
    "__defineGetter__",
    "__defineSetter__",
    "hasOwnProperty",
    "__lookupGetter__",
    "__lookupSetter__",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toString",
    "valueOf",
    "__proto__",
    "toLocaleString",
];
