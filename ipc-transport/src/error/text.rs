//! The parts of an error's text that are more than a field.

use super::Attempts;
use crate::Endpoint;

/// Returns a user as errors show one.
pub(super) fn user(uid: u32) -> String {
    #[cfg(feature = "unix")]
    return crate::kinds::unix::users::shown(uid);
    #[cfg(not(feature = "unix"))]
    uid.to_string()
}

/// Returns whose client was refused.
pub(super) fn client(uid: Option<u32>) -> String {
    uid.map_or_else(|| "an unknown user".to_owned(), |uid| format!("user {}", user(uid)))
}

/// Returns the family of addresses that the endpoint needs.
pub(super) fn family(endpoint: &Endpoint) -> &'static str {
    if matches!(endpoint, Endpoint::Udp4 { .. }) { "IPv4" } else { "IPv6" }
}

/// Returns the end of a text about a host: what came of each address, if any was tried.
pub(super) fn tried(attempts: &Attempts) -> String {
    if attempts.is_empty() { String::new() } else { format!(": tried {attempts}") }
}

/// What an error says of an address that the system does not let us send to.
pub(crate) const BROADCAST_OFF: &str =
    "may not be sent to: a broadcast address needs the broadcast option";
