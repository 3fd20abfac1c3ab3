//! What a folder may never know, by the names that would give it away.

use super::source;
use crate::error::Result;
use crate::repo;

/// A folder and what its code may not name.
struct Layer {
    folder: &'static str,
    /// Files and folders in it that this does not hold for.
    except: &'static [&'static str],
    never: &'static [&'static [&'static str]],
}

const LAYERS: &[Layer] = &[
    Layer {
        folder: "ipc-codec/src",
        // The adapter for tokio-util's traits, behind its own feature.
        except: &["ipc-codec/src/codec.rs", "ipc-codec/src/tokio_util"],
        never: &[RUNTIME, SYSTEM, CLOCK, NODE_IPC, JSON, LOGGING],
    },
    Layer {
        folder: "ipc-transport/src",
        except: &[],
        never: &[&["ipc_codec", "ipc_core", "FrameDecoder"], NODE_IPC, JSON],
    },
    Layer { folder: "ipc-core/src", except: &[], never: &[NODE_IPC, JSON] },
    Layer {
        folder: "ipc-core/src",
        // The drivers, and what only they need.
        except: &[
            "ipc-core/src/runtime",
            "ipc-core/src/blocking",
            "ipc-core/src/observe",
            "ipc-core/src/options.rs",
            "ipc-core/src/error.rs",
            "ipc-core/src/event.rs",
        ],
        never: &[RUNTIME, SYSTEM, CLOCK],
    },
    Layer { folder: "ipc-compat/src", except: &[], never: &[SOCKETS] },
];

const RUNTIME: &[&str] = &["tokio::", "use tokio", "tokio_util", "async fn"];
const SYSTEM: &[&str] =
    &["std::net", "std::os", "std::fs", "std::env", "std::process", "std::thread"];
const CLOCK: &[&str] = &["Instant::now", "SystemTime", "elapsed()"];
const NODE_IPC: &[&str] = &["ERR_IPC_", "node-ipc", "node_ipc"];
const JSON: &[&str] = &["serde_json"];
const LOGGING: &[&str] = &["tracing", "println!"];
const SOCKETS: &[&str] = &["UnixStream", "UnixListener", "TcpStream", "TcpListener", "UdpSocket"];

pub(super) fn check() -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for layer in LAYERS {
        for path in repo::files(&repo::root().join(layer.folder), "rs") {
            let name = repo::relative(&path);
            let is_test = name.ends_with("/tests.rs") || name.contains("/tests/");
            if is_test || layer.except.iter().any(|except| name.starts_with(except)) {
                continue;
            }
            let text = source::read(&path)?;
            for (number, word) in named(&text, layer.never) {
                problems.push(format!("{name}:{number}: `{word}` is not for {}", layer.folder));
            }
        }
    }
    Ok(problems)
}

fn named(text: &str, never: &[&[&'static str]]) -> Vec<(usize, &'static str)> {
    let words = || never.iter().flat_map(|words| words.iter().copied());
    source::code(text)
        .flat_map(|(number, line)| {
            words().filter(move |word| line.contains(word)).map(move |word| (number, word))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{CLOCK, LAYERS, RUNTIME, named};
    use crate::repo;

    #[test]
    fn names_are_found() {
        let text = "use tokio::net;\nlet now = Instant::now(); // tokio::\nfn f(now: Instant) {}\n";
        let found = named(text, &[RUNTIME, CLOCK]);
        assert_eq!(found, [(1, "tokio::"), (1, "use tokio"), (2, "Instant::now")]);
    }

    #[test]
    fn every_layer_is_there() {
        for layer in LAYERS {
            assert!(repo::root().join(layer.folder).is_dir(), "{}", layer.folder);
        }
    }
}
