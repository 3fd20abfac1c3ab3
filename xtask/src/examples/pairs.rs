//! Which example talks to which, and what each says when it has heard the other.

/// A server and a client that are to talk.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) name: &'static str,
    pub(super) server: Side,
    pub(super) client: Side,
    /// Parts of what each prints; chunks of raw bytes may come joined, so these are short.
    pub(super) server_says: &'static [&'static str],
    pub(super) client_says: &'static [&'static str],
}

/// One of the two.
#[derive(Debug)]
pub(super) enum Side {
    /// An example of `ipc-compat`; it takes the directory of the socket as its only word.
    Rust(&'static str),
    /// A file in the `example` folder of node-ipc's package.
    Js(&'static str),
    /// A program in C in the examples of `ipc-compat`; it takes the path of the socket.
    C(&'static str),
}

use Side::{C, Js, Rust};

pub(super) const PAIRS: &[Pair] = &[
    Pair {
        name: "raw, Rust serves JavaScript",
        server: Rust("raw_server"),
        client: Js("unixWindowsSocket/rawBuffer/hello-client.js"),
        server_says: &["got a message b\"hello\""],
        client_says: &["hello", "goodbye"],
    },
    Pair {
        name: "raw, JavaScript serves Rust",
        server: Js("unixWindowsSocket/rawBuffer/world.server.js"),
        client: Rust("raw_client"),
        server_says: &["got a message", "<Buffer 68 65 6c 6c 6f>"],
        client_says: &["connected to world", "hello", "goodbye"],
    },
    Pair {
        name: "raw, Rust serves Rust",
        server: Rust("raw_server"),
        client: Rust("raw_client"),
        server_says: &["got a message b\"hello\""],
        client_says: &["hello", "goodbye"],
    },
    Pair {
        name: "raw hex, Rust serves JavaScript",
        server: Rust("raw_hex_server"),
        client: Js("rawBuffer/hello-client.js"),
        server_says: &["got a message 000200ffeecc"],
        client_says: &["<Buffer aa", "0d ee>"],
    },
    Pair {
        name: "raw hex, JavaScript serves Rust",
        server: Js("rawBuffer/world.server.js"),
        client: Rust("raw_hex_client"),
        server_says: &["<Buffer 00 02 00 ff ee cc>"],
        client_says: &["got a message from world: aa", "0dee"],
    },
    Pair {
        name: "raw hex, Rust serves Rust",
        server: Rust("raw_hex_server"),
        client: Rust("raw_hex_client"),
        server_says: &["got a message 000200ffeecc"],
        client_says: &["got a message from world: aa", "0dee"],
    },
    Pair {
        name: "plain stream, Rust serves C",
        server: Rust("raw_stream"),
        client: C("raw_stream"),
        server_says: &["got number 7, value -100000, reading -0.15625"],
        client_says: &["got number 7, value 100000, reading -0.3125"],
    },
];
