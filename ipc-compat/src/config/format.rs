//! From the settings to the message format.

use super::{Config, ConfigError, Profile};
use crate::{EventRules, NodeFormat};

impl Config {
    /// Returns the message format.
    ///
    /// # Errors
    ///
    /// [`ConfigError::UnsafeDelimiter`] if frames may contain the delimiter.
    pub fn format(&self) -> Result<NodeFormat, ConfigError> {
        let format = NodeFormat::new(self.dialect)
            .with_event_rules(self.event_rules())
            .with_shared_layout(self.layout.clone());
        if self.raw_buffer {
            return Ok(format.with_raw(self.encoding));
        }
        Ok(format.with_delimiter(self.delimiter.clone())?)
    }

    /// Returns the rules for the names of events.
    #[must_use]
    pub fn event_rules(&self) -> EventRules {
        let mut rules = match self.parser {
            Profile::Fast => EventRules::open(),
            Profile::Guarded => EventRules::guarded(),
            Profile::Assured => EventRules::assured(self.allowed_events.iter().cloned()),
        };
        // As in node-ipc, where the profile `assured` never allows them.
        if self.allow_reserved_events && self.parser == Profile::Guarded {
            rules = rules.with_reserved_names();
        }
        match self.max_event_name_length {
            Some(length) => rules.with_max_length(length),
            None => rules,
        }
    }
}
