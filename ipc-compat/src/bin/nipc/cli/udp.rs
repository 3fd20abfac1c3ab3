//! The options of UDP.

use clap::Args;
use ipc_compat::{Config, UdpType};

use crate::cli::port::{Tcp, tcp};

/// The endpoints over UDP.
#[derive(Debug, Args)]
pub(crate) struct Udp {
    /// UDP port over IPv4, of 127.0.0.1 unless there is a HOST; serve takes 0 for a free one.
    #[arg(long, value_name = PORT, value_parser = tcp, conflicts_with_all = OTHERS)]
    udp4: Option<Tcp>,
    /// UDP port over IPv6, of ::1 unless there is a HOST.
    #[arg(long, value_name = PORT, value_parser = tcp, conflicts_with_all = OTHERS, conflicts_with = "udp4")]
    udp6: Option<Tcp>,
    /// Send to a broadcast address, such as 192.0.2.255.
    #[arg(long)]
    broadcast: bool,
}

impl Udp {
    /// Returns what is wrong with the options together. IPv6 has no broadcast.
    pub(crate) fn conflict(&self) -> Option<&'static str> {
        let ignored = self.broadcast && self.udp4.is_none();
        ignored.then_some("--broadcast has no meaning without --udp4")
    }

    /// Returns the kind that was asked for.
    pub(crate) fn kind(&self) -> Option<UdpType> {
        let kinds = [(UdpType::Udp4, &self.udp4), (UdpType::Udp6, &self.udp6)];
        kinds.into_iter().find_map(|(kind, place)| place.as_ref().map(|_| kind))
    }

    /// Puts host and port into the settings.
    pub(crate) fn set(&self, config: &mut Config) {
        config.udp_broadcast = self.broadcast;
        let Some(place) = self.udp4.as_ref().or(self.udp6.as_ref()) else { return };
        config.network_port = place.port;
        match &place.host {
            Some(host) => config.network_host.clone_from(host),
            None if self.udp6.is_some() => config.network_host = "::1".into(),
            None => config.network_host = "127.0.0.1".into(),
        }
    }
}

const PORT: &str = "[HOST:]PORT";

/// The other ways to name an endpoint.
const OTHERS: [&str; 3] = ["path", "abstract_name", "tcp"];

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::settings;
    use crate::cli::{Cli, Command};

    #[track_caller]
    fn check(line: &str, kind: UdpType, host: &str, port: u16) {
        let Command::Serve(serve) = Cli::try_parse_from(line.split(' ')).unwrap().command else {
            panic!("not serve");
        };
        let config = settings::config(None, &serve.common);
        assert_eq!(serve.common.udp.kind(), Some(kind));
        assert_eq!((config.network_host.as_str(), config.network_port), (host, port));
    }

    #[test]
    fn host_and_port_follow_the_kind() {
        check("nipc serve --udp4 0", UdpType::Udp4, "127.0.0.1", 0);
        check("nipc serve --udp4 h.com:9 --dialect v14", UdpType::Udp4, "h.com", 9);
        check("nipc serve --udp4 192.0.2.255:9 --broadcast", UdpType::Udp4, "192.0.2.255", 9);
        check("nipc serve --udp6 8000", UdpType::Udp6, "::1", 8000);
        check("nipc serve --udp6 [::]:9", UdpType::Udp6, "::", 9);
        for other in ["--udp4 1", "--tcp 1", "--path /tmp/x", "--abstract x"] {
            let line = format!("nipc serve --udp6 1 {other}");
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
        for other in ["--broadcast", "--udp6 1 --broadcast", "--tcp 1 --broadcast"] {
            let line = format!("nipc serve {other}");
            let cli = Cli::try_parse_from(line.split(' ')).and_then(Cli::checked);
            assert!(cli.is_err_and(|error| error.to_string().contains("--udp4")), "{line}");
        }
    }
}
