//! Intended differences, script by script. Each has its entry in `docs/deviations.md`.

use crate::place::Kind;

pub(crate) struct Ours {
    pub(crate) script: &'static str,
    /// The versions that do it otherwise.
    pub(crate) versions: &'static [&'static str],
    /// The kinds of sockets over which we do.
    pub(crate) kinds: &'static [Kind],
    pub(crate) lines: &'static [&'static str],
}

const BOTH: &[&str] = &["9.2.1", "14.0.0"];
const V9: &[&str] = &["9.2.1"];
const V14: &[&str] = &["14.0.0"];
const UDP: &[Kind] = &[Kind::Udp];
const STREAMS: &[Kind] = &[Kind::Unix, Kind::Tcp];

pub(crate) const OURS: &[Ours] = &[
    // A handler that is added waits for the next message. 14 calls it for this one.
    Ours {
        script: "a_handler_adds_another",
        versions: V14,
        kinds: STREAMS,
        lines: &["0 client callback", "0 client connect", "200 client one"],
    },
    // A handler that is removed does not run any more. node-ipc calls it for this one.
    Ours {
        script: "a_handler_removes_all",
        versions: BOTH,
        kinds: STREAMS,
        lines: &["0 client callback", "0 client connect", "200 client one"],
    },
    // No other is skipped. node-ipc skips the next one.
    Ours {
        script: "a_handler_removes_itself",
        versions: BOTH,
        kinds: STREAMS,
        lines: &[
            "0 client callback",
            "0 client connect",
            "200 client one",
            "200 client two",
            "200 client three",
            "300 client two",
            "300 client three",
        ],
    },
    // A client's end is reported. 14 does not report it.
    Ours {
        script: "disconnect_connected",
        versions: V14,
        kinds: STREAMS,
        lines: &[
            "0 client callback",
            "0 client connect",
            "300 client disconnect",
            "300 client destroy",
        ],
    },
    // A client's end is reported, also when it waits for its next attempt. node-ipc does not report it.
    Ours {
        script: "disconnect_waiting",
        versions: BOTH,
        kinds: STREAMS,
        lines: &[
            "0 client callback",
            "0 client error",
            "0 client disconnect",
            "300 client destroy",
        ],
    },
    // Another `max_retries` holds from the next lost connection on. In node-ipc it holds from the
    // next connection that is made.
    Ours {
        script: "max_retries_changes",
        versions: BOTH,
        kinds: STREAMS,
        lines: &[
            "0 client callback",
            "0 client connect",
            "300 client disconnect",
            "300 client destroy",
        ],
    },
    // A client that must not retry ends at once. Classic tries once more when the
    // pause is over, 14 ends it then.
    Ours {
        script: "stop_retrying_while_waiting",
        versions: BOTH,
        kinds: STREAMS,
        lines: &[
            "0 client callback",
            "0 client error",
            "0 client disconnect",
            "300 client destroy",
        ],
    },
    // A server that stops closes its clients, and tells. Classic leaves them, 14 tells half of it.
    Ours {
        script: "stop_with_clients",
        versions: BOTH,
        kinds: STREAMS,
        lines: &[
            "400 client a closed",
            "0 server start",
            "200 server connect",
            "400 server socket.disconnected false",
            "400 server close",
        ],
    },
    Ours {
        script: "stop_with_our_client",
        versions: BOTH,
        kinds: STREAMS,
        lines: &[
            "200 client callback",
            "200 client connect",
            "400 client disconnect",
            "600 client error",
            "600 client disconnect",
            "800 client error",
            "800 client disconnect",
            "0 server start",
            "200 server connect",
            "400 server socket.disconnected false",
            "400 server close",
        ],
    },
    // A broadcast over UDP goes to the peers that sent something. Classic's goes to none.
    Ours {
        script: "answers",
        versions: V9,
        kinds: UDP,
        lines: &[
            "400 client a got {\"type\":\"told\",\"data\":{\"a\":1}}|",
            "600 client a got {\"type\":\"told\",\"data\":2}|",
            "1000 client a closed",
            "1200 client b got {\"type\":\"told\",\"data\":4}|",
            "0 server start",
            "200 server ask {\"a\":1}",
            "800 server told 3",
        ],
    },
    // Over UDP no peer leaves. Classic's own socket does, when the server stops.
    Ours { script: "stop_with_clients", versions: V9, kinds: UDP, lines: &["0 server start"] },
];
