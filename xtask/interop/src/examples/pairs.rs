//! Which examples are paired, and what each prints after it has received from the other.

use super::side::{CERTIFICATES, Side, c, js, rust, script};

/// Servers and clients, each of which works with each of the others.
#[derive(Debug)]
pub(super) struct Example {
    pub(super) name: &'static str,
    pub(super) servers: &'static [Side],
    /// Groups of clients; a group connects to one server at the same time.
    pub(super) clients: &'static [&'static [Side]],
}

/// Every server meets every group of clients, unless none of them is ours.
pub(super) const EXAMPLES: &[Example] = &[
    Example {
        name: "hello",
        servers: &[
            rust("hello_server", &[]).stays(),
            script("hello-server.cjs", &["got a message :  hello"]),
        ],
        clients: &[
            &[rust("hello_client", &["hello world!"])],
            &[script("hello-client.cjs", &["got a message from world :  hello world!"])],
        ],
    },
    Example {
        name: "basic",
        servers: &[
            rust("basic_server", &["got a message from hello: hello"]),
            js("unixWindowsSocket/basic/world-server.js", &["received event of :  app.message"]),
        ],
        clients: &[
            &[rust("basic_client", &["got a message from world: hello world!"])],
            &[js("unixWindowsSocket/basic/hello-client.js", &["message: 'hello world!'"])],
        ],
    },
    Example {
        name: "blocking",
        servers: &[
            rust("basic_server", &["got a message from hello: hello"]),
            rust("blocking_server", &["got a message from hello: hello"]),
            js("unixWindowsSocket/basic/world-server.js", &["received event of :  app.message"]),
        ],
        clients: &[
            &[rust("blocking_client", &["got a message from world: hello world!"])],
            &[js("unixWindowsSocket/basic/hello-client.js", &["message: 'hello world!'"])],
        ],
    },
    Example {
        name: "sync",
        servers: &[
            rust("sync_server", &["hello: hello0\n", "hello: hello9\n"]),
            js("unixWindowsSocket/basicSync/world-server.js", &["'hello0'", "'hello9'"]),
        ],
        clients: &[
            &[rust("sync_client", &["world: hello0 world!", "world: hello9 world!"])],
            &[js(
                "unixWindowsSocket/basicSync/hello-client.js",
                &["hello0 world!", "hello9 world!"],
            )],
        ],
    },
    Example {
        name: "broadcast",
        servers: &[
            rust("broadcast_server", &["got all required events", "a client left"]),
            js("unixWindowsSocket/Multi-Client-Broadcast/world-server.js", ALL_HEARD),
        ],
        clients: &[
            &[rust("broadcast_client", KILLED), rust("broadcast_client", KILLED).with(GOODBYE)],
            &[
                js("unixWindowsSocket/Multi-Client-Broadcast/hello-client.js", KILLED),
                js("unixWindowsSocket/Multi-Client-Broadcast/goodbye-client.js", KILLED),
            ],
            &[
                rust("broadcast_client", KILLED),
                js("unixWindowsSocket/Multi-Client-Broadcast/goodbye-client.js", KILLED),
            ],
        ],
    },
    Example {
        name: "broadcast, TCP",
        servers: &[
            rust("broadcast_server", &["got all required events", "a client left"]).word("tcp"),
            js("TCPSocket/Multi-Client-Broadcast/world-server.js", ALL_HEARD),
        ],
        clients: &[
            &[
                rust("broadcast_client", KILLED).word("tcp"),
                rust("broadcast_client", KILLED).word("tcp").with(GOODBYE),
            ],
            &[
                js("TCPSocket/Multi-Client-Broadcast/hello-client.js", KILLED),
                js("TCPSocket/Multi-Client-Broadcast/goodbye-client.js", KILLED),
            ],
        ],
    },
    Example {
        name: "TCP",
        servers: &[
            rust("tcp_server", &["got a message: hello"]),
            js("TCPSocket/basic/world-server.js", &["got a message :  hello"]),
        ],
        clients: &[
            &[rust("tcp_client", &["got a message from world: hello world!"])],
            &[js("TCPSocket/basic/hello-client.js", &["got a message from world :  hello world!"])],
        ],
    },
    Example {
        name: "TCP, sync",
        servers: &[
            rust("tcp_server", &["got a message: hello"]),
            js("TCPSocket/basicSync/world-server.js", &["got a message :  hello"]),
        ],
        clients: &[
            &[rust("tcp_client", &["world: hello world!"]).with(r#""sync":true"#)],
            &[js("TCPSocket/basicSync/hello-client.js", &["hello0 world!", "hello9 world!"])],
        ],
    },
    Example {
        name: "raw",
        servers: &[
            rust("raw_server", &["got a message b\"hello\""]),
            js("unixWindowsSocket/rawBuffer/world.server.js", &["<Buffer 68 65 6c 6c 6f>"]),
        ],
        clients: &[
            &[rust("raw_client", GOODBYE_CAME)],
            &[js("unixWindowsSocket/rawBuffer/hello-client.js", GOODBYE_CAME)],
        ],
    },
    Example {
        name: "raw, TCP",
        servers: &[
            rust("raw_server", &["got a message b\"hello\""]).word("tcp"),
            js("TCPSocket/rawBuffer/world.server.js", &["<Buffer 68 65 6c 6c 6f>"]),
        ],
        clients: &[
            &[rust("raw_client", GOODBYE_CAME).word("tcp")],
            &[js("TCPSocket/rawBuffer/hello-client.js", GOODBYE_CAME)],
        ],
    },
    Example {
        name: "raw hex",
        servers: &[
            rust("raw_hex_server", &["got a message 000200ffeecc"]),
            js("rawBuffer/world.server.js", &["<Buffer 00 02 00 ff ee cc>"]),
        ],
        clients: &[
            &[rust("raw_hex_client", &["got a message from world: aa0dee"])],
            &[js("rawBuffer/hello-client.js", &["<Buffer aa", "0d ee>"])],
        ],
    },
    Example {
        name: "TLS",
        servers: &[
            rust("tls_server", &["got a message: hello"]).word(CERTIFICATES),
            js("TLSSocket/basic/world-server.js", &["got a message :  hello"]),
            js("TLSSocket/basic-local-only/world-server.js", &["got a message :  hello"]),
        ],
        clients: &[
            &[rust("tls_client", &["got a message from world: hello world!"]).word(CERTIFICATES)],
            &[js("TLSSocket/basic/hello-client.js", HELLO_WORLD)],
            &[js("TLSSocket/basic-local-only/hello-client.js", HELLO_WORLD)],
        ],
    },
    Example {
        name: "TLS, more secure",
        servers: &[
            rust("mutual_tls_server", &["certificates, trusted: true", "got a message: hello"])
                .word(CERTIFICATES),
            js("TLSSocket/basic-more-secure/world-server.js", &["got a message :  hello"]),
        ],
        clients: &[
            &[rust("mutual_tls_client", &["got a message from world: hello world!"])
                .with(r#""networkHost":"127.0.0.1""#)
                .word(CERTIFICATES)],
            &[js("TLSSocket/basic-more-secure/hello-client.js", HELLO_WORLD)],
        ],
    },
    Example {
        name: "TLS, most secure",
        servers: &[
            rust("mutual_tls_server", &["certificates, trusted: true", "got a message: hello"])
                .with(r#""networkHost":"localhost""#)
                .word(CERTIFICATES),
            js("TLSSocket/basic-most-secure/world-server.js", &["got a message :  hello"]),
        ],
        clients: &[
            &[rust("mutual_tls_client", &["got a message from world: hello world!"])
                .word(CERTIFICATES)],
            &[js("TLSSocket/basic-most-secure/hello-client.js", HELLO_WORLD)],
        ],
    },
    Example {
        name: "TLS, sync",
        servers: &[
            rust("tls_server", &["got a message: hello"]).word(CERTIFICATES),
            js("TLSSocket/basicSync/world-server.js", &["got a message :  hello"]),
        ],
        clients: &[
            &[rust("tls_client", &["world: hello world!"])
                .with(r#""sync":true"#)
                .word(CERTIFICATES)],
            &[js("TLSSocket/basicSync/hello-client.js", &["hello0 world!", "hello9 world!"])],
        ],
    },
    Example {
        name: "TLS, broadcast",
        servers: &[
            rust("broadcast_server", &["got all required events", "a client left"])
                .with(TLS_SERVER)
                .word("tcp"),
            js("TLSSocket/Multi-Client-Broadcast-basic/world-server.js", ALL_HEARD),
        ],
        clients: &[
            &[
                rust("broadcast_client", KILLED).with(TLS_HELLO).word("tcp"),
                rust("broadcast_client", KILLED).with(TLS_GOODBYE).word("tcp"),
            ],
            &[
                js("TLSSocket/Multi-Client-Broadcast-basic/hello-client.js", KILLED),
                js("TLSSocket/Multi-Client-Broadcast-basic/goodbye-client.js", KILLED),
            ],
        ],
    },
    Example {
        name: "TLS, raw",
        servers: &[
            rust("raw_server", &["got a message b\"hello\""]).with(TLS_RAW_SERVER).word("tcp"),
            js(
                "TLSSocket/rawBuffer-only-works-with-most-secure/world.server.js",
                &["<Buffer 68 65 6c 6c 6f>"],
            ),
        ],
        clients: &[
            &[rust("raw_client", GOODBYE_CAME).with(TLS_RAW_CLIENT).word("tcp")],
            &[js("TLSSocket/rawBuffer-only-works-with-most-secure/hello-client.js", GOODBYE_CAME)],
        ],
    },
    Example {
        name: "UDP",
        servers: &[
            rust("udp_server", &["got a message from hello: Hello"]),
            js("UDPSocket/basic/world-server.js", &["got a message from  hello  :  Hello"]),
        ],
        clients: &[
            &[rust("udp_client", &["got a message from world: Hello world!"])],
            &[js("UDPSocket/basic/hello-client.js", &["from  world  :  Hello world!"])],
        ],
    },
    Example {
        name: "UDP, broadcast",
        servers: &[rust("udp_broadcast_server", &["broadcast done"])],
        clients: &[
            &[
                rust("udp_client", LOVED).word("2"),
                rust("udp_client", LOVED).with(GOODBYE).word("2"),
            ],
            &[
                js("UDPSocket/Multi-Client-Broadcast/hello-client.js", LOVED),
                js("UDPSocket/Multi-Client-Broadcast/goodbye-client.js", LOVED),
            ],
        ],
    },
    Example {
        // Its broadcast reaches no peer, not even its own: wire rule W49.
        name: "UDP, broadcast",
        servers: &[js("UDPSocket/Multi-Client-Broadcast/world-server.js", ALL_HEARD)],
        clients: &[&[
            rust("udp_client", &["world: Hello world!"]),
            rust("udp_client", &["world: Hello world!"]).with(GOODBYE),
        ]],
    },
    Example {
        name: "UDP, raw",
        servers: &[
            rust("udp_raw_server", &["got a message b\"hello\""]),
            js("UDPSocket/rawBuffer/world.server.js", &["<Buffer 68 65 6c 6c 6f>"]),
        ],
        clients: &[
            &[rust("udp_raw_client", &["goodbye"])],
            &[js("UDPSocket/rawBuffer/hello-client.js", &["goodbye"])],
        ],
    },
    Example {
        name: "instances",
        servers: &[
            rust("instances_server", &["got a message: hello", "got bytes: 0dee"]),
            script("instances-server.cjs", &["got a message :  hello", "got bytes :  0dee"]),
        ],
        clients: &[
            &[rust("instances_client", &["got hello world!", "got 0dee"])],
            &[script("instances-client.cjs", &["got  hello world!", "got  0dee"])],
        ],
    },
    Example {
        name: "cluster",
        servers: &[
            rust("cluster_server", &["is listening", " got: "]).stays(),
            script("cluster-server.cjs", &["listening on", " got: "]),
        ],
        clients: &[
            &[rust("cluster_client", &["turn 1: 0 messages", "turn 4: 0 messages"])],
            &[script("cluster-client.cjs", &["dispatching event to"])],
        ],
    },
    Example {
        name: "request",
        servers: &[
            rust("request_server", &["question: four", "question: twenty-two characters."]),
            script("request-server.cjs", &["got question  four", "got question  twenty"]),
        ],
        clients: &[
            &[rust(
                "request_client",
                &["4 and 22 characters", "failed: there is no text (empty)", "word: three"],
            )],
            &[script(
                "request-client.cjs",
                &["4 and 22 characters", "failed: there is no text empty", "word: three"],
            )],
        ],
    },
    Example {
        name: "typed",
        servers: &[
            rust(
                "typed_server",
                &["got Join { name: \"Ada\" }", "got Move { x: 1, y: -2 }", "got Leave"],
            ),
            script("typed-server.cjs", &["got Join Ada", "got Leave"]),
        ],
        clients: &[
            &[rust("typed_client", &["welcome, Ada", "said: hello", "at 1, -2"])],
            &[script("typed-client.cjs", &["welcome, Ada", "said: hello", "at 1 -2"])],
        ],
    },
    Example {
        name: "chat",
        servers: &[rust("chat_server", &["Ada joined kitchen", "kitchen is empty"])],
        clients: &[
            &[
                rust("chat_client", &["Grace: hello from Grace"]),
                rust("chat_client", &["Ada: hello from Ada"]).with(GRACE),
            ],
            &[
                rust("chat_client", &["Grace: hello from Grace"]),
                script("chat-client.cjs", &["Ada: hello from Ada"]),
            ],
        ],
    },
    Example {
        name: "token",
        servers: &[rust("token_server", &["refused a client at"]).stays()],
        clients: &[
            &[rust("token_client", &["sent away: ", "(denied)", "heard alice: hello from Rust"])],
            &[script(
                "token-client.cjs",
                &["sent away: denied", "let in", "heard bob: hello from JavaScript"],
            )],
        ],
    },
    Example {
        name: "coordinator",
        servers: &[rust("coordinator", &["the worker with load 1 says 42"])],
        clients: &[&[
            rust("worker", &["multiplying [6, 7]"]),
            script("worker.cjs", &["answered load"]),
        ]],
    },
    Example {
        name: "msgpack",
        servers: &[rust("msgpack_server", &["adding [1, 2, 39]"]).at_path()],
        clients: &[&[rust("msgpack_client", &["the sum is 42"]).at_path()]],
    },
    Example {
        name: "plain stream",
        servers: &[rust("raw_stream", &["got number 7, value -100000, reading -0.15625"])],
        clients: &[&[c("raw_stream", &["got number 7, value 100000, reading -0.3125"]).at_path()]],
    },
];

/// Chunks of raw bytes may come joined, so this is short.
const GOODBYE_CAME: &[&str] = &["hello", "goodbye"];
const GRACE: &str = r#""id":"Grace""#;
const GOODBYE: &str = r#""id":"goodbye""#;
const LOVED: &[&str] = &[" world!", "Everybody Loves The World!"];
const KILLED: &[&str] = &["world requested kill.connection"];
const ALL_HEARD: &[&str] = &["got all required events"];

const HELLO_WORLD: &[&str] = &["got a message from world :  hello world!"];
const TLS_SERVER: &str =
    r#""tls":{"private":"CERTIFICATES/server.key","public":"CERTIFICATES/server.pem"}"#;
const TLS_HELLO: &str = r#""tls":{"trustedConnections":["CERTIFICATES/ca.pem"]}"#;
const TLS_GOODBYE: &str = r#""id":"goodbye","tls":{"trustedConnections":["CERTIFICATES/ca.pem"]}"#;
const TLS_RAW_SERVER: &str = r#""networkHost":"localhost","tls":{"private":"CERTIFICATES/server.key",
    "public":"CERTIFICATES/server.pem","trustedConnections":["CERTIFICATES/ca.pem"]}"#;
const TLS_RAW_CLIENT: &str = r#""networkHost":"localhost","tls":{"private":"CERTIFICATES/client.key",
    "public":"CERTIFICATES/client.pem","trustedConnections":["CERTIFICATES/ca.pem"]}"#;
