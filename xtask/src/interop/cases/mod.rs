//! The cases: what any two programs that speak node-ipc's wire format can do with each other.

mod closing;
mod delimiters;
mod fanout;
mod fragments;
mod lifecycle;
mod names;
mod order;
mod payloads;
mod raw_mode;
mod readme;
mod reconnect;
mod wire;

use super::matrix::{Combo, Kind, Role};
use super::room::Room;
use crate::error::Result;

/// One thing that must work, whoever plays which role.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What it shows, for the list.
    pub(crate) about: &'static str,
    /// Where it says something at all.
    pub(crate) applies: fn(Combo) -> bool,
    pub(crate) run: fn(&Room<'_>) -> Result<()>,
}

/// Every case, in the order of the table.
pub(crate) const ALL: &[Case] = &[
    case("payload_shapes", "JSON of every shape comes back equal", payloads::shapes),
    case("payload_numbers", "numbers come back as the same double", payloads::numbers),
    case("payload_strings", "strings come back unit for unit", payloads::strings),
    case("payload_absent", "absent, null and \"\" as the dialect says", payloads::absent),
    case("payload_extent", "deep, wide and long payloads", payloads::extent),
    case("event_names", "any string is an event's name", names::any_string),
    case("lifecycle_names", "`error`, `close`, ... from the wire end nothing", names::lifecycle),
    case("order_10000", "10,000 messages both ways in order", order::ten_thousand),
    case("big_message", "5 MB both ways", order::big_message),
    case("interleaved", "five clients, each gets its own echoes in order", order::interleaved),
    case("sync_mode", "a client in sync mode sends all it has", order::sync_mode),
    case("fragments_to_server", "frames cut and joined in every way", fragments::to_server),
    case("fragments_to_client", "frames cut and joined in every way", fragments::to_client),
    case("frame_bytes", "the bytes of a frame are node-ipc's", fragments::exact_bytes),
    case("envelope_variants", "members in any order, extra, double", wire::envelopes),
    case("invalid_utf8", "bytes that are no UTF-8 become U+FFFD", wire::invalid_utf8),
    case("garbage_to_server", "an error; the others are served", wire::garbage_to_server),
    case("garbage_to_client", "an error; then as the dialect says", wire::garbage_to_client),
    case("cut_frame", "a frame cut off by the end is dropped", wire::cut_frame),
    case("half_close", "the answer comes after the asker's end", wire::half_close),
    case("delimiter_newline", "frames end with \\n", delimiters::newline),
    case("delimiter_record", "frames end with \\x1e", delimiters::record_separator),
    in_v14("delimiter_crlf", "frames end with \\r\\n", delimiters::crlf),
    in_v14("delimiter_7_bytes", "frames end with seven bytes", delimiters::seven_bytes),
    case("raw_bytes", "raw: each byte value and 4 MiB, hex", raw_mode::bytes_in_hex),
    case("raw_bytes_latin1", "raw: the same under latin1", raw_mode::bytes_in_latin1),
    in_v14("raw_bytes_utf8", "raw: the same under utf8", raw_mode::bytes_in_utf8),
    case("raw_text", "raw: text by each encoding", raw_mode::text),
    case("raw_sync", "raw: one write for each chunk", raw_mode::sync),
    case("raw_broadcast", "raw: one write to three clients", raw_mode::broadcast),
    case("broadcast", "one message to five clients", fanout::broadcast),
    case("to_one_client", "a message to one of three clients", fanout::to_one),
    case("client_vanishes", "kill -9 of one client; others go on", fanout::client_vanishes),
    case("max_connections", "one too many is turned away", fanout::max_connections),
    case("server_killed", "kill -9, restart, reconnect, deliver", reconnect::server_killed),
    case("client_first", "a client waits for its server", reconnect::client_first),
    case("nobody_there", "no server, no retries: status 2", reconnect::nobody_there),
    case("max_retries", "as many attempts as allowed", reconnect::max_retries),
    case("emit_then_close", "no message is lost by leaving at once", closing::emit_then_close),
    case("close_flushes", "1,000 messages, then close", closing::client_flushes),
    case("stop_flushes", "1,000 messages, then stop", closing::server_flushes),
    case("client_closes", "the server sees it and goes on", lifecycle::client_closes),
    case("peer_identity", "the id in a payload, as the dialect says", lifecycle::peer_identity),
    case("server_stops", "the client sees it, the file is gone", lifecycle::server_stops),
    case("interrupted", "SIGINT ends both in order", lifecycle::interrupted),
    case("time_runs_out", "--timeout ends with status 3", lifecycle::time_runs_out),
    case("count_reached", "--count ends with status 0", lifecycle::count_reached),
    case("request", "send, wait for the answer, print it", lifecycle::request),
    Case { applies: readme_client_here, ..case("readme_client", README, readme::client) },
    Case { applies: readme_server_here, ..case("readme_server", README, readme::server) },
    Case { applies: on_unix, ..case("default_path", "who sets no path", readme::default_path) },
];

const README: &str = "the example of node-ipc's README";

const fn case(name: &'static str, about: &'static str, run: fn(&Room<'_>) -> Result<()>) -> Case {
    Case { name, about, applies: |_| true, run }
}

/// A case of something that the classic dialect cannot do at all.
const fn in_v14(name: &'static str, about: &'static str, run: fn(&Room<'_>) -> Result<()>) -> Case {
    Case { applies: |combo| combo.version.dialect() == "v14", ..case(name, about, run) }
}

fn on_unix(combo: Combo) -> bool {
    combo.kind == Kind::Unix
}

fn readme_client_here(combo: Combo) -> bool {
    combo.role == Role::Server
}

fn readme_server_here(combo: Combo) -> bool {
    combo.role == Role::Client
}
