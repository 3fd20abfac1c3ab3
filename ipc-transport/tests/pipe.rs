//! What is particular to Windows pipes: names, busy pipes, ends, and who serves a name.
#![cfg(all(windows, feature = "pipe"))]

use std::io::ErrorKind;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ipc_transport::{Endpoint, PipeTransport, Transport, TransportError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::windows::named_pipe::{ClientOptions, ServerOptions};

type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Waits for something that is going to happen; the deadline only ends a test that would hang.
async fn within<T>(future: impl Future<Output = T>) -> Result<T, tokio::time::error::Elapsed> {
    tokio::time::timeout(Duration::from_secs(60), future).await
}

fn fresh_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!(r"\\.\pipe\ipc-transport-pipe-{}-{number}", std::process::id())
}

fn fresh() -> PipeTransport {
    PipeTransport::new(fresh_name())
}

#[tokio::test]
async fn names_that_are_none_of_this_machines_pipes_are_refused() -> TestResult {
    for name in [r"\\server\pipe\x", r"\\.\pipe\", "/tmp/app.world", "\\\\.\\pipe\\a\0"] {
        let transport = PipeTransport::new(name);
        for error in
            [transport.dial().await.map(drop).err(), transport.listen().await.map(drop).err()]
        {
            let error = error.ok_or("taken")?;
            assert!(matches!(&error, TransportError::InvalidName { name: n, .. } if n == name));
        }
    }
    let long = format!(r"\\.\pipe\{}", "x".repeat(248));
    let error = PipeTransport::new(long).listen().await.map(drop).err().ok_or("taken")?;
    assert!(matches!(error, TransportError::NameTooLong { limit: 256, actual: 257, .. }));
    let longest = format!("{:x<256}", fresh_name());
    PipeTransport::new(longest).listen().await?.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_live_server_is_left_alone() -> TestResult {
    let transport = fresh();
    let mut first = transport.listen().await?;
    match transport.listen().await {
        Err(TransportError::AlreadyRunning { path }) => {
            assert_eq!(path.to_str(), Some(transport.name()));
        }
        other => return Err(format!("two servers: {other:?}").into()),
    }
    // No client has connected to it.
    let none = tokio::time::timeout(Duration::from_millis(1), first.accept()).await;
    assert!(none.is_err());
    Ok(())
}

#[tokio::test]
async fn a_server_of_others_is_left_alone_however_busy() -> TestResult {
    let transport = fresh();
    let theirs = ServerOptions::new().max_instances(1).create(transport.name())?;
    let _client = ClientOptions::new().open(transport.name())?;
    theirs.connect().await?;
    let refused = within(transport.listen()).await?.map(drop).err().ok_or("two servers")?;
    assert_eq!(refused.code(), "address_in_use");
    Ok(())
}

#[tokio::test]
async fn a_busy_pipe_is_waited_for_until_the_deadline() -> TestResult {
    let name = fresh_name();
    let server = ServerOptions::new().max_instances(1).create(&name)?;
    let first = ClientOptions::new().open(&name)?;
    server.connect().await?;
    let busy = PipeTransport::new(&name).with_busy_timeout(Duration::from_millis(120));
    match within(busy.dial()).await? {
        Err(TransportError::Busy { waited_ms: 120, endpoint }) => {
            assert_eq!(endpoint, Endpoint::Pipe(name.clone()));
        }
        other => return Err(format!("not busy: {other:?}").into()),
    }
    // With time enough it gets the instance as soon as the first client has left it.
    let patient = PipeTransport::new(&name).with_busy_timeout(Duration::from_secs(60));
    let dialing = tokio::spawn(async move { patient.dial().await });
    drop(first);
    server.disconnect()?;
    server.connect().await?;
    within(dialing).await???;
    Ok(())
}

#[tokio::test]
async fn a_burst_of_clients_finds_the_pipe() -> TestResult {
    let transport = fresh().with_busy_timeout(Duration::from_secs(60));
    let mut listener = transport.listen().await?;
    let mut clients = Vec::new();
    for number in 0..200_u32 {
        let transport = transport.clone();
        clients.push(tokio::spawn(async move {
            let mut stream = transport.dial().await?;
            stream.write_u32(number).await?;
            stream.shutdown().await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        }));
    }
    let mut seen = std::collections::HashSet::new();
    while seen.len() < 200 {
        let mut stream = within(listener.accept()).await??;
        assert!(seen.insert(within(stream.read_u32()).await??));
    }
    for client in clients {
        client.await??;
    }
    Ok(())
}

#[tokio::test]
async fn what_was_written_before_the_end_arrives() -> TestResult {
    let transport = fresh();
    let mut listener = transport.listen().await?;
    for size in [1, 1000, 64 * 1024, 1 << 20] {
        let (mut client, mut server) = tokio::try_join!(transport.dial(), listener.accept())?;
        let writing = tokio::spawn(async move {
            server.write_all(&vec![b'x'; size]).await?;
            server.shutdown().await
        });
        // It is gone, or waits for us to read what the pipe has no room for.
        if size <= 1000 {
            within(writing).await???;
        } else {
            tokio::spawn(writing);
        }
        let mut received = Vec::new();
        within(client.read_to_end(&mut received)).await??;
        assert_eq!(received.len(), size);
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_is_gone_before_it_is_accepted_has_said_its_word() -> TestResult {
    let transport = fresh();
    let mut listener = transport.listen().await?;
    // The handle of a file closes at once, tokio's after a turn of the event loop.
    let mut client = std::fs::OpenOptions::new().read(true).write(true).open(transport.name())?;
    std::io::Write::write_all(&mut client, b"last words")?;
    drop(client);
    let mut server = within(listener.accept()).await??;
    let mut received = Vec::new();
    within(server.read_to_end(&mut received)).await??;
    assert_eq!(received, b"last words");
    Ok(())
}

#[tokio::test]
async fn a_shutdown_ends_both_directions() -> TestResult {
    let transport = fresh();
    let mut listener = transport.listen().await?;
    let (client, mut server) = tokio::try_join!(transport.dial(), listener.accept())?;
    let (mut read, mut write) = client.into_split();
    // The reader is woken, though nothing came.
    let reading = tokio::spawn(async move { read.read(&mut [0; 8]).await });
    tokio::task::yield_now().await;
    write.shutdown().await?;
    assert_eq!(within(reading).await???, 0);
    let after = write.write_all(b"x").await.map_err(|error| error.kind());
    assert_eq!(after, Err(ErrorKind::BrokenPipe));
    assert_eq!(within(server.read(&mut [0; 8])).await??, 0);
    Ok(())
}

#[tokio::test]
async fn a_write_of_nothing_is_no_end() -> TestResult {
    let transport = fresh();
    let mut listener = transport.listen().await?;
    let client = ClientOptions::new().open(transport.name())?;
    let mut server = within(listener.accept()).await??;
    // Ours does not even reach the pipe.
    assert_eq!(server.write(b"").await?, 0);
    for _ in 0..3 {
        client.writable().await?;
        client.try_write(b"").map(drop).or_else(would_block)?;
    }
    loop {
        client.writable().await?;
        match client.try_write(b"after") {
            Ok(5) => break,
            other => other.map(drop).or_else(would_block)?,
        }
    }
    let mut received = [0; 5];
    within(server.read_exact(&mut received)).await??;
    assert_eq!(&received, b"after");
    drop(client);
    assert_eq!(within(server.read(&mut received)).await??, 0);
    Ok(())
}

fn would_block(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == ErrorKind::WouldBlock { Ok(()) } else { Err(error) }
}

#[tokio::test]
async fn a_name_lives_as_long_as_its_connections() -> TestResult {
    let transport = fresh();
    let mut listener = transport.listen().await?;
    let kept = tokio::try_join!(transport.dial(), listener.accept())?;
    listener.close().await?;
    let refused = within(transport.listen()).await?.map(drop).err().ok_or("taken")?;
    assert_eq!(refused.code(), "address_in_use");
    drop(kept);
    within(transport.listen()).await??;
    Ok(())
}

#[tokio::test]
async fn the_other_process_is_named_where_the_system_knows_it() -> TestResult {
    let transport = fresh().with_buffer_size(100).with_readable_all(true).with_writable_all(true);
    let mut listener = transport.listen().await?;
    let (client, server) = tokio::try_join!(transport.dial(), listener.accept())?;
    for known in [client.peer().process_id, server.peer().process_id].into_iter().flatten() {
        assert_eq!(known, std::process::id());
    }
    Ok(())
}
