//! The options for peers that vanish or hang: TCP's keepalive probes, and the heartbeat.

use std::time::Duration;

use clap::Args;
use ipc_compat::Config;
use ipc_core::Heartbeat;

#[derive(Debug, Args)]
pub(crate) struct KeepaliveOption {
    /// Probe a TCP connection that carried nothing for this time, so that a peer that vanished is
    /// detected; off: never [default: 60].
    #[arg(long, value_name = "SECS|off", value_parser = keepalive)]
    keepalive: Option<Probing>,
    /// Ask a peer that answers calls for a sign of life after this time of silence, and give it up
    /// after three times as long [default: never].
    #[arg(long, value_name = "SECS", value_parser = clap::value_parser!(u16).range(1..))]
    heartbeat: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probing {
    After(Duration),
    Never,
}

impl KeepaliveOption {
    /// Returns what is wrong with the option for this kind of endpoint.
    pub(crate) fn conflict(&self, is_on_tcp: bool) -> Option<&'static str> {
        let ignored = self.keepalive.is_some() && !is_on_tcp;
        ignored.then_some("--keepalive has no meaning without --tcp or --tls")
    }

    /// Puts the option into the settings.
    pub(crate) fn set(&self, config: &mut Config) {
        match self.keepalive {
            Some(Probing::After(time)) => config.keepalive = Some(time),
            Some(Probing::Never) => config.keepalive = None,
            None => {}
        }
        if let Some(seconds) = self.heartbeat {
            config.heartbeat = Some(Heartbeat::every(Duration::from_secs(seconds.into())));
        }
    }
}

fn keepalive(text: &str) -> Result<Probing, String> {
    match (text, text.parse::<u16>()) {
        ("off", _) => Ok(Probing::Never),
        (_, Ok(seconds @ 1..=32_767)) => Ok(Probing::After(Duration::from_secs(seconds.into()))),
        _ => Err("needs a whole number of seconds from 1 to 32767, or off".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::settings;
    use crate::cli::{Cli, Command};

    fn config(options: &str) -> Option<Config> {
        let line = format!("nipc serve {options}");
        let cli = Cli::try_parse_from(line.split(' ')).and_then(Cli::checked).ok()?;
        let Command::Serve(serve) = cli.command else { panic!("not serve") };
        Some(settings::config(None, &serve.common))
    }

    fn of(options: &str) -> Option<Option<Duration>> {
        config(options).map(|config| config.keepalive)
    }

    #[test]
    fn a_silent_peer_is_asked_only_if_that_is_asked_for() {
        let of = |options: &str| config(options).map(|config| config.heartbeat);
        assert_eq!(of("--path /tmp/x"), Some(None));
        for (text, seconds) in [("1", 1), ("15", 15), ("65535", 65_535)] {
            let heartbeat = Heartbeat::every(Duration::from_secs(seconds));
            assert_eq!(of(&format!("--path /tmp/x --heartbeat {text}")), Some(Some(heartbeat)));
        }
        for wrong in ["0", "-1", "1.5", "65536", "off"] {
            assert_eq!(of(&format!("--tcp 0 --heartbeat {wrong}")), None, "{wrong}");
        }
    }

    #[test]
    fn tcp_is_probed_after_the_time_that_is_asked_for_or_never() {
        let seconds = |seconds| Some(Some(Duration::from_secs(seconds)));
        assert_eq!(of("--tcp 0"), seconds(60));
        assert_eq!(of("--tcp 0 --keepalive 5"), seconds(5));
        assert_eq!(of("--tcp 0 --keepalive 32767"), seconds(32_767));
        assert_eq!(of("--tcp 0 --keepalive off"), Some(None));
        for wrong in ["0", "-1", "1.5", "32768", "on", "OFF"] {
            assert_eq!(of(&format!("--tcp 0 --keepalive {wrong}")), None, "{wrong}");
        }
        for other in ["--path /tmp/x", "--udp4 0", "--abstract x"] {
            assert_eq!(of(&format!("{other} --keepalive 5")), None, "{other}");
        }
    }
}
