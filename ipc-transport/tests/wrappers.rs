//! The wrappers for tests: faults that repeat with their seed, and a tap that misses nothing.
#![cfg(feature = "memory")]

use std::io::{ErrorKind, IoSlice};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipc_transport::{
    Direction, FaultSide, FaultTransport, Faults, MemoryHub, MemoryTransport, Stream, TapEvent,
    TapLog, TapTransport, Transport,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type TestResult = Result<(), BoxError>;

fn memory() -> MemoryTransport {
    MemoryTransport::new("wrapped").with_hub(MemoryHub::new())
}

async fn pair(transport: &impl Transport) -> Result<(Stream, Stream), BoxError> {
    let mut listener = transport.listen().await?;
    let ours = transport.dial().await?;
    Ok((ours, listener.accept().await?))
}

/// Returns the sizes of the reads and writes it takes to move 200 bytes.
async fn pieces(faults: Faults) -> Result<(Vec<usize>, Vec<usize>), BoxError> {
    let (mut client, mut server) = pair(&FaultTransport::new(memory(), faults)).await?;
    let (mut writes, mut reads) = (Vec::new(), Vec::new());
    while writes.iter().sum::<usize>() < 200 {
        writes.push(client.write(&vec![1; 200 - writes.iter().sum::<usize>()]).await?);
    }
    while reads.iter().sum::<usize>() < 200 {
        reads.push(server.read(&mut [0; 200]).await?);
    }
    Ok((writes, reads))
}

#[tokio::test]
async fn no_faults_are_the_default() -> TestResult {
    assert_eq!(pieces(Faults::new(1)).await?, (vec![200], vec![200]));
    Ok(())
}

#[tokio::test]
async fn each_fault_does_what_it_says() -> TestResult {
    let (writes, reads) = pieces(Faults::new(1).with_one_byte_writes(1)).await?;
    assert_eq!((writes, reads), (vec![1; 200], vec![200]));
    let (writes, reads) = pieces(Faults::new(1).with_short_reads(1)).await?;
    assert_eq!(writes, [200]);
    assert!(reads.iter().all(|count| (1..=16).contains(count)), "{reads:?}");
    let now_and_then = Faults::new(1).with_one_byte_writes(2).with_refusals(1);
    let (writes, _) = pieces(now_and_then).await?;
    assert!(writes.contains(&1) && writes.iter().any(|count| *count > 1), "{writes:?}");
    Ok(())
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults_and_another_does_not() -> TestResult {
    let faults =
        |seed| Faults::new(seed).with_short_reads(2).with_one_byte_writes(3).with_refusals(2);
    assert_eq!(pieces(faults(7)).await?, pieces(faults(7)).await?);
    assert_ne!(pieces(faults(7)).await?, pieces(faults(8)).await?);
    Ok(())
}

#[tokio::test]
async fn connections_of_one_transport_differ() -> TestResult {
    let faults = Faults::new(7).with_short_reads(2).with_side(FaultSide::Accepted);
    let transport = FaultTransport::new(memory(), faults);
    let mut reads = [Vec::new(), Vec::new()];
    for reads in &mut reads {
        let (mut client, mut server) = pair(&transport).await?;
        client.write_all(&[1; 400]).await?;
        while reads.iter().sum::<usize>() < 400 {
            reads.push(server.read(&mut [0; 50]).await?);
        }
    }
    assert_ne!(reads[0], reads[1]);
    Ok(())
}

#[tokio::test]
async fn a_cut_comes_after_exactly_so_many_bytes() -> TestResult {
    for side in [FaultSide::Dialed, FaultSide::Accepted] {
        let faults = Faults::new(1).with_side(side).with_cut_after(10);
        let (client, server) = pair(&FaultTransport::new(memory(), faults)).await?;
        let (mut cut, mut other) =
            if side == FaultSide::Dialed { (client, server) } else { (server, client) };
        // Both directions count: three bytes in, seven out.
        other.write_all(b"abc").await?;
        cut.read_exact(&mut [0; 3]).await?;
        let error = cut.write_all(&[1; 100]).await.err().ok_or("not cut")?;
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        let error = cut.read(&mut [0; 1]).await.err().ok_or("not cut")?;
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(cut.flush().await.map_err(|error| error.kind()), Err(ErrorKind::BrokenPipe));
        cut.shutdown().await?;
        let mut rest = Vec::new();
        other.read_to_end(&mut rest).await?;
        assert_eq!(rest, [1; 7]);
    }
    Ok(())
}

#[tokio::test]
async fn a_cut_wakes_whoever_waits_on_our_side() -> TestResult {
    let faults = Faults::new(1).with_side(FaultSide::Dialed).with_cut_after(5);
    let (client, _server) = pair(&FaultTransport::new(memory(), faults)).await?;
    let (mut read, mut write) = client.into_split();
    let waiting = tokio::spawn(async move { read.read(&mut [0; 1]).await });
    tokio::task::yield_now().await;
    write.write_all(&[1; 5]).await?;
    // The deadline only ends a test that would hang.
    let waited = tokio::time::timeout(Duration::from_secs(30), waiting).await?;
    let error = waited?.err().ok_or("not cut")?;
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    Ok(())
}

#[tokio::test]
async fn the_first_dials_can_be_refused() -> TestResult {
    let transport = FaultTransport::new(memory(), Faults::new(1).with_refused_dials(2));
    let _listener = transport.listen().await?;
    for _ in 0..2 {
        let refused = transport.dial().await.map(drop).map_err(|error| error.code());
        assert_eq!(refused, Err("nobody_listening"));
    }
    transport.dial().await?;
    Ok(())
}

#[tokio::test]
async fn a_tap_records_both_directions_of_each_connection() -> TestResult {
    let log = TapLog::new();
    let transport = TapTransport::new(memory(), log.clone());
    let (mut client, mut server) = pair(&transport).await?;
    client.write_all(b"question").await?;
    server.read_exact(&mut [0; 8]).await?;
    let parts = [IoSlice::new(b"ans"), IoSlice::new(b""), IoSlice::new(b"wer")];
    assert_eq!(server.write_vectored(&parts).await?, 6);
    client.read_exact(&mut [0; 6]).await?;
    drop(server);
    assert_eq!(client.read(&mut [0; 1]).await?, 0);

    for (connection, sent, received) in
        [(0, &b"question"[..], &b"answer"[..]), (1, b"answer", b"question")]
    {
        assert_eq!(log.bytes(connection, Direction::Sent), sent);
        assert_eq!(log.bytes(connection, Direction::Received), received);
    }
    assert!(log.records().iter().all(|record| !record.bytes.is_empty()));
    Ok(())
}

#[tokio::test]
async fn a_tap_over_faults_shows_what_really_crossed() -> TestResult {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = {
        let seen = Arc::clone(&seen);
        move |event: TapEvent<'_>| {
            if let Ok(mut seen) = seen.lock() {
                seen.push((event.connection, event.direction, event.bytes.len()));
            }
        }
    };
    let faulty = FaultTransport::new(memory(), Faults::new(1).with_one_byte_writes(1));
    let boxed: Box<dyn Transport> = Box::new(faulty);
    let (mut client, _server) = pair(&TapTransport::new(boxed, sink)).await?;
    client.write_all(b"abc").await?;
    let seen = seen.lock().map_err(|_| "poisoned")?.clone();
    assert_eq!(seen, [(0, Direction::Sent, 1); 3]);
    Ok(())
}
