//! A config from JSON and back, with node-ipc's own spelling.

mod access;
mod keys;
mod nested;
mod read;

use std::fmt;

use ipc_transport::Secret;
use serde_json::{Map, Value};

use self::keys::KEYS;
use crate::{Config, ConfigError, Dialect};

impl Config {
    /// Returns the defaults of the dialect, overridden by the settings of a JSON object in node-ipc's
    /// spelling: `{"id": "world", "maxRetries": 3}`. The output of `JSON.stringify(ipc.config)` is
    /// accepted, too.
    ///
    /// | setting | values |
    /// |---|---|
    /// | `maxRetries` | a number, whose fraction is ignored; `false` is 0; `"Infinity"`, or `null`, which is what JSON makes of it, for ever |
    /// | `stopRetrying` | `true`, and any number but 0, stops retrying when the next connection is lost; `false` and 0 do not |
    /// | `retry`, `messageTimeout` | milliseconds; without an unfinished frame's limit: 0, `null` or `"Infinity"` |
    /// | `maxConnections`, `maxMessageSize`, `maxPendingBytes`, `maxEventNameLength` | a whole number from 1; `null` or `"Infinity"` is no limit |
    /// | `highWaterMark` | not node-ipc's: a whole number of bytes from 1; `false`, `null` or `"Infinity"` is none |
    /// | `maxMessageSize` 1048576, `maxEventNameLength` 256 | node-ipc's own defaults, which node-ipc ignores in the profile `fast`: here the profile's limit |
    /// | `tls` | `false`, or an object with `private`, `public`, `dhparam`, `trustedConnections` (paths), `key`, `cert`, `ca` (PEM, as text or as a `Buffer`), `rejectUnauthorized`, `requestCert`, `servername` |
    /// | `interface` | `false`, or an object with `localAddress`, `localPort`, `family` (4 or 6), each of which may be `false` |
    /// | `keepAlive` | not node-ipc's: milliseconds before an idle TCP connection is probed, rounded up to seconds; `false`, 0, `null` or `"Infinity"` never |
    /// | `userTimeout` | not node-ipc's: milliseconds that bytes over TCP may go without being taken; `false`, 0, `null` or `"Infinity"` as the system has it |
    /// | `heartbeat` | not node-ipc's: `false`, or an object with `every` and `deadAfter`, both in milliseconds above 0; `deadAfter` is three times `every` if it is left out |
    /// | `spin` | not node-ipc's: milliseconds up to 10, such as 0.05; `false`, 0, `null` or `"Infinity"` is none |
    /// | `udpBroadcast` | not node-ipc's: `true` or `false` |
    /// | `udpLimits` | not node-ipc's: `false`, or an object with `peers`, `idle` (milliseconds), `peerBytes`, `totalBytes`, each from 1 or `"Infinity"`, and `amplification` (`false`, or a whole number from 1); what is left out is the default |
    /// | `peerUser` | not node-ipc's: `false`, or the number or name of a user of this machine |
    /// | `tokenFile` | not node-ipc's: `false`, or the path of a file of tokens |
    /// | `fileWatch` | not node-ipc's: milliseconds; 0, `null` or `"Infinity"` is never |
    /// | `whenDisplaced` | not node-ipc's: `serve-on`, `remake`, `stop` |
    /// | `allowedEvents` | `false`, or a list of names |
    /// | `access` | not node-ipc's: `false` for everybody, or an object with `sameUser` (`true`), `users` and `groups` (lists of numbers and names of this machine); whoever one of them lets in comes in |
    /// | `allow` | not node-ipc's: `false` for everything, or an object with `events`, `calls` and `topics`, each `false`, or a list of names and patterns such as `app.*` and `log.>`; an empty list allows none |
    /// | `onDenied` | not node-ipc's: `report` or `close` |
    /// | `rate` | not node-ipc's: `false`, or an object with `messages` (per second), `burst`, `bytes` (per second, or `false`), each from 1, and `over` (`throttle`, `drop`, `close`); all but `messages` may be left out |
    /// | `parser` | `fast`, `guarded`, `assured`; `raw` is `rawBuffer` |
    /// | `IPType` | any text, without effect: node-ipc only derives its own `networkHost` from it |
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: a setting is unknown, or its value is not allowed. An unknown setting is
    /// refused and not ignored: it may be misspelt. [`validate`](Self::validate) checks whether the
    /// settings fit together.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_compat::{Config, Dialect, Retries};
    /// use serde_json::json;
    ///
    /// let config = Config::from_json(Dialect::Classic, &json!({"id": "world", "maxRetries": false}))?;
    /// assert_eq!((config.id.as_str(), config.max_retries), ("world", Retries::Times(0)));
    ///
    /// let error = Config::from_json(Dialect::V14, &json!({"retry": "soon"})).unwrap_err();
    /// assert_eq!(error.to_string(), "retry is \"soon\", not a number of milliseconds");
    /// # Ok::<(), ipc_compat::ConfigError>(())
    /// ```
    pub fn from_json(dialect: Dialect, json: &Value) -> Result<Self, ConfigError> {
        let mut config = match dialect {
            Dialect::Classic => Self::classic(),
            Dialect::V14 => Self::v14(),
        };
        config.apply_json(json)?;
        Ok(config)
    }

    /// Changes the settings that a JSON object names, as [`from_json`](Self::from_json) reads
    /// them; the others stay.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json); the config is unchanged then.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_compat::Config;
    /// use serde_json::json;
    ///
    /// let mut config = Config::classic();
    /// config.apply_json(&json!({"id": "world", "networkPort": 8123}))?;
    /// assert_eq!((config.id.as_str(), config.network_port), ("world", 8123));
    /// # Ok::<(), ipc_compat::ConfigError>(())
    /// ```
    pub fn apply_json(&mut self, json: &Value) -> Result<(), ConfigError> {
        let given = json.as_object().ok_or_else(|| wrong("config", json, "an object"))?;
        if let Some(key) = given.keys().find(|key| KEYS.iter().all(|known| known.name != **key)) {
            let shown = if Secret::is_in(key) { "that is PEM text" } else { key };
            return Err(ConfigError::UnknownKey { key: shown.to_owned() });
        }
        let mut changed = self.clone();
        // In the order of the table, which is that in which node-ipc looks at them.
        for key in KEYS {
            if let Some(value) = given.get(key.name) {
                (key.set)(&mut changed, value).map_err(|problem| problem.at(key.name, value))?;
            }
        }
        *self = changed;
        Ok(())
    }

    /// Returns the settings as a JSON object, in node-ipc's spelling, all of them but `logger`,
    /// which is a function, and the dialect and `resolve`, which it does not have. A limit that there is not is `"Infinity"`.
    ///
    /// If [`access`](Self::access) is a function of the program, its text says so, and is no setting: reading it is an
    /// error, so that no one is let in by mistake.
    ///
    /// With [`from_json`](Self::from_json) it makes the same config again. **It holds the private
    /// key, if `tls.key` is set**: do not log it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let shown = KEYS.iter().filter_map(|key| Some((key.name.to_owned(), key.get?(self))));
        Value::Object(shown.collect::<Map<_, _>>())
    }
}

/// Why a value cannot be had, while it is not known yet of which setting it is.
#[derive(Debug)]
struct Problem {
    /// The way from the setting to the value.
    path: String,
    /// The value, if it is not the setting's own.
    value: Option<Value>,
    unknown: bool,
    allowed: &'static str,
}

impl Problem {
    fn allowed(allowed: &'static str) -> Self {
        Self { path: String::new(), value: None, unknown: false, allowed }
    }

    /// Returns the problem as one of a member.
    fn within(mut self, name: &str, value: &Value) -> Self {
        self.path = format!(".{name}{}", self.path);
        self.value.get_or_insert_with(|| value.clone());
        self
    }

    /// Returns the problem as one of this value, such as an item of a list.
    fn of(self, value: &Value) -> Self {
        Self { value: Some(value.clone()), ..self }
    }

    fn unknown(name: &str) -> Self {
        Self { path: format!(".{name}"), value: None, unknown: true, allowed: "" }
    }

    fn at(self, key: &str, value: &Value) -> ConfigError {
        let key = format!("{key}{}", self.path);
        if self.unknown {
            return ConfigError::UnknownKey { key };
        }
        wrong(&key, self.value.as_ref().unwrap_or(value), self.allowed)
    }
}

fn wrong(key: &str, value: &Value, allowed: &'static str) -> ConfigError {
    // The value of a key, or of a setting near it, may be a key.
    let is_near_key = key == "config" || key == "tls" || key.starts_with("tls.");
    let value = match value {
        _ if key == "tls.key" || holds_secret(value) => "a secret".to_owned(),
        Value::String(_) if is_near_key => "a text".to_owned(),
        Value::Array(items) if is_near_key && !items.is_empty() => "a list".to_owned(),
        Value::Object(members) if is_near_key && !members.is_empty() => "an object".to_owned(),
        _ => shortened(value),
    };
    ConfigError::Value { key: key.to_owned(), value, allowed }
}

/// Returns whether a value holds PEM text, or bytes as `JSON.stringify` writes them.
fn holds_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => Secret::is_in(text),
        Value::Array(items) => items.iter().any(holds_secret),
        Value::Object(members) => {
            members.get("type") == Some(&"Buffer".into())
                || members.iter().any(|(name, value)| Secret::is_in(name) || holds_secret(value))
        }
        _ => false,
    }
}

fn shortened(value: &impl fmt::Display) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// How many characters of a wrong value an error shows.
const MAX_SHOWN: usize = 60;
