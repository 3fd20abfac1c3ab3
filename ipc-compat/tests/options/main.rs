//! Each setting of a config reaches the core: through `Ipc`, through a client or server of the core
//! that is built by hand, and through the blocking driver.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

mod calls;
mod client;
mod server;

use std::time::Duration;

use ipc_compat::{Config, Profile};

/// How a client or server is made.
#[derive(Debug, Clone, Copy)]
enum Road {
    Ipc,
    Core,
    Blocking,
}

const ROADS: [Road; 3] = [Road::Ipc, Road::Core, Road::Blocking];

#[test]
fn what_cannot_be_used_is_no_option() {
    let zero = |change: fn(&mut Config)| {
        let mut config = Config::classic();
        change(&mut config);
        (config.client_options().map(drop), config.server_options().map(drop), config.validate())
    };
    for change in [
        (|config| config.max_pending_bytes = 0) as fn(&mut Config),
        |config| config.max_connections = 0,
        |config| config.high_water_mark = Some(0),
        |config| config.parser = Profile::Assured,
    ] {
        let (client, server, validated) = zero(change);
        assert!(validated.is_err());
        assert_eq!((client, server), (validated.clone(), validated));
    }
}

/// Ends a test that would hang; nothing waits for it otherwise. Less than the core's own limit on an
/// unfinished frame, so that a config's that is lost shows.
const DEADLINE: Duration = Duration::from_secs(20);
