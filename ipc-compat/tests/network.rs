//! Settings of the network that node-ipc lacks: keepalive and broadcast, on both sides.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::net::SocketAddr;
use std::time::Duration;

use ipc_compat::{Config, Ipc, UdpType};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

#[path = "../../ipc-transport/tests/support/probes.rs"]
mod probes;
#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use probes::{DEADLINE, next_probe};

type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

fn config(port: u16) -> Config {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    config.network_port = port;
    config
}

both_runtimes!(both_sides_of_a_connection_are_probed_as_the_config_says);
async fn both_sides_of_a_connection_are_probed_as_the_config_says() -> TestResult {
    let minute = Duration::from_secs(60);
    assert_eq!(
        (Config::classic().keepalive, Config::v14().keepalive),
        (Some(minute), Some(minute))
    );
    for idle in [Some(minute), Some(Duration::from_secs(5000)), None] {
        let (told, mut addresses) = mpsc::unbounded_channel();
        let mut settings = config(0);
        settings.keepalive = idle;
        let server = Ipc::new(settings).serve_net(()).unwrap();
        let endpoint = server.start().await?.to_string();
        let port = endpoint.rsplit(':').next().unwrap().parse()?;
        let mut settings = config(port);
        settings.keepalive = idle;
        let client = Ipc::new(settings).connect_to_net("world").unwrap();
        server.on("hello", move |(): (), socket| {
            let info = socket.info().unwrap();
            told.send((info.local.unwrap(), info.remote.unwrap())).unwrap();
        });
        client.emit("hello", &())?;
        let (local, remote) = tokio::time::timeout(DEADLINE, addresses.recv()).await?.unwrap();
        for (local, remote) in [(local, remote), (remote, local)] {
            let probe = next_probe(local, remote)?;
            let passed = probe.zip(idle).map(|(probe, idle)| idle.as_secs_f64() - probe);
            assert_eq!(passed.is_some(), idle.is_some(), "{probe:?}");
            let range = 0.0..DEADLINE.as_secs_f64();
            assert!(passed.is_none_or(|passed| range.contains(&passed)), "{probe:?}");
        }
        client.close().await;
        server.stop().await;
    }
    Ok(())
}

both_runtimes!(everybody_is_sent_to_if_the_config_says_so);
async fn everybody_is_sent_to_if_the_config_says_so() -> TestResult {
    let hearer = UdpSocket::bind("0.0.0.0:0").await?;
    let everybody = SocketAddr::from(([127, 255, 255, 255], hearer.local_addr()?.port()));
    for broadcast in [false, true] {
        let mut settings = config(0);
        settings.udp_broadcast = broadcast;
        let server = Ipc::new(settings).serve_net(UdpType::Udp4).unwrap();
        let (told, mut errors) = mpsc::unbounded_channel();
        server.on_error(move |error, _| told.send(error.to_string()).unwrap());
        server.start().await?;
        server.emit_to(everybody, "hello", &1)?;
        if broadcast {
            let mut room = [0; 64];
            let (length, _) = tokio::time::timeout(DEADLINE, hearer.recv_from(&mut room)).await??;
            assert_eq!(&room[..length], b"{\"type\":\"hello\",\"data\":1}\x0c");
        } else {
            let error = tokio::time::timeout(DEADLINE, errors.recv()).await?.unwrap();
            assert!(error.contains("was not sent"), "{error}");
        }
        server.stop().await;
    }
    Ok(())
}

both_runtimes!(a_server_that_reads_nothing_is_cut_after_the_user_timeout);
async fn a_server_that_reads_nothing_is_cut_after_the_user_timeout() -> TestResult {
    let deaf = std::net::TcpListener::bind("127.0.0.1:0")?;
    let mut settings = config(deaf.local_addr()?.port());
    settings.user_timeout = Some(Duration::from_millis(200));
    settings.stop_retrying = true;
    let client = Ipc::new(settings).connect_to_net("world").unwrap();
    let (told, mut errors) = mpsc::unbounded_channel();
    client.on_error(move |error| told.send(format!("{error:?}")).unwrap());
    // More than the buffers of both systems take.
    let text = "x".repeat(1 << 20);
    let send = async {
        loop {
            if client.send("hello", &text).await.is_err() {
                return;
            }
        }
    };
    let error = async { tokio::time::timeout(DEADLINE, errors.recv()).await };
    let (error, ()) = tokio::join!(error, send);
    let error = error?.unwrap();
    assert!(error.contains("TimedOut"), "{error}");
    client.close().await;
    Ok(())
}
