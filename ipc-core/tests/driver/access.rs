//! Whom a server lets in, by rules of the program's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ipc_core::{Access, Refusal, Server, ServerEvent};

use crate::support::{Lines, Log, Raw, memory, soon};

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_refused_learns_nothing_and_the_program_who_and_why() {
    let transport = memory();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let every_second = Access::check(move |_| {
        let n = counted.fetch_add(1, Ordering::Relaxed);
        if n % 2 == 0 { Err(Refusal::new("the secret reason")) } else { Ok(()) }
    });
    let server = Server::builder(Lines, transport.clone()).access(every_second).build();
    let log = Log::of_server(&server);
    let noted = Log::new();
    let other = noted.clone();
    server.on_lifecycle(move |event| {
        if let ServerEvent::Refused { info, why } = event {
            other.note(format!("{} {}: {why}", info.endpoint, why.code()));
        }
    });
    soon(server.listen()).await.unwrap();
    for n in 1..=3 {
        let mut stranger = Raw::dial(&transport).await;
        // It may be gone before the write.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stranger.0, b"say hello\n").await;
        assert_eq!(stranger.rest().await, "");
        let mut known = Raw::dial(&transport).await;
        known.write(format!("say {n}\n")).await;
        log.until(&format!("{n} say {n}")).await;
    }
    let line = format!("{} denied: the secret reason", server.endpoint().unwrap());
    assert_eq!(noted.lines(), vec![line; 3]);
    // Nothing that a refused peer has sent was read.
    assert!(!log.lines().iter().any(|line| line.contains("hello")), "{:?}", log.lines());
}

#[tokio::test(start_paused = true)]
async fn who_it_is_comes_before_how_many_there_are() {
    let transport = memory();
    let access = Access::check(|_| Err("not today".into()));
    let builder = Server::builder(Lines, transport.clone()).access(access).max_connections(0);
    let server = builder.build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let mut stranger = Raw::dial(&transport).await;
    assert_eq!(stranger.rest().await, "");
    log.until("refused denied").await;
}

#[tokio::test(start_paused = true)]
async fn a_check_that_panics_refuses_and_the_server_goes_on() {
    let transport = memory();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let access = Access::check(move |_| match counted.fetch_add(1, Ordering::Relaxed) {
        0 => panic!("a check panics"),
        _ => Ok(()),
    });
    let server = Server::builder(Lines, transport.clone()).access(access).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    assert_eq!(Raw::dial(&transport).await.rest().await, "");
    let _known = Raw::dial(&transport).await;
    log.until("1 connect").await;
    assert_eq!(log.lines(), ["refused denied", "1 connect"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_user_is_whoever_is_in_the_same_process() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).access(Access::same_user()).build();
    let log = Log::of_server(&server);
    soon(server.listen()).await.unwrap();
    let _peer = Raw::dial(&transport).await;
    log.until("1 connect").await;
}
