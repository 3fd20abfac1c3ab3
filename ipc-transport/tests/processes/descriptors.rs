//! A server that runs out of file descriptors: it must neither spin nor get stuck.

use std::future::{Future, poll_fn};
use std::io::Read;
#[cfg(feature = "tcp")]
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use ipc_transport::{Endpoint, Listener, Stream, TransportError};
use tokio::io::AsyncWriteExt;
use tokio::task::coop::unconstrained;

use crate::Result;
use crate::child::{Other, next_order, say};
use crate::kill::text;

pub(crate) fn full_unix_server_sheds_and_recovers() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("app.world");
    let endpoint = format!("unix:{}", text(&path)?);
    sheds_and_recovers(&endpoint, |endpoint| match endpoint {
        Endpoint::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(DEADLINE))?;
            Ok(Box::new(stream))
        }
        other => Err(format!("not a Unix socket: {other}").into()),
    })
}

#[cfg(feature = "tcp")]
pub(crate) fn full_tcp_server_sheds_and_recovers() -> Result {
    sheds_and_recovers("tcp:127.0.0.1:0", |endpoint| match endpoint {
        Endpoint::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port))?;
            stream.set_read_timeout(Some(DEADLINE))?;
            Ok(Box::new(stream))
        }
        other => Err(format!("not a TCP port: {other}").into()),
    })
}

fn sheds_and_recovers(
    endpoint: &str,
    connect: impl Fn(&Endpoint) -> Result<Box<dyn Read>>,
) -> Result {
    let mut server = Other::start_limited(DESCRIPTORS, &["crowded", endpoint])?;
    let endpoint: Endpoint = server.hear()?.parse()?;
    let clients: Result<Vec<_>> = (0..CLIENTS).map(|_| connect(&endpoint)).collect();
    let mut clients = clients?;

    // Everybody is either served (and hears a byte) or shed (and hears the end).
    let answer = server.ask("accept all")?;
    let counts: Vec<usize> = answer.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let [served, shed, polls_while_idle] = counts[..] else { return Err(answer.into()) };
    assert!(served > 0 && shed > 0, "{answer}");
    assert_eq!(served + shed, CLIENTS, "somebody is stuck in the backlog");
    assert!(polls_while_idle <= 2, "the accept loop spins: {polls_while_idle} polls");
    let mut heard = 0;
    for client in &mut clients {
        heard += client.read(&mut [0; 1])?;
    }
    assert_eq!(heard, served);

    assert_eq!(server.ask("dial")?, "too_many_files");
    assert_eq!(server.ask("listen")?, "too_many_files");

    // As soon as one leaves, the next is served.
    drop(clients);
    assert_eq!(server.ask("let one go")?, "gone");
    let mut late = connect(&endpoint)?;
    assert_eq!(server.ask("accept all")?.split(' ').next(), Some("1"));
    assert_eq!(late.read(&mut [0; 1])?, 1);
    Ok(())
}

/// The child. For the order `accept all` it accepts all there is, keeps it, and says how many it
/// served, how many were shed, and how often a waiting accept was polled for nothing.
pub(crate) fn crowded(endpoint: &Endpoint) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut listener = endpoint.transport()?.listen().await?;
        say(&listener.endpoint().to_string());
        let bound = listener.endpoint().transport()?;
        let mut kept = Vec::new();
        while let Some(order) = next_order()? {
            let outcome = match order.as_str() {
                "let one go" => kept.pop().map_or("none is left", |_| "gone"),
                "dial" => bound.dial().await.map_or_else(|error| error.code(), |_| "dialed"),
                "listen" => bound.listen().await.map_or_else(|error| error.code(), |_| "bound"),
                _ => "",
            };
            if !outcome.is_empty() {
                say(outcome);
                continue;
            }
            let (mut served, mut shed, mut polls) = (0, 0, 0);
            while let Some(accepted) = accept_if_any(&mut listener, &mut polls).await {
                if shed > CLIENTS {
                    return Err("full for ever".into());
                }
                match accepted {
                    Ok(mut stream) => {
                        stream.write_all(b"!").await?;
                        kept.push(stream);
                        served += 1;
                    }
                    Err(TransportError::TooManyFiles { .. }) => shed += 1,
                    Err(error) => return Err(error.into()),
                }
            }
            say(&format!("{served} {shed} {polls}"));
        }
        Ok(())
    })
}

/// Accepts a connection, or returns `None` once a hundred rounds of the runtime brought none;
/// `polls` then tells how often the waiting accept asked to be polled.
async fn accept_if_any(
    listener: &mut Box<dyn Listener>,
    polls: &mut usize,
) -> Option<Result<Stream, TransportError>> {
    let mut accept = pin!(listener.accept());
    let calls = Arc::new(Calls(AtomicUsize::new(1)));
    let waker = Waker::from(Arc::clone(&calls));
    *polls = 0;
    for _ in 0..100 {
        if calls.0.swap(0, Ordering::SeqCst) > 0 {
            *polls += 1;
            let polled = unconstrained(poll_fn(|_| {
                Poll::Ready(accept.as_mut().poll(&mut Context::from_waker(&waker)))
            }));
            if let Poll::Ready(accepted) = polled.await {
                return Some(accepted);
            }
        }
        tokio::task::yield_now().await;
    }
    None
}

/// Counts the calls of a waker.
struct Calls(AtomicUsize);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

const DESCRIPTORS: u32 = 40;
const CLIENTS: usize = 100;
/// Ends a test that would hang.
const DEADLINE: Duration = Duration::from_secs(30);
