//! Which code an error of the crates below has here, by its type.

use ipc_codec::{DecodeError, EncodeError};
use ipc_core::{
    CallError, ConnectError, DisconnectReason, EmitError, Error, GroupError, HandlerError, Refusal,
    SubscribeError,
};
#[cfg(feature = "tls-base")]
use ipc_transport::{HandshakeFailure, TlsError};
use ipc_transport::{RuntimeError, TransportError};

use super::*;

/// Returns the code of an error of the core: node-ipc 14's where it has one, and else one in the same
/// style. The code of a [`FormatError`](ipc_core::FormatError) is the format's own.
#[must_use]
pub fn of(error: &Error) -> &'static str {
    match error {
        Error::Transport(error) => of_transport(error),
        Error::Runtime(error) => of_runtime(*error),
        Error::ConnectTimeout { .. } => CONNECT_TIMEOUT,
        Error::Read(_) | Error::Write(_) => CONNECTION_LOST,
        Error::Frame(error) | Error::Foreign { error, .. } => of_decode(error),
        Error::Truncated { .. } => TRUNCATED,
        Error::FrameTimeout { .. } => MESSAGE_TIMEOUT,
        Error::IdleTimeout { .. } => IDLE_TIMEOUT,
        Error::Silent { .. } => SILENT,
        Error::Format(error) => error.code(),
        Error::Handler(HandlerError::Panicked { .. }) => HANDLER_PANICKED,
        Error::Handler(error) => error.code(),
        Error::Overflow(_) => BACKPRESSURE,
        Error::ReceiveBudget { .. } => RECEIVE_BUDGET,
        Error::RateExceeded { .. } => RATE_EXCEEDED,
        Error::NotSubscribed(_) => NOT_SUBSCRIBED,
        Error::Denied { .. } => DENIED,
        Error::NoticeRefused(_) => NOTICE_REFUSED,
        Error::Datagram { .. } => DATAGRAM_NOT_SENT,
        Error::NoPeerAt { .. } => NO_PEER_AT,
        Error::PlainPeer => PLAIN_PEER,
        Error::HelloRefused(_) => HELLO_REFUSED,
        Error::TokensUnsupported(_) => TOKENS_UNSUPPORTED,
        Error::Closed => CLOSED,
        Error::CloseTimeout { .. } => CLOSE_TIMEOUT,
        _ => IO,
    }
}

/// Returns the code of a message that was not taken, as [`of`] does.
///
/// # Examples
///
/// ```
/// use ipc_compat::codes;
/// use ipc_core::EmitError;
///
/// assert_eq!(codes::of_emit(&EmitError::Closed), "ERR_IPC_CLOSED");
/// ```
#[must_use]
pub fn of_emit(error: &EmitError) -> &'static str {
    match error {
        EmitError::Full(_) | EmitError::TooLarge { .. } => BACKPRESSURE,
        EmitError::TooLargeForDatagram { .. } => FRAME_TOO_LARGE,
        EmitError::Format(error) => error.code(),
        EmitError::Encode(EncodeError::FrameTooLarge { .. }) => FRAME_TOO_LARGE,
        EmitError::Encode(EncodeError::ContainsDelimiter { .. }) => CONTAINS_DELIMITER,
        EmitError::Encode(EncodeError::OutputShrunk { .. }) => OUTPUT_SHRUNK,
        EmitError::Closed => CLOSED,
        EmitError::UnknownPeer(_) => UNKNOWN_PEER,
        EmitError::Topic(_) => INVALID_TOPIC,
        EmitError::Runtime(error) => of_runtime(*error),
        _ => IO,
    }
}

/// Returns the code of a call without a result, as [`of`] does. That of an error of the peer's own
/// method is the peer's, such as `ENOENT`.
///
/// # Examples
///
/// ```
/// use ipc_compat::codes;
/// use ipc_core::{CallError, Failure};
///
/// let failed = |code| CallError::from(Failure::new(code, "sorry"));
/// assert_eq!(codes::of_call(&failed("unknown_method")), codes::UNKNOWN_METHOD);
/// assert_eq!(codes::of_call(&failed("not_found")), "not_found");
/// ```
#[must_use]
pub fn of_call(error: &CallError) -> &str {
    match error {
        CallError::Deadline { .. } | CallError::PeerDeadline(_) => REQUEST_TIMEOUT,
        CallError::Disconnected { .. } => DISCONNECTED,
        CallError::Closed { .. } => CLOSED,
        CallError::NotSent(error) => of_emit(error),
        CallError::TooMany(_) => TOO_MANY_CALLS,
        CallError::UnknownMethod(_) => UNKNOWN_METHOD,
        CallError::InvalidArgs(_) => INVALID_ARGS,
        CallError::Busy(_) => BUSY,
        CallError::Cancelled(_) => CANCELLED,
        CallError::Closing(_) => CLOSING,
        CallError::Denied(_) => DENIED,
        CallError::InvalidResult(error) => error.code(),
        CallError::UnexpectedStream => UNEXPECTED_STREAM,
        CallError::Overrun(_) => STREAM_OVERRUN,
        CallError::EventsFull { .. } => EVENTS_FULL,
        CallError::Unsupported(_) => UNSUPPORTED,
        other => match other.code() {
            // What the peer's library says, not its method.
            "panicked" => PANICKED,
            "needs_stream" => NEEDS_STREAM,
            "too_large" => FRAME_TOO_LARGE,
            "invalid_call" => INVALID_CALL,
            own => own,
        },
    }
}

/// Returns the code of a peer that did not join a group, as [`of`] does.
#[must_use]
pub fn of_group(error: &GroupError) -> &'static str {
    match error {
        GroupError::NameTooLong { .. } => GROUP_NAME_TOO_LONG,
        GroupError::TooManyOfPeer { .. } | GroupError::TooManyOfServer { .. } => TOO_MANY,
        GroupError::NotOfServer => NO_GROUPS,
        _ => CLOSED,
    }
}

/// Returns the code of topics that were not subscribed to, as [`of`] and [`of_call`] do.
#[must_use]
pub fn of_subscribe(error: &SubscribeError) -> &str {
    match error {
        SubscribeError::Pattern(_) => INVALID_PATTERN,
        SubscribeError::TooMany(_) => TOO_MANY,
        SubscribeError::Call(error) => of_call(error),
        other => other.code(),
    }
}

/// Returns the code of a client that did not get connected, as [`of`] does.
#[must_use]
pub fn of_connect(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Failed(error) => of(error),
        _ => CLOSED,
    }
}

/// Returns the code of a peer that was not let in, as [`of`] does.
///
/// # Examples
///
/// ```
/// use ipc_compat::codes;
/// use ipc_core::Refusal;
///
/// let refusal = Refusal::TooManyPeers { limit: 100 };
/// assert_eq!(codes::of_refusal(&refusal), "ERR_IPC_TOO_MANY_CONNECTIONS");
/// assert_eq!(codes::of_refusal(&Refusal::new("a stranger")), "ERR_IPC_DENIED");
/// ```
#[must_use]
pub fn of_refusal(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::TooManyPeers { .. } | Refusal::TooManyOfIdentity { .. } => TOO_MANY_CONNECTIONS,
        Refusal::Transport(error) => of_transport(error),
        Refusal::Undecided { .. } => UNDECIDED,
        Refusal::Late { .. } => LATE,
        Refusal::NoHello => NO_HELLO,
        Refusal::TooManyBytes { .. } => TOO_MANY_BYTES,
        Refusal::TooManyWaiting { .. } => TOO_MANY_WAITING,
        Refusal::IdentityInUse { .. } => IDENTITY_IN_USE,
        Refusal::IdentityRefused { .. } => REFUSED,
        _ => DENIED,
    }
}

/// Returns the code of a connection's end, as [`of`] does.
#[must_use]
pub fn of_disconnect(reason: &DisconnectReason) -> &'static str {
    match reason {
        DisconnectReason::Local => CLOSED_BY_THIS_SIDE,
        DisconnectReason::PeerClosed => CLOSED_BY_PEER,
        DisconnectReason::Reset => RESET_BY_PEER,
        DisconnectReason::Truncated { .. } => TRUNCATED,
        DisconnectReason::Error(error) => of(error),
        _ => CONNECTION_LOST,
    }
}

pub(crate) const fn of_runtime(error: RuntimeError) -> &'static str {
    match error {
        RuntimeError::NoIo => RUNTIME_WITHOUT_IO,
        RuntimeError::NoTime => RUNTIME_WITHOUT_TIME,
        _ => NO_RUNTIME,
    }
}

const fn of_decode(error: &DecodeError) -> &'static str {
    match error {
        DecodeError::FrameTooLarge { .. } => FRAME_TOO_LARGE,
        DecodeError::Truncated { .. } => TRUNCATED,
        _ => DECODER_FAILED,
    }
}

fn of_transport(error: &TransportError) -> &'static str {
    match error {
        TransportError::InvalidName { reason, .. } if is_about_socket_root(reason) => SOCKET_ROOT,
        TransportError::AlreadyRunning { .. } => ALREADY_RUNNING,
        TransportError::AddressInUse { .. } => ADDRESS_IN_USE,
        TransportError::StartInProgress { .. } => START_IN_PROGRESS,
        TransportError::NotASocket { .. } => UNLINK_NOT_SOCKET,
        TransportError::NameTooLong { .. } => NAME_TOO_LONG,
        TransportError::InvalidName { .. } => INVALID_NAME,
        TransportError::Busy { .. } => BUSY,
        TransportError::MissingDirectory { .. } => MISSING_DIRECTORY,
        TransportError::DirectoryNotWritable { .. } => DIRECTORY_NOT_WRITABLE,
        TransportError::ForeignOwner { .. } => FOREIGN_OWNER,
        TransportError::UnknownOwner { .. } => UNKNOWN_OWNER,
        TransportError::PeerRefused { .. } => PEER_REFUSED,
        TransportError::UnknownGroup { .. } => UNKNOWN_GROUP,
        TransportError::GroupRefused { .. } => GROUP_REFUSED,
        TransportError::ModeRefused { .. } => MODE_REFUSED,
        TransportError::Displaced { .. } => DISPLACED,
        TransportError::AlreadyTaken { .. } => ALREADY_TAKEN,
        TransportError::NobodyListening { .. } => NOBODY_LISTENING,
        TransportError::HostNotFound { .. } => HOST_NOT_FOUND,
        TransportError::WrongFamily { .. } => WRONG_FAMILY,
        TransportError::BroadcastOff { .. } => BROADCAST_OFF,
        TransportError::ConnectTimeout { .. } => CONNECT_TIMEOUT,
        TransportError::Unreachable { .. } => UNREACHABLE,
        TransportError::TooManyFiles { .. } => TOO_MANY_FILES,
        TransportError::Unsupported { .. } => UNSUPPORTED,
        TransportError::InvalidEndpoint(_) => INVALID_ENDPOINT,
        #[cfg(feature = "tls-base")]
        TransportError::Tls(error) => of_tls(error),
        #[cfg(feature = "tls-base")]
        TransportError::Handshake { failure, .. } => of_handshake(failure),
        _ => IO,
    }
}

#[cfg(feature = "tls-base")]
const fn of_tls(error: &TlsError) -> &'static str {
    match error {
        TlsError::Unreadable { .. } => TLS_UNREADABLE,
        TlsError::NotAPath => TLS_NOT_A_PATH,
        TlsError::NotPem { .. } => TLS_NOT_PEM,
        TlsError::Missing { .. } => TLS_MISSING,
        TlsError::Unused { .. } => TLS_UNUSED,
        TlsError::Encrypted { .. } => TLS_ENCRYPTED_KEY,
        TlsError::InvalidCertificate { .. } => TLS_INVALID_CERTIFICATE,
        TlsError::UnusableKey { .. } => TLS_UNUSABLE_KEY,
        TlsError::KeyMismatch { .. } => TLS_KEY_MISMATCH,
        TlsError::InvalidServerName { .. } => TLS_INVALID_SERVER_NAME,
        TlsError::NoTrust => TLS_NO_TRUST,
        TlsError::NoSystemRoots { .. } => TLS_NO_SYSTEM_ROOTS,
        TlsError::NoClientTrust => TLS_NO_CLIENT_TRUST,
        TlsError::NoSettings => TLS_NO_SETTINGS,
        TlsError::NoClient => TLS_NO_CLIENT,
        TlsError::NoServer => TLS_NO_SERVER,
        TlsError::Refused { .. } => TLS_REFUSED,
        _ => TLS_CONFIGURATION,
    }
}

#[cfg(feature = "tls-base")]
const fn of_handshake(failure: &HandshakeFailure) -> &'static str {
    match failure {
        HandshakeFailure::Timeout { .. } => TLS_HANDSHAKE_TIMEOUT,
        HandshakeFailure::CrowdedOut { .. } => TLS_CROWDED_OUT,
        HandshakeFailure::NotTls { .. } => TLS_NOT_TLS,
        HandshakeFailure::Expired => TLS_CERTIFICATE_EXPIRED,
        HandshakeFailure::NotYetValid => TLS_CERTIFICATE_NOT_YET_VALID,
        HandshakeFailure::WrongName => TLS_WRONG_NAME,
        HandshakeFailure::UnknownIssuer => TLS_UNKNOWN_ISSUER,
        HandshakeFailure::OldVersion => TLS_OLD_CERTIFICATE_VERSION,
        HandshakeFailure::BadCertificate => TLS_BAD_CERTIFICATE,
        HandshakeFailure::NoClientCertificate => TLS_NO_CLIENT_CERTIFICATE,
        HandshakeFailure::Refused { .. } => TLS_REFUSED_BY_PEER,
        HandshakeFailure::Closed => TLS_CLOSED,
        _ => TLS_HANDSHAKE,
    }
}

/// Returns whether a name was refused for the socket root that it is in.
fn is_about_socket_root(reason: &str) -> bool {
    #[cfg(unix)]
    return crate::ipc::socket_root::REASONS.contains(&reason);
    #[cfg(not(unix))]
    {
        let _ = reason;
        false
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use ipc_codec::EncodeError;
    use ipc_core::queue::QueueLimit;
    use ipc_core::{Failure, FormatError};

    use super::*;

    #[test]
    fn codes_are_node_ipcs_where_it_has_one() {
        let limit = Duration::from_secs(30);
        let looks_like = None;
        assert_eq!(of(&Error::FrameTimeout { limit, looks_like }), "ERR_IPC_MESSAGE_TIMEOUT");
        assert_eq!(of(&Error::Truncated { buffered: 1, looks_like }), TRUNCATED);
        assert_eq!(of(&FormatError::new(INVALID_JSON, "no").into()), INVALID_JSON);
        assert_eq!(of(&Error::CloseTimeout { limit }), "ERR_IPC_CLOSE_TIMEOUT");
        let refused = Failure::unknown_method("sum").into();
        assert_eq!(of(&Error::NoticeRefused(refused)), "ERR_IPC_NOTICE_REFUSED");
    }

    #[test]
    fn what_is_not_sent_or_connected_has_a_code_too() {
        let (limit, actual) = (1, 2);
        for (error, code) in [
            (EmitError::Full(QueueLimit::Messages { limit, actual }), BACKPRESSURE),
            (EmitError::TooLarge { limit, actual }, BACKPRESSURE),
            (EmitError::TooLargeForDatagram { limit, actual }, FRAME_TOO_LARGE),
            (FormatError::new(EVENT_NOT_ALLOWED, "no").into(), EVENT_NOT_ALLOWED),
            (EncodeError::FrameTooLarge { limit, actual }.into(), FRAME_TOO_LARGE),
            (EncodeError::ContainsDelimiter { at: 0 }.into(), "ERR_IPC_CONTAINS_DELIMITER"),
            (EmitError::Closed, "ERR_IPC_CLOSED"),
        ] {
            assert_eq!(of_emit(&error), code, "{error}");
        }
        let nobody = Arc::new(Error::ConnectTimeout {
            endpoint: ipc_transport::Endpoint::Memory("nowhere".into()),
            limit: Duration::ZERO,
        });
        let failed = ConnectError::Failed(Arc::clone(&nobody));
        assert_eq!(of_connect(&failed), "ERR_IPC_CONNECT_TIMEOUT");
        assert_eq!(of_connect(&ConnectError::Closed), "ERR_IPC_CLOSED");
        assert_eq!(of_disconnect(&DisconnectReason::Error(nobody)), "ERR_IPC_CONNECT_TIMEOUT");
        let truncated = DisconnectReason::Truncated { buffered: 1 };
        assert_eq!(of_disconnect(&truncated), "ERR_IPC_TRUNCATED");
        assert_eq!(of_disconnect(&DisconnectReason::Local), "ERR_IPC_CLOSED_BY_THIS_SIDE");
    }
}
