//! A runtime that is missing, or lacks timers or sockets: an error of the call, no panic in a task.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ipc_compat::{Ipc, IpcError};
use ipc_core::session::State;
use ipc_core::{ClientEvent, ConnectError, EmitError, Error, Incoming};
use ipc_transport::RuntimeError;
use tokio::runtime::{Builder, Runtime};

use crate::rig::{ALL, Kind, Place, ipc, threads};

/// Runs the test on no runtime, on one without timers and on one without sockets, with what each
/// lacks for sockets of this kind; `None` if it lacks nothing.
fn on_each(kind: Kind, test: impl Fn(Option<RuntimeError>)) {
    test(Some(RuntimeError::Missing));
    let io = Builder::new_current_thread().enable_io().build().unwrap();
    io.block_on(async { test(Some(RuntimeError::NoTime)) });
    let time = Builder::new_current_thread().enable_time().build().unwrap();
    let lacking = (kind != Kind::Memory).then_some(RuntimeError::NoIo);
    time.block_on(async { test(lacking) });
}

/// Polls once: what is refused is refused at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("not refused at the call"),
    }
}

fn home() -> Runtime {
    threads()
}

#[test]
fn a_client_is_refused_at_the_call_and_can_start_elsewhere() {
    for kind in ALL {
        on_each(kind, |lacking| {
            let Some(lacking) = lacking else { return };
            let (place, ipc) = (Place::new(kind), ipc());
            let client = ipc.connect_on("w", place.server()).unwrap();
            assert_eq!(client.start(), Err(lacking));
            assert_eq!(client.emit("message", "hello"), Err(EmitError::Runtime(lacking)));
            match now(client.connected()) {
                Err(ConnectError::Failed(error)) => {
                    assert!(matches!(*error, Error::Runtime(found) if found == lacking), "{error}");
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(*client.core().state().borrow(), State::Idle);
        });
        let (place, ipc) = (Place::new(kind), ipc());
        let client = ipc.connect_on("w", place.server()).unwrap();
        assert_eq!(client.start(), Err(RuntimeError::Missing));
        home().block_on(async { client.start() }).unwrap();
    }
}

#[test]
fn a_client_that_only_waits_ends_with_the_error() {
    for kind in ALL {
        on_each(kind, |lacking| {
            let Some(lacking) = lacking else { return };
            for streamed in [true, false] {
                let (place, ipc) = (Place::new(kind), ipc());
                let client = ipc.connect_on("w", place.server()).unwrap();
                let mut events = client.core().events();
                if !streamed {
                    now(client.closed());
                }
                match now(events.next()) {
                    Some(Incoming::Lifecycle(ClientEvent::Error(error))) => {
                        assert!(matches!(*error, Error::Runtime(found) if found == lacking));
                    }
                    other => panic!("{other:?}"),
                }
                assert!(matches!(
                    now(events.next()),
                    Some(Incoming::Lifecycle(ClientEvent::Destroy))
                ));
                assert!(now(events.next()).is_none());
                assert_eq!(*client.core().state().borrow(), State::Destroyed);
                now(client.close());
            }
        });
    }
}

#[test]
fn a_callback_makes_the_call_itself_fail() {
    on_each(Kind::Unix, |lacking| {
        let (ipc, lacking) = (ipc(), lacking.unwrap());
        let refused = ipc.connect_to(("w", |_: &Ipc| {})).unwrap_err();
        assert_eq!(refused, IpcError::Runtime(lacking));
        assert_eq!(refused.code(), ipc_compat::codes::of(&Error::Runtime(lacking)));
    });
}

#[test]
fn a_server_is_refused_at_the_call_and_can_start_elsewhere() {
    for kind in ALL {
        on_each(kind, |lacking| {
            let Some(lacking) = lacking else { return };
            let (place, ipc) = (Place::new(kind), ipc());
            let server = ipc.serve_on(place.server()).unwrap();
            match now(server.start()) {
                Err(Error::Runtime(found)) => assert_eq!(found, lacking),
                other => panic!("{other:?}"),
            }
            assert!(!place.path().exists());
        });
        let (place, ipc) = (Place::new(kind), ipc());
        let server = ipc.serve_on(place.server()).unwrap();
        assert!(now(server.start()).is_err());
        home().block_on(server.start()).unwrap();
        // There is no need to wait: neither has a runtime.
        let never = ipc.serve_on(Place::new(kind).server()).unwrap();
        now(never.stop());
    }
}

#[test]
fn memory_needs_no_sockets() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let (place, ipc) = (Place::new(Kind::Memory), ipc());
        let server = ipc.serve_on(place.server()).unwrap();
        server.start().await.unwrap();
        let client = ipc.connect_on("w", place.server()).unwrap();
        client.connected().await.unwrap();
        client.close().await;
        server.stop().await;
    });
}
