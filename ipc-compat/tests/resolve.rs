//! Finding a server whose socket root is that of the other family of versions.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ipc_compat::{Config, Dialect, Environment, Ipc, IpcServer, Platform, Resolve};
use ipc_core::Error;
use ipc_transport::{Endpoint, TransportError};
use tempfile::TempDir;

/// A machine of its own: a root as 9.x has it, and the one that 14.x makes.
struct Machine {
    directory: TempDir,
}

impl Machine {
    fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    fn root(&self, dialect: Dialect) -> PathBuf {
        let name = if dialect == Dialect::Classic { "tmp/" } else { "run/node-ipc/" };
        self.directory.path().join(name)
    }

    fn config(&self, dialect: Dialect, resolve: Resolve) -> Config {
        let environment = Environment::read();
        let mut config = match dialect {
            Dialect::Classic => Config::classic_in(&environment),
            _ => Config::v14_in(&environment),
        };
        config.socket_root = self.root(dialect);
        config.resolve = resolve;
        config.id = "world".to_owned();
        config.retry = Duration::from_millis(1);
        config
    }

    fn auto(&self) -> Resolve {
        Resolve::Also(BOTH.map(|dialect| self.root(dialect)).into())
    }

    async fn serve(&self, dialect: Dialect) -> IpcServer {
        if dialect == Dialect::Classic {
            std::fs::create_dir_all(self.root(dialect)).unwrap();
        }
        let server = Ipc::new(self.config(dialect, Resolve::Own)).serve(()).unwrap();
        server.start().await.unwrap();
        server
    }
}

const BOTH: [Dialect; 2] = [Dialect::Classic, Dialect::V14];

fn is_at(server: &IpcServer, root: &Path) -> bool {
    server.core().endpoint() == Some(Endpoint::Unix(root.join("app.world")))
}

both_runtimes!(every_client_finds_every_server);
async fn every_client_finds_every_server() {
    for server_dialect in BOTH {
        for client_dialect in BOTH {
            let machine = Machine::new();
            let server = machine.serve(server_dialect).await;
            assert!(is_at(&server, &machine.root(server_dialect)));
            server.on("ask", |question: String, socket| {
                let _ = socket.emit("answer", &format!("{question}!"));
            });
            let ipc = Ipc::new(machine.config(client_dialect, machine.auto()));
            let client = ipc.connect_to("world").unwrap();
            let (heard, mut answers) = tokio::sync::mpsc::unbounded_channel();
            client.on("answer", move |answer: String, _| heard.send(answer).unwrap());
            client.emit("ask", "hello").unwrap();
            assert_eq!(answers.recv().await.as_deref(), Some("hello!"));
            let found = client.core().peer().info().unwrap().endpoint.clone();
            client.close().await;
            server.stop().await;
            assert_eq!(
                found,
                Endpoint::Unix(machine.root(server_dialect).join("app.world")),
                "{client_dialect:?} of {server_dialect:?}"
            );
        }
    }
}

both_runtimes!(of_two_servers_its_own_familys_is_taken);
async fn of_two_servers_its_own_familys_is_taken() {
    let machine = Machine::new();
    let servers = [machine.serve(BOTH[0]).await, machine.serve(BOTH[1]).await];
    for dialect in BOTH {
        let ipc = Ipc::new(machine.config(dialect, machine.auto()));
        let client = ipc.connect_to("world").unwrap();
        client.connected().await.unwrap();
        let found = client.core().peer().info().unwrap().endpoint.clone();
        assert_eq!(found, Endpoint::Unix(machine.root(dialect).join("app.world")));
        client.close().await;
    }
    for server in servers {
        server.stop().await;
    }
}

both_runtimes!(a_server_that_comes_back_elsewhere_is_found_again);
async fn a_server_that_comes_back_elsewhere_is_found_again() {
    let machine = Machine::new();
    let first = machine.serve(Dialect::Classic).await;
    let client = Ipc::new(machine.config(Dialect::Classic, machine.auto()));
    let client = client.connect_to("world").unwrap();
    client.connected().await.unwrap();
    first.stop().await;
    let second = machine.serve(Dialect::V14).await;
    let (came, mut comes) = tokio::sync::mpsc::unbounded_channel();
    second.on_connect(move |_| came.send(()).unwrap());
    comes.recv().await.unwrap();
    client.close().await;
    second.stop().await;
}

both_runtimes!(nobody_anywhere_names_both_places);
async fn nobody_anywhere_names_both_places() {
    let machine = Machine::new();
    let mut config = machine.config(Dialect::Classic, machine.auto());
    config.max_retries = ipc_compat::Retries::Times(0);
    let client = Ipc::new(config).connect_to("world").unwrap();
    let error = match client.connected().await.unwrap_err() {
        ipc_core::ConnectError::Failed(error) => error,
        other => panic!("{other}"),
    };
    match &*error {
        Error::Transport(TransportError::NobodyListening { source, .. }) => {
            for dialect in BOTH {
                let place = machine.root(dialect).join("app.world").display().to_string();
                assert!(source.to_string().contains(&place), "{source}");
            }
        }
        other => panic!("{other}"),
    }
}

both_runtimes!(without_it_a_client_looks_in_its_own_root_only);
async fn without_it_a_client_looks_in_its_own_root_only() {
    let machine = Machine::new();
    let server = machine.serve(Dialect::V14).await;
    let mut config = machine.config(Dialect::Classic, Resolve::Own);
    config.max_retries = ipc_compat::Retries::Times(0);
    let client = Ipc::new(config).connect_to("world").unwrap();
    assert!(client.connected().await.is_err());
    server.stop().await;
}

#[test]
fn the_places_are_those_of_both_families_each_once() {
    let mut environment = Environment::new(Platform::Unix);
    environment.xdg_runtime_dir = Some("/run/user/1000".into());
    for (mut config, expected) in [
        (Config::classic_in(&environment), ["/tmp/app.x", "/run/user/1000/node-ipc/app.x"]),
        (Config::v14_in(&environment), ["/run/user/1000/node-ipc/app.x", "/tmp/app.x"]),
    ] {
        assert_eq!(config.socket_paths("x"), [PathBuf::from(expected[0])]);
        config.resolve = Resolve::auto_in(&environment);
        assert_eq!(config.socket_paths("x"), expected.map(PathBuf::from));
    }
}

#[cfg(target_os = "linux")]
both_runtimes!(a_path_with_a_nul_in_front_is_an_abstract_name);
#[cfg(target_os = "linux")]
async fn a_path_with_a_nul_in_front_is_an_abstract_name() {
    // The twin of this test runs at the same time.
    let flavor = tokio::runtime::Handle::current().runtime_flavor();
    let name = format!("\0ipc-compat.{}.{flavor:?}", std::process::id());
    let ipc = Ipc::new(Config::classic());
    let server = ipc.serve(name.as_str()).unwrap();
    let endpoint = server.start().await.unwrap();
    assert_eq!(endpoint, Endpoint::Abstract(name[1..].to_owned()));
    let client = ipc.connect_to(("world", name.as_str())).unwrap();
    client.connected().await.unwrap();
    client.close().await;
    server.stop().await;
}

// A directory with the name that a server without a session makes, but of another user: it counts
// as one without a server.
both_runtimes!(a_directory_that_a_stranger_made_in_our_name_is_passed_over);
async fn a_directory_that_a_stranger_made_in_our_name_is_passed_over() {
    let user = rustix::process::getuid();
    if !user.is_root() {
        return;
    }
    let machine = Machine::new();
    let root = machine.directory.path().join(format!("node-ipc-{}/", user.as_raw()));
    let mut config = machine.config(Dialect::Classic, Resolve::Own);
    std::fs::create_dir(&root).unwrap();
    config.socket_root.clone_from(&root);
    let server = Ipc::new(config).serve(()).unwrap();
    server.start().await.unwrap();
    for (owner, found) in [(0, true), (1, false)] {
        std::os::unix::fs::chown(&root, Some(owner), None).unwrap();
        let mut config = machine.config(Dialect::V14, Resolve::Also(vec![root.clone()]));
        config.max_retries = ipc_compat::Retries::Times(0);
        let client = Ipc::new(config).connect_to("world").unwrap();
        let connected = client.connected().await;
        assert_eq!(connected.is_ok(), found, "{connected:?}");
        client.core().disconnect().await;
    }
    server.stop().await;
}
