//! The stable error codes: node-ipc 14's own, and those of this crate beside them.
//!
//! `docs/errors.md` lists them with the codes of the crates below, where each comes from.

mod of;

pub(crate) use of::of_runtime;
pub use of::{of, of_call, of_connect, of_disconnect, of_emit, of_group, of_refusal, of_subscribe};

/// The address is taken.
pub const ADDRESS_IN_USE: &str = "ERR_IPC_ADDRESS_IN_USE";
/// A live server answers at the path.
pub const ALREADY_RUNNING: &str = "ERR_IPC_ALREADY_RUNNING";
/// An inherited socket was listened on before.
pub const ALREADY_TAKEN: &str = "ERR_IPC_ALREADY_TAKEN";
/// An argument is not one of the values that its place takes.
pub const ARGUMENT: &str = "ERR_IPC_ARGUMENT";
/// TLS in the profile `assured` has to identify both sides. node-ipc 14's code.
pub const ASSURED_TLS: &str = "ERR_IPC_ASSURED_TLS";
/// The profile `assured` takes no such transport. node-ipc 14's code.
pub const ASSURED_TRANSPORT: &str = "ERR_IPC_ASSURED_TRANSPORT";
/// Too much waits to be sent, the peer does not read, or the message alone is larger than the
/// send queue. node-ipc 14's code.
pub const BACKPRESSURE: &str = "ERR_IPC_BACKPRESSURE";
/// A datagram to a broadcast address, which has to be asked for.
pub const BROADCAST_OFF: &str = "ERR_IPC_BROADCAST_OFF";
/// A call of this name is open, and the layout can have one at a time. Of this crate.
pub const CALL_IN_PROGRESS: &str = "ERR_IPC_CALL_IN_PROGRESS";
/// The server had no place for another client in time, or as many calls run at the peer as may.
pub const BUSY: &str = "ERR_IPC_BUSY";
/// The peer cancelled the call.
pub const CANCELLED: &str = "ERR_IPC_CANCELLED";
/// This side is closed for good.
pub const CLOSED: &str = "ERR_IPC_CLOSED";
/// A connection ended: the other side closed it, between two frames.
pub const CLOSED_BY_PEER: &str = "ERR_IPC_CLOSED_BY_PEER";
/// A connection ended: this side closed it.
pub const CLOSED_BY_THIS_SIDE: &str = "ERR_IPC_CLOSED_BY_THIS_SIDE";
/// Closing took too long, and was cut.
pub const CLOSE_TIMEOUT: &str = "ERR_IPC_CLOSE_TIMEOUT";
/// The peer is about to close and takes no new calls.
pub const CLOSING: &str = "ERR_IPC_CLOSING";
/// A setting of the config cannot be used.
pub const CONFIG: &str = "ERR_IPC_CONFIG";
/// The connection broke.
pub const CONNECTION_LOST: &str = "ERR_IPC_CONNECTION_LOST";
/// Connecting took too long.
pub const CONNECT_TIMEOUT: &str = "ERR_IPC_CONNECT_TIMEOUT";
/// A frame would hold its own delimiter.
pub const CONTAINS_DELIMITER: &str = "ERR_IPC_CONTAINS_DELIMITER";
/// A datagram could not be sent.
pub const DATAGRAM_NOT_SENT: &str = "ERR_IPC_DATAGRAM_NOT_SENT";
/// Bytes came after an error that had ended the stream.
pub const DECODER_FAILED: &str = "ERR_IPC_DECODER_FAILED";
/// The peer does not allow the call; or a peer was not let in, or did what it may not.
pub const DENIED: &str = "ERR_IPC_DENIED";
/// The socket cannot be made in its directory.
pub const DIRECTORY_NOT_WRITABLE: &str = "ERR_IPC_DIRECTORY_NOT_WRITABLE";
/// The connection was lost while a call was open. In `layouts::requests` it is also the name of
/// `closing`.
pub const DISCONNECTED: &str = "ERR_IPC_DISCONNECTED";
/// The server's socket file was removed or replaced, and the server is set to stop then.
pub const DISPLACED: &str = "ERR_IPC_DISPLACED";
/// The event's name is not in the list of allowed ones. node-ipc 14's code.
pub const EVENT_NOT_ALLOWED: &str = "ERR_IPC_EVENT_NOT_ALLOWED";
/// The event's name is longer than the rules allow. node-ipc 14's code.
pub const EVENT_TOO_LARGE: &str = "ERR_IPC_EVENT_TOO_LARGE";
/// More was received while a call waited for its answer than may wait to be taken.
pub const EVENTS_FULL: &str = "ERR_IPC_EVENTS_FULL";
/// The socket or its directory belongs to another user.
pub const FOREIGN_OWNER: &str = "ERR_IPC_FOREIGN_OWNER";
/// A frame is longer than the limit, received or sent, or fits into no datagram. node-ipc 14's
/// code.
pub const FRAME_TOO_LARGE: &str = "ERR_IPC_FRAME_TOO_LARGE";
/// The name of a group is too long.
pub const GROUP_NAME_TOO_LONG: &str = "ERR_IPC_GROUP_NAME_TOO_LONG";
/// The socket cannot be given to the group.
pub const GROUP_REFUSED: &str = "ERR_IPC_GROUP_REFUSED";
/// A handler panicked.
pub const HANDLER_PANICKED: &str = "ERR_IPC_HANDLER_PANICKED";
/// The server does not accept who a client says it is.
pub const HELLO_REFUSED: &str = "ERR_IPC_HELLO_REFUSED";
/// The host has no address; permanent if no host can have the name.
pub const HOST_NOT_FOUND: &str = "ERR_IPC_HOST_NOT_FOUND";
/// A client was not let in, for another has its name.
pub const IDENTITY_IN_USE: &str = "ERR_IPC_IDENTITY_IN_USE";
/// The peer sent nothing in time.
pub const IDLE_TIMEOUT: &str = "ERR_IPC_IDLE_TIMEOUT";
/// The arguments are not what the peer's method takes.
pub const INVALID_ARGS: &str = "ERR_IPC_INVALID_ARGS";
/// A call or an answer is not as it has to be. Of this crate.
pub const INVALID_CALL: &str = "ERR_IPC_INVALID_CALL";
/// The payload is not what the handler asks for; node-ipc has no typed payloads.
pub const INVALID_DATA: &str = "ERR_IPC_INVALID_DATA";
/// The text is not an endpoint.
pub const INVALID_ENDPOINT: &str = "ERR_IPC_INVALID_ENDPOINT";
/// The event's name is absent, no string, or one the rules refuse. node-ipc 14's code.
pub const INVALID_EVENT: &str = "ERR_IPC_INVALID_EVENT";
/// The frame is not JSON. node-ipc 14's code.
pub const INVALID_JSON: &str = "ERR_IPC_INVALID_JSON";
/// The frame is JSON, but not an object. node-ipc 14's code.
pub const INVALID_MESSAGE: &str = "ERR_IPC_INVALID_MESSAGE";
/// The path or name can never be that of a socket or pipe.
pub const INVALID_NAME: &str = "ERR_IPC_INVALID_NAME";
/// A text is no pattern of names.
pub const INVALID_PATTERN: &str = "ERR_IPC_INVALID_PATTERN";
/// What something was to be published under is no topic.
pub const INVALID_TOPIC: &str = "ERR_IPC_INVALID_TOPIC";
/// The system refused something else; permanent if it was not asked, since the operation makes
/// no sense.
pub const IO: &str = "ERR_IPC_IO";
/// A client was not let in, for it was not decided about in time.
pub const LATE: &str = "ERR_IPC_LATE";
/// A frame was begun and made no progress in time. node-ipc 14's code.
pub const MESSAGE_TIMEOUT: &str = "ERR_IPC_MESSAGE_TIMEOUT";
/// The directory for the socket does not exist.
pub const MISSING_DIRECTORY: &str = "ERR_IPC_MISSING_DIRECTORY";
/// There is no such method: the name of `unknown_method` in `layouts::requests`.
pub const MISSING_ROUTE: &str = "ERR_IPC_MISSING_ROUTE";
/// The file system does not give the socket file its mode.
pub const MODE_REFUSED: &str = "ERR_IPC_MODE_REFUSED";
/// The path or name does not fit into a socket address, or a pipe's name.
pub const NAME_TOO_LONG: &str = "ERR_IPC_NAME_TOO_LONG";
/// The method answers with a stream, and the call did not ask for one.
pub const NEEDS_STREAM: &str = "ERR_IPC_NEEDS_STREAM";
/// No server listens there.
pub const NOBODY_LISTENING: &str = "ERR_IPC_NOBODY_LISTENING";
/// A notice of the peer's was not run: there is no such method, say, or too many run.
pub const NOTICE_REFUSED: &str = "ERR_IPC_NOTICE_REFUSED";
/// The blocking driver takes no such transport.
pub const NOT_BLOCKING: &str = "ERR_IPC_NOT_BLOCKING";
/// The type is no enum whose variants can be events.
pub const NOT_AN_ENUM: &str = "ERR_IPC_NOT_AN_ENUM";
/// Bytes were to be sent although frames are: raw mode is off.
pub const NOT_RAW_MODE: &str = "ERR_IPC_NOT_RAW_MODE";
/// The server has refused, on a further connection, what the client had subscribed to.
pub const NOT_SUBSCRIBED: &str = "ERR_IPC_NOT_SUBSCRIBED";
/// A client's peer was to join a group, and only a server has groups.
pub const NO_GROUPS: &str = "ERR_IPC_NO_GROUPS";
/// A client was not let in, for it said no hello before it left.
pub const NO_HELLO: &str = "ERR_IPC_NO_HELLO";
/// A client has no id; in node-ipc it is a line of the log.
pub const NO_ID: &str = "ERR_IPC_NO_ID";
/// No peer has this address.
pub const NO_PEER_AT: &str = "ERR_IPC_NO_PEER_AT";
/// There is no tokio runtime on this thread.
pub const NO_RUNTIME: &str = "ERR_IPC_NO_RUNTIME";
/// The function that writes a frame took bytes out of the buffer.
pub const OUTPUT_SHRUNK: &str = "ERR_IPC_OUTPUT_SHRUNK";
/// The peer's method panicked.
pub const PANICKED: &str = "ERR_IPC_PANICKED";
/// A client of another user was refused.
pub const PEER_REFUSED: &str = "ERR_IPC_PEER_REFUSED";
/// The server does not know `$hello`, and the client insists on it.
pub const PLAIN_PEER: &str = "ERR_IPC_PLAIN_PEER";
/// Raw mode has no events: `emit` was called, or a payload asked for as a type; in node-ipc the
/// event's name would be sent as the bytes.
pub const RAW_MODE: &str = "ERR_IPC_RAW_MODE";
/// A peer sent more than its rate allows.
pub const RATE_EXCEEDED: &str = "ERR_IPC_RATE_EXCEEDED";
/// Unfinished frames of all peers take too much.
pub const RECEIVE_BUDGET: &str = "ERR_IPC_RECEIVE_BUDGET";
/// A client was not let in, for its name is refused for a time.
pub const REFUSED: &str = "ERR_IPC_REFUSED";
/// A call was not answered in time. In `layouts::requests` it is also the name of `deadline`.
pub const REQUEST_TIMEOUT: &str = "ERR_IPC_REQUEST_TIMEOUT";
/// The event's name is one of node-ipc's own lifecycle events, and the rules refuse those.
/// node-ipc 14's code.
pub const RESERVED_EVENT: &str = "ERR_IPC_RESERVED_EVENT";
/// A connection ended: the other side had not read everything.
pub const RESET_BY_PEER: &str = "ERR_IPC_RESET_BY_PEER";
/// The tokio runtime was built without `enable_io`.
pub const RUNTIME_WITHOUT_IO: &str = "ERR_IPC_RUNTIME_WITHOUT_IO";
/// The tokio runtime was built without `enable_time`.
pub const RUNTIME_WITHOUT_TIME: &str = "ERR_IPC_RUNTIME_WITHOUT_TIME";
/// The peer gave no sign of life, although it was asked for one.
pub const SILENT: &str = "ERR_IPC_SILENT";
/// The socket root is a link, another user's directory, or everybody's. node-ipc 14's code.
pub const SOCKET_ROOT: &str = "ERR_IPC_SOCKET_ROOT";
/// Another process was starting a server at the path all the time.
pub const START_IN_PROGRESS: &str = "ERR_IPC_START_IN_PROGRESS";
/// More items of a stream wait to be read than may: the peer ignored the credit.
pub const STREAM_OVERRUN: &str = "ERR_IPC_STREAM_OVERRUN";
/// The peer's certificate cannot be used.
pub const TLS_BAD_CERTIFICATE: &str = "ERR_IPC_TLS_BAD_CERTIFICATE";
/// The peer's certificate has expired.
pub const TLS_CERTIFICATE_EXPIRED: &str = "ERR_IPC_TLS_CERTIFICATE_EXPIRED";
/// The peer's certificate is not valid yet.
pub const TLS_CERTIFICATE_NOT_YET_VALID: &str = "ERR_IPC_TLS_CERTIFICATE_NOT_YET_VALID";
/// The peer ended the connection during the handshake.
pub const TLS_CLOSED: &str = "ERR_IPC_TLS_CLOSED";
/// The settings of TLS cannot be used; in node-ipc, a server without key or certificate.
/// node-ipc 14's code.
pub const TLS_CONFIGURATION: &str = "ERR_IPC_TLS_CONFIGURATION";
/// A handshake was cut for a newcomer.
pub const TLS_CROWDED_OUT: &str = "ERR_IPC_TLS_CROWDED_OUT";
/// A private key has a passphrase.
pub const TLS_ENCRYPTED_KEY: &str = "ERR_IPC_TLS_ENCRYPTED_KEY";
/// The handshake failed otherwise.
pub const TLS_HANDSHAKE: &str = "ERR_IPC_TLS_HANDSHAKE";
/// The handshake took too long.
pub const TLS_HANDSHAKE_TIMEOUT: &str = "ERR_IPC_TLS_HANDSHAKE_TIMEOUT";
/// A certificate cannot be used.
pub const TLS_INVALID_CERTIFICATE: &str = "ERR_IPC_TLS_INVALID_CERTIFICATE";
/// The name is neither a host name nor an address.
pub const TLS_INVALID_SERVER_NAME: &str = "ERR_IPC_TLS_INVALID_SERVER_NAME";
/// A key is not that of its certificate.
pub const TLS_KEY_MISMATCH: &str = "ERR_IPC_TLS_KEY_MISMATCH";
/// A file has no certificate or no key in it.
pub const TLS_MISSING: &str = "ERR_IPC_TLS_MISSING";
/// PEM where the path of a file is asked for.
pub const TLS_NOT_A_PATH: &str = "ERR_IPC_TLS_NOT_A_PATH";
/// A file is not PEM.
pub const TLS_NOT_PEM: &str = "ERR_IPC_TLS_NOT_PEM";
/// What the peer sent is not TLS.
pub const TLS_NOT_TLS: &str = "ERR_IPC_TLS_NOT_TLS";
/// The transport has no settings of a client.
pub const TLS_NO_CLIENT: &str = "ERR_IPC_TLS_NO_CLIENT";
/// The client has no certificate.
pub const TLS_NO_CLIENT_CERTIFICATE: &str = "ERR_IPC_TLS_NO_CLIENT_CERTIFICATE";
/// A server that asks for certificates has nothing to trust.
pub const TLS_NO_CLIENT_TRUST: &str = "ERR_IPC_TLS_NO_CLIENT_TRUST";
/// The transport has no settings of a server.
pub const TLS_NO_SERVER: &str = "ERR_IPC_TLS_NO_SERVER";
/// An endpoint of TLS alone, without certificates or trust.
pub const TLS_NO_SETTINGS: &str = "ERR_IPC_TLS_NO_SETTINGS";
/// The system has no list of CAs.
pub const TLS_NO_SYSTEM_ROOTS: &str = "ERR_IPC_TLS_NO_SYSTEM_ROOTS";
/// A client has nothing to trust.
pub const TLS_NO_TRUST: &str = "ERR_IPC_TLS_NO_TRUST";
/// The peer's certificate is of version 1.
pub const TLS_OLD_CERTIFICATE_VERSION: &str = "ERR_IPC_TLS_OLD_CERTIFICATE_VERSION";
/// The settings do not go together.
pub const TLS_REFUSED: &str = "ERR_IPC_TLS_REFUSED";
/// The peer refused the handshake.
pub const TLS_REFUSED_BY_PEER: &str = "ERR_IPC_TLS_REFUSED_BY_PEER";
/// The peer's certificate is not issued by a trusted CA.
pub const TLS_UNKNOWN_ISSUER: &str = "ERR_IPC_TLS_UNKNOWN_ISSUER";
/// A file of certificates or keys cannot be read.
pub const TLS_UNREADABLE: &str = "ERR_IPC_TLS_UNREADABLE";
/// A key cannot be used.
pub const TLS_UNUSABLE_KEY: &str = "ERR_IPC_TLS_UNUSABLE_KEY";
/// A file has a part that would not be used.
pub const TLS_UNUSED: &str = "ERR_IPC_TLS_UNUSED";
/// The server's certificate is for other names.
pub const TLS_WRONG_NAME: &str = "ERR_IPC_TLS_WRONG_NAME";
/// A file with tokens cannot be used.
pub const TOKEN_FILE: &str = "ERR_IPC_TOKEN_FILE";
/// A server wants a token of each client, and no client can show one.
pub const TOKENS_UNSUPPORTED: &str = "ERR_IPC_TOKENS_UNSUPPORTED";
/// There are as many groups or patterns as there may be.
pub const TOO_MANY: &str = "ERR_IPC_TOO_MANY";
/// A client was not let in, for it had sent too much before it said hello.
pub const TOO_MANY_BYTES: &str = "ERR_IPC_TOO_MANY_BYTES";
/// As many calls are open as may be.
pub const TOO_MANY_CALLS: &str = "ERR_IPC_TOO_MANY_CALLS";
/// A client was turned away, for there are as many as the server takes.
pub const TOO_MANY_CONNECTIONS: &str = "ERR_IPC_TOO_MANY_CONNECTIONS";
/// No file descriptor is left.
pub const TOO_MANY_FILES: &str = "ERR_IPC_TOO_MANY_FILES";
/// A connection ended within a frame.
pub const TRUNCATED: &str = "ERR_IPC_TRUNCATED";
/// A client was not let in, for as many wait for that as may.
pub const TOO_MANY_WAITING: &str = "ERR_IPC_TOO_MANY_WAITING";
/// A client was not let in, for the server's program could not decide about it.
pub const UNDECIDED: &str = "ERR_IPC_UNDECIDED";
/// Messages were taken and could not be delivered before the end.
pub const UNDELIVERED: &str = "ERR_IPC_UNDELIVERED";
/// The peer answered with a stream, and one answer was asked for.
pub const UNEXPECTED_STREAM: &str = "ERR_IPC_UNEXPECTED_STREAM";
/// The enum has no variant for the event.
pub const UNKNOWN_EVENT: &str = "ERR_IPC_UNKNOWN_EVENT";
/// There is no such group.
pub const UNKNOWN_GROUP: &str = "ERR_IPC_UNKNOWN_GROUP";
/// The peer has no such method.
pub const UNKNOWN_METHOD: &str = "ERR_IPC_UNKNOWN_METHOD";
/// The system does not say who serves there; permanent if it never can.
pub const UNKNOWN_OWNER: &str = "ERR_IPC_UNKNOWN_OWNER";
/// No peer has this number.
pub const UNKNOWN_PEER: &str = "ERR_IPC_UNKNOWN_PEER";
/// What is at the socket's path is not a socket. node-ipc 14's code.
pub const UNLINK_NOT_SOCKET: &str = "ERR_IPC_UNLINK_NOT_SOCKET";
/// No address of the host can be reached; each has its own reason.
pub const UNREACHABLE: &str = "ERR_IPC_UNREACHABLE";
/// The payload has no JSON, such as a map whose keys are no strings; in node-ipc
/// `JSON.stringify` throws to the caller.
pub const UNSERIALIZABLE: &str = "ERR_IPC_UNSERIALIZABLE";
/// The build or the system does not do it.
pub const UNSUPPORTED: &str = "ERR_IPC_UNSUPPORTED";
/// The host has no address of this family; permanent if it is an address.
pub const WRONG_FAMILY: &str = "ERR_IPC_WRONG_FAMILY";
