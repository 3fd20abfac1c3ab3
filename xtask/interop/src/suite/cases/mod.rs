//! The cases: what any two programs that speak node-ipc's wire format can do with each other.

mod access;
mod call_ends;
mod call_heartbeat;
mod call_limits;
mod call_results;
mod call_streams;
mod calls;
mod closing;
mod datagram_bytes;
mod datagrams;
mod delimiters;
mod fanout;
mod fragments;
mod groups;
mod hello;
mod lifecycle;
mod names;
mod order;
mod payloads;
mod raw_datagrams;
mod raw_mode;
mod readme;
mod reconnect;
mod tls;
mod tls_refusals;
mod tokens;
mod topics;
mod typed;
mod wire;

use super::matrix::{Combo, Kind, Mode, Role};
use super::room::Room;
use xtask::error::{Error, Result};
use xtask::node::Version;

/// One thing that must work, whoever plays which role.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What it shows, for the list.
    pub(crate) about: &'static str,
    /// What goes over the sockets.
    pub(crate) mode: Mode,
    /// Whether it is run for every version over every kind, or only where [`Combo::is_full`].
    core: bool,
    /// The kinds of sockets it is for.
    kinds: fn(Kind) -> bool,
    /// Where it says something at all.
    applies: fn(Combo) -> bool,
    /// Whether its programs are those for calls.
    pub(crate) calls: bool,
    pub(crate) run: Run,
}

const ON_WINDOWS: &[&str] = &[
    "payload_strings",
    "lifecycle_names",
    "order_10000",
    "big_message",
    "sync_mode",
    "raw_bytes",
    "raw_sync",
    "raw_broadcast",
    "broadcast",
    "to_one_client",
    "client_vanishes",
    "server_killed",
    "client_first",
    "no_server",
    "emit_then_close",
    "close_flushes",
    "stop_flushes",
    "client_closes",
    "server_stops",
    "count_reached",
    "readme_client",
    "readme_server",
];

type Run = fn(&Room<'_>) -> Result<()>;

/// Every case, in the order of the table.
pub(crate) const ALL: &[Case] = &[
    case("payload_shapes", "JSON of every shape comes back equal", payloads::shapes).core(),
    case("payload_numbers", "numbers come back as the same double", payloads::numbers),
    case("payload_strings", "strings come back unit for unit", payloads::strings).core(),
    case("payload_absent", "absent, null and \"\" as the dialect says", payloads::absent).core(),
    case("payload_extent", "deep, wide and long payloads", payloads::extent),
    case("event_names", "any string is an event's name", names::any_string),
    case("lifecycle_names", "`error`, `close`, ... from the wire end nothing", names::lifecycle)
        .core(),
    case("order_10000", "10,000 messages both ways in order", order::ten_thousand),
    case("big_message", "5 MB both ways", order::big_message).core(),
    case("interleaved", "five clients, each gets its own echoes in order", order::interleaved),
    case("sync_mode", "a client in sync mode sends all it has", order::sync_mode).core(),
    case("fragments_to_server", "frames cut and joined in every way", fragments::to_server)
        .core()
        .plain(),
    case("fragments_to_client", "frames cut and joined in every way", fragments::to_client)
        .core()
        .plain(),
    case("frame_bytes", "the bytes of a frame are node-ipc's", fragments::exact_bytes)
        .core()
        .plain(),
    case("envelope_variants", "members in any order, extra, double", wire::envelopes),
    case("invalid_utf8", "bytes that are no UTF-8 become U+FFFD", wire::invalid_utf8),
    case("garbage_to_server", "an error; the others are served", wire::garbage_to_server)
        .core()
        .plain(),
    case("garbage_to_client", "an error; then as the dialect says", wire::garbage_to_client),
    case("cut_frame", "a frame cut off by the end is dropped", wire::cut_frame),
    case("half_close", "the answer comes after the asker's end", wire::half_close).core().plain(),
    case("delimiter_newline", "frames end with \\n", delimiters::newline)
        .core()
        .plain()
        .when(|combo| combo.version != Version::V8),
    case("delimiter_record", "frames end with \\x1e", delimiters::record_separator),
    case("delimiter_crlf", "frames end with \\r\\n", delimiters::crlf).when(in_v14),
    case("delimiter_7_bytes", "frames end with seven bytes", delimiters::seven_bytes).when(in_v14),
    case("raw_bytes", "raw: each byte value, and much, hex", raw_mode::bytes_in_hex).core().raw(),
    case("raw_bytes_latin1", "raw: the same under latin1", raw_mode::bytes_in_latin1).raw(),
    case("raw_bytes_utf8", "raw: the same under utf8", raw_mode::bytes_in_utf8).raw().when(in_v14),
    case("raw_text", "raw: text by each encoding", raw_mode::text).raw(),
    case("raw_sync", "raw: one write for each chunk", raw_mode::sync).core().raw(),
    case("raw_broadcast", "raw: one write to three clients", raw_mode::broadcast).core().raw(),
    case("broadcast", "one message to five clients", fanout::broadcast),
    case("to_one_client", "a message to one of three clients", fanout::to_one).core(),
    case("client_vanishes", "kill -9 of one client; others go on", fanout::client_vanishes),
    case("max_connections", "one too many is turned away", fanout::max_connections),
    case("few_files", "more clients than files may be open", fanout::few_files).plain(),
    case("server_killed", "kill -9, restart, reconnect, deliver", reconnect::server_killed).core(),
    case("client_first", "a client waits for its server", reconnect::client_first),
    case("no_server", "no server, no retries: status 2", reconnect::no_server),
    case("max_retries", "as many attempts as allowed", reconnect::max_retries),
    case("emit_then_close", "no message is lost by leaving at once", closing::emit_then_close),
    case("close_flushes", "1,000 messages, then close", closing::client_flushes).core(),
    case("stop_flushes", "1,000 messages, then stop", closing::server_flushes).core(),
    case("client_closes", "the server sees it and continues", lifecycle::client_closes).core(),
    case("peer_identity", "the id in a payload, as the dialect says", lifecycle::peer_identity),
    case("server_stops", "the client sees it, the file is gone", lifecycle::server_stops).core(),
    case("interrupted", "SIGINT ends both in order", lifecycle::interrupted),
    case("time_runs_out", "--timeout ends with status 3", lifecycle::time_runs_out),
    case("count_reached", "--count ends with status 0", lifecycle::count_reached),
    case("request", "send, wait for the answer, print it", lifecycle::request),
    calls("call_result", "each calls the other, with calls.cjs", call_results::both).core(),
    calls("call_five_lines", "docs/calls.md's lines, as printed", call_results::five_lines).core(),
    calls("call_shapes", "arguments and results of every shape", call_results::shapes),
    calls("call_failures", "what methods throw, and unknown ones", call_results::failures),
    calls("call_1000", "1,000 calls at once, each its result", call_limits::thousand),
    calls("call_both_ways", "both call at once, and call back", call_limits::both_ways),
    calls("call_busy", "one more than may run is turned away", call_limits::busy),
    calls("call_deadline", "50 ms are over: the method is stopped", call_ends::deadline),
    calls("call_cancelled", "a future is dropped: the method is stopped", call_ends::cancelled),
    calls("call_lost", "kill -9 in mid-call fails it at once", call_ends::lost),
    calls("call_heartbeat", "blocked: cut if silent, and only then", call_heartbeat::blocked),
    calls("call_stream", "items in order, and each way a stream ends", call_streams::items).core(),
    calls("call_stream_10000", "10,000 items both ways at once", call_streams::ten_thousand),
    calls("call_stream_credit", "no more items than there is credit for", call_streams::credit),
    calls("call_stream_overrun", "items without credit end their stream", call_streams::overrun),
    calls("call_stream_ends", "cancelled, and a pause too long", call_streams::ends),
    calls("call_stream_lost", "kill -9 within a stream is its last item", call_streams::lost),
    calls("call_star", "a handler for all events beside calls", call_ends::star),
    calls("call_plain", "a peer without calls lives on", call_ends::plain),
    calls("group_members", "members hear what is for their group", groups::members)
        .core()
        .when(ours_serves),
    calls("group_survey", "one call of many clients, some silent", groups::survey)
        .core()
        .when(ours_serves),
    calls("group_notice", "a call of many that none answers", groups::notice).when(ours_serves),
    calls("group_kicked", "a member is kicked, comes back, joins anew", groups::kicked)
        .when(ours_serves),
    calls("hello_survived", "a server that is greeted lives on", hello::survived)
        .core()
        .when(|combo| combo.role == Role::Client),
    calls("hello_kicked", "a client says hello, is kicked, comes back", hello::kicked)
        .core()
        .when(|combo| combo.role == Role::Server),
    calls("access_token_right", "a client says hello with its token", tokens::right)
        .when(ours_serves),
    calls("access_token_wrong", "a wrong token, and then a right one", tokens::wrong)
        .when(ours_serves),
    calls("access_token_none", "a client that shows no token", tokens::none).when(ours_serves),
    calls("typed_events", "an enum's variants are events by name", typed::events).core(),
    calls("typed_methods", "an enum's variants are methods, errors", typed::methods).core(),
    calls("topic_subscribe", "one line, then ordinary events", topics::subscribe)
        .core()
        .when(ours_serves),
    calls("topic_refused", "wrong and too many patterns", topics::refused).when(ours_serves),
    calls("topic_server_killed", "kill -9, restart, subscribe anew", topics::server_killed)
        .when(ours_serves),
    calls("topic_plain_server", "a server without topics: an error", topics::plain_server)
        .when(ours_sends),
    case("access_allow", "lists: dropped events, denied calls", access::allow)
        .core()
        .when(ours_serves),
    case("access_close", "what is denied may end a connection", access::denied_close)
        .when(ours_serves),
    case("access_rate", "throttled to a rate, nothing is lost", access::throttled)
        .when(ours_serves),
    case("access_over_rate", "over a rate: dropped, or closed", access::over_rate)
        .when(ours_serves),
    case("access_user", "other users are refused", access::users)
        .over(|kind| kind == Kind::Unix)
        .when(ours_serves),
    case("readme_client", README, readme::client).when(|combo| combo.role == Role::Server),
    case("readme_server", README, readme::server).when(|combo| combo.role == Role::Client),
    case("default_path", "without a path in the settings", readme::default_path)
        .over(|kind| kind == Kind::Unix),
    case("other_family", "a client looks in the other family's place, too", readme::other_family)
        .over(|kind| kind == Kind::Unix)
        .when(|combo| combo.role == Role::Client),
    tls("tls_server_known", "the client knows the server's authority", tls::server_known),
    tls("tls_mutual", "each knows the other's authority", tls::mutual),
    tls("tls_unverified", "--insecure takes any certificate", tls::unverified),
    tls("tls_server_name", "the certificate is for a name asked for", tls::server_name),
    tls("tls_assured", "the profile assured on both sides", tls::assured).when(in_v14),
    tls("tls_expired", "an expired certificate is refused", tls_refusals::expired),
    tls("tls_wrong_name", "a certificate for another name is refused", tls_refusals::wrong_name),
    tls(
        "tls_unknown_ca",
        "a certificate of an unknown authority is refused",
        tls_refusals::unknown_ca,
    ),
    tls("tls_no_client", "a client without certificate is refused", tls_refusals::no_client),
    tls("tls_bad_client", "clients with bad certificates are refused", tls_refusals::bad_clients),
    tls("tls_gets_plain", "plain text to a TLS server", tls_refusals::plain_to_tls),
    tls("tls_to_plain", "a TLS client at a plain server", tls_refusals::tls_to_plain)
        .when(keeps_apart),
    tls("tls_stalled", "clients that never shake hands", tls_refusals::stalled),
    datagrams("udp_both_ways", "each sends to the other's address", datagrams::both_ways),
    datagrams("udp_answer", "an answer goes to its sender", datagrams::answer),
    datagrams("udp_payloads", "payloads of every shape come back equal", datagrams::payloads),
    datagrams("udp_broadcast", "to every known address", datagrams::broadcast).when(in_v14),
    datagrams("udp_no_receiver", "no receiver: not fatal", datagrams::no_receiver),
    datagrams("udp_large", "60,000 bytes fit into a datagram", datagrams::large),
    datagrams("udp_too_large", "70,000 do not: an error", datagrams::too_large).when(ours_sends),
    datagrams("udp_names", "`error`, `close`, ... end nothing", datagrams::names),
    datagrams("udp_stop", "stop ends with status 0", datagrams::stop),
    datagrams("udp_several", "several frames in a datagram", datagram_bytes::several),
    datagrams("udp_white_space", "white space around the JSON", datagram_bytes::white_space),
    datagrams("udp_split", "a frame over several datagrams", datagram_bytes::split),
    datagrams("udp_100_kib", "100 KiB in pieces of 32 KiB", datagram_bytes::hundred_kib)
        .when(joins),
    datagrams("udp_interleaved", "pieces of two senders do not mix", datagram_bytes::interleaved)
        .when(|combo| joins(combo) && keeps_apart(combo)),
    datagrams("udp_garbage", "an error; the others are served", datagram_bytes::garbage),
    datagrams("udp_raw", "raw mode: one event for each datagram", raw_datagrams::one_event_each)
        .raw(),
];

const README: &str = "the example of node-ipc's README";

/// A case over streams.
const fn case(name: &'static str, about: &'static str, run: Run) -> Case {
    let (mode, core) = (Mode::Framed, false);
    let kinds = Kind::is_stream;
    Case { name, about, mode, core, kinds, applies: |_| true, calls: false, run }
}

/// A case of what only TLS has.
const fn tls(name: &'static str, about: &'static str, run: Run) -> Case {
    case(name, about, run).core().over(|kind| kind == Kind::Tls)
}

/// A case of calls.
const fn calls(name: &'static str, about: &'static str, run: Run) -> Case {
    Case { calls: true, ..case(name, about, run) }
}

/// A case over datagrams.
const fn datagrams(name: &'static str, about: &'static str, run: Run) -> Case {
    case(name, about, run).core().over(Kind::is_datagram)
}

impl Case {
    /// Returns whether the case is run there.
    pub(crate) fn runs_in(&self, combo: Combo) -> bool {
        if combo.kind == Kind::Pipe {
            return self.runs_on_windows(combo);
        }
        (self.core || combo.is_full()) && (self.kinds)(combo.kind) && (self.applies)(combo)
    }

    /// Returns whether it is one of those that say something of Windows: of its sockets, of
    /// beginnings and ends, not of what is in the frames. Starting a program takes a second there.
    pub(crate) fn runs_on_windows(&self, combo: Combo) -> bool {
        // Under Wine the other side of a killed process once never heard of it over TCP; why is not
        // known. See docs/platforms.md.
        let kills = matches!(self.name, "client_vanishes" | "server_killed");
        let judged = !kills || combo.kind == Kind::Pipe;
        ON_WINDOWS.contains(&self.name)
            && judged
            && (self.core || combo.version == Version::V9)
            && (self.kinds)(combo.kind)
            && (self.applies)(combo)
    }

    const fn core(self) -> Self {
        Self { core: true, ..self }
    }

    const fn raw(self) -> Self {
        Self { mode: Mode::Raw, ..self }
    }

    const fn over(self, kinds: fn(Kind) -> bool) -> Self {
        Self { kinds, ..self }
    }

    /// A case with a bare socket, which cannot speak TLS.
    const fn plain(self) -> Self {
        self.over(Kind::is_plain)
    }

    const fn when(self, applies: fn(Combo) -> bool) -> Self {
        Self { applies, ..self }
    }
}

/// For what the classic dialect cannot do at all.
fn in_v14(combo: Combo) -> bool {
    !combo.version.is_classic()
}

/// For what only `nipc` does right when it sends first.
fn ours_sends(combo: Combo) -> bool {
    combo.role == Role::Client
}

/// For what only ours can serve.
fn ours_serves(combo: Combo) -> bool {
    combo.role == Role::Server
}

/// For servers that put a frame together that comes in several datagrams: of classic node-ipc only
/// 8.x.
fn joins(combo: Combo) -> bool {
    combo.role == Role::Server || !combo.version.is_classic() || combo.version == Version::V8
}

/// For servers that do not mix what several clients send: 8.x has one buffer for all of them.
fn keeps_apart(combo: Combo) -> bool {
    combo.role == Role::Server || combo.version != Version::V8
}

/// Says why a case cannot be tried, where `applies` has not said so before: when node-ipc plays both
/// roles.
fn needs(met: bool, reason: &str) -> Result<()> {
    if met { Ok(()) } else { Err(Error::Unavailable(reason.into())) }
}
