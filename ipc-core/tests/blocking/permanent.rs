//! What can never be connected to ends a client that waits, too.

use ipc_core::blocking::{Client, Event};
use ipc_core::session::{Backoff, OnPermanent, ReconnectPolicy, State};
use ipc_core::{ClientEvent, ConnectError};
use ipc_transport::UnixTransport;

use crate::lines::Lines;

fn names(client: &mut Client<Lines>) -> Vec<String> {
    std::iter::from_fn(|| client.recv())
        .map(|event| match event {
            Event::Lifecycle(ClientEvent::Error(error)) => error.code().to_owned(),
            Event::Lifecycle(ClientEvent::Disconnect(_)) => "disconnect".to_owned(),
            Event::Lifecycle(ClientEvent::Destroy) => "destroy".to_owned(),
            other => format!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_permanent_failure_ends_the_client_under_the_default_policy() {
    let path = format!("/tmp/{}", "x".repeat(300));
    let mut client = Client::builder(Lines, UnixTransport::new(path)).unwrap().build();
    match client.connect() {
        Err(ConnectError::Failed(error)) => assert_eq!(error.code(), "name_too_long"),
        other => panic!("{other:?}"),
    }
    assert_eq!(client.state(), State::Destroyed);
    assert_eq!(names(&mut client), ["name_too_long", "disconnect", "destroy"]);
}

#[test]
fn a_policy_may_try_again_all_the_same() {
    let policy = ReconnectPolicy::times(2, Backoff::fixed(std::time::Duration::ZERO));
    let transport = UnixTransport::new(format!("/tmp/{}", "x".repeat(300)));
    let mut client = Client::builder(Lines, transport)
        .unwrap()
        .reconnect(policy.with_on_permanent(OnPermanent::Retry))
        .build();
    assert_eq!(names(&mut client).iter().filter(|name| *name == "name_too_long").count(), 3);
}
