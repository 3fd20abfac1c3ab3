//! From the options to node-ipc's settings.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use ipc_compat::{Config, Dialect, Resolve, Retries};

use crate::cli::common::{Common, Retrying};

/// Returns the settings of node-ipc that the options stand for.
pub(crate) fn config(id: Option<&str>, common: &Common) -> Config {
    let mut config = match Dialect::from(common.dialect) {
        Dialect::V14 => Config::v14(),
        _ => Config::classic(),
    };
    if let Some(id) = id {
        config.id = id.to_owned();
    }
    if let Some(directory) = &common.socket_root {
        config.socket_root = with_separator(directory);
    } else {
        // Whichever version the server is of.
        config.resolve = Resolve::auto();
    }
    common.checks.set(&mut config);
    if let Some(appspace) = &common.appspace {
        config.appspace.clone_from(appspace);
    }
    if let Some(delimiter) = &common.delimiter {
        config.delimiter = delimiter.clone();
    }
    if let Some(tcp) = &common.place.tcp {
        config.network_port = tcp.port;
        if let Some(host) = &tcp.host {
            config.network_host.clone_from(host);
        }
    }
    common.udp.set(&mut config);
    common.keepalive.set(&mut config);
    common.tls.set(&mut config);
    common.raw.set(&mut config);
    common.peer_user.set(&mut config);
    config.max_message_size = common.max_frame;
    // A frame that may be sent has to fit into the queue, too.
    let frame = config.limits().max_frame().saturating_add(config.delimiter.as_bytes().len());
    config.max_pending_bytes = config.max_pending_bytes.max(frame);
    config
}

/// Puts the options of a client to which a server that is not there is an error into its settings, unless the
/// user asks to wait for one.
pub(crate) fn set_retrying_if_asked(config: &mut Config, retrying: &Retrying) {
    let otherwise = if retrying.retry.is_some() { Retries::Forever } else { Retries::Times(0) };
    set_retrying(config, retrying, otherwise);
}

/// Puts the options of a client into its settings.
pub(crate) fn set_retrying(config: &mut Config, retrying: &Retrying, otherwise: Retries) {
    config.max_retries = retrying.max_retries.unwrap_or(otherwise);
    if let Some(pause) = retrying.retry {
        config.retry = pause;
    }
}

/// Returns the directory with a trailing `/`: node-ipc adds none.
pub(crate) fn with_separator(directory: &Path) -> PathBuf {
    let mut text = OsString::from(directory);
    if !text.as_encoded_bytes().ends_with(b"/") {
        text.push("/");
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    #[track_caller]
    fn of(line: &str) -> Config {
        match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Command::Serve(serve) => config(serve.id.as_deref(), &serve.common),
            Command::Connect(connect) => {
                let mut config = config(connect.id.as_deref(), &connect.common);
                set_retrying(&mut config, &connect.retrying, Retries::Forever);
                config
            }
            _ => panic!("not asked for here"),
        }
    }

    #[test]
    fn nothing_given_is_node_ipcs_default() {
        let config = of("nipc serve");
        assert_eq!(config.id, Config::classic().id);
        assert_eq!(config.socket_path("x").to_str(), Some("/tmp/app.x"));
        assert_eq!(config.limits().max_frame(), 16 << 20);
        assert_eq!(of("nipc connect").max_retries, Retries::Forever);
        assert_eq!(of("nipc connect").retry.as_millis(), 500);
    }

    #[test]
    fn the_local_path_is_root_appspace_and_id() {
        for root in ["/run/x", "/run/x/"] {
            let config = of(&format!("nipc serve --socket-root {root} --appspace my- world"));
            assert_eq!(config.socket_path(&config.id).to_str(), Some("/run/x/my-world"));
        }
    }

    #[test]
    fn tcp_fills_in_the_host() {
        let config = of("nipc serve --tcp 0");
        assert_eq!((config.network_host.as_str(), config.network_port), ("127.0.0.1", 0));
        let config = of("nipc serve --tcp [::1]:99");
        assert_eq!((config.network_host.as_str(), config.network_port), ("::1", 99));
    }

    #[test]
    fn a_frame_of_the_greatest_length_fits_into_the_queue() {
        let config = of("nipc serve");
        assert!(config.max_pending_bytes > 16 << 20);
        let config = of("nipc serve --max-frame 10 --delimiter --end--");
        assert_eq!((config.limits().max_frame(), config.max_pending_bytes), (10, 8 << 20));
        of(&format!("nipc serve --max-frame {}", usize::MAX));
    }
}
