//! Which settings cannot be used, of those that are not the format's.

use std::time::Duration;

use ipc_core::Rate;

use super::{Config, ConfigError, Profile};

impl Config {
    /// Checks the settings that are not the format's.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let texts = [
            ("appspace", self.appspace.as_bytes()),
            ("socket_root", self.socket_root.as_os_str().as_encoded_bytes()),
            ("id", self.id.as_bytes()),
            ("network_host", self.network_host.as_bytes()),
        ];
        for (option, text) in texts {
            if text.contains(&0) {
                return Err(ConfigError::ContainsNul { option });
            }
        }
        if self.network_host.is_empty() {
            return Err(ConfigError::Empty { option: "network_host" });
        }
        let numbers = [
            ("max_connections", self.max_connections == 0),
            ("max_message_size", self.max_message_size == Some(0)),
            ("max_pending_bytes", self.max_pending_bytes == 0),
            ("high_water_mark", self.high_water_mark == Some(0)),
            ("max_event_name_length", self.max_event_name_length == Some(0)),
            ("rate", self.rate.is_some_and(takes_nothing)),
            ("message_timeout", self.message_timeout == Some(Duration::ZERO)),
            ("file_watch", self.file_watch == Some(Duration::ZERO)),
            ("udp_limits.idle", self.udp_limits.idle() == Duration::ZERO),
            ("udp_limits.peer_bytes", self.udp_limits.peer_bytes() == 0),
            ("udp_limits.total_bytes", self.udp_limits.total_bytes() == 0),
        ];
        for (option, is_zero) in numbers {
            if is_zero {
                return Err(ConfigError::Zero { option });
            }
        }
        if self.parser == Profile::Assured && self.allowed_events.is_empty() {
            return Err(ConfigError::Empty { option: "allowed_events" });
        }
        Ok(())
    }
}

/// Returns whether a rate has a zero in it, which the core would take for a one.
fn takes_nothing(rate: Rate) -> bool {
    rate.messages_per_second() == 0
        || rate.burst_messages() == 0
        || rate.bytes_per_second() == Some(0)
}
