//! The table of settings: node-ipc's name of each, how it is read and how it is written.

use std::path::Path;

use ipc_codec::Delimiter;
use ipc_core::Spin;
use serde_json::Value;

use super::read::{
    Read, depth, depth_to_json, duration_to_json, file, flag, flag_or_number, id, is_unset,
    keepalive, limit, limit_to_json, milliseconds, path, port, retries, retries_to_json, text,
    timeout, user,
};
use super::{Problem, access, nested};
use crate::config::Profile;
use crate::{Config, EventRules};

pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) set: fn(&mut Config, &Value) -> Read<()>,
    /// `None` for what is only read.
    pub(super) get: Option<fn(&Config) -> Value>,
}

/// Makes the table: the name, the field, how it is read, and how it is written.
macro_rules! keys {
    ($($name:literal: $field:ident = $read:expr, $write:expr;)*) => {
        &[$(Key {
            name: $name,
            set: |config, value| {
                config.$field = $read(value)?;
                Ok(())
            },
            get: Some(|config| $write(&config.$field)),
        },)*
        Key { name: "parser", set: set_parser, get: Some(|config| shown(&config.parser)) },
        Key { name: "IPType", set: |_, value| text(value).map(drop), get: None },
        Key { name: "logger", set: |_, _| Err(Problem::allowed(LOGGER)), get: None }]
    };
}

pub(super) const KEYS: &[Key] = keys! {
    "appspace": appspace = text, json;
    "socketRoot": socket_root = path, path_to_json;
    "id": id = id, json;
    "networkHost": network_host = text, json;
    "networkPort": network_port = port, json;
    "encoding": encoding = encoding, shown;
    "rawBuffer": raw_buffer = flag, json;
    "delimiter": delimiter = delimiter, delimiter_to_json;
    "sync": sync = flag, json;
    "silent": silent = flag, json;
    "logPayloads": log_payloads = flag, json;
    "logInColor": log_in_color = flag, json;
    "logDepth": log_depth = depth, |depth: &u32| depth_to_json(*depth);
    "maxConnections": max_connections = limit, |limit: &usize| limit_to_json(*limit);
    "retry": retry = milliseconds, |retry: &_| duration_to_json(*retry);
    "maxRetries": max_retries = retries, |retries: &_| retries_to_json(*retries);
    "stopRetrying": stop_retrying = flag_or_number, json;
    "retryPermanent": retry_permanent = flag, json;
    "unlink": unlink = flag, json;
    "readableAll": readable_all = flag, json;
    "writableAll": writable_all = flag, json;
    "secureSocketRoot": secure_socket_root = flag, json;
    "peerUser": peer_user = user, |user: &Option<u32>| user.map_or(Value::Bool(false), Value::from);
    "fileWatch": file_watch = timeout,
        |every: &Option<_>| every.map_or_else(|| 0.into(), duration_to_json);
    "whenDisplaced": when_displaced = when_displaced, shown;
    "tls": tls = nested::tls, nested::tls_to_json;
    "interface": interface = nested::interface, nested::interface_to_json;
    "keepAlive": keepalive = keepalive,
        |time: &Option<_>| time.map_or_else(|| false.into(), duration_to_json);
    "userTimeout": user_timeout = keepalive,
        |time: &Option<_>| time.map_or_else(|| false.into(), duration_to_json);
    "heartbeat": heartbeat = nested::heartbeat, nested::heartbeat_to_json;
    "tokenFile": token_file = file,
        |file: &Option<_>| file.as_ref().map_or(Value::Bool(false), path_to_json);
    "udpBroadcast": udp_broadcast = flag, json;
    "udpLimits": udp_limits = nested::udp_limits, nested::udp_limits_to_json;
    "identifyPeer": identify_peer = flag, json;
    "maxMessageSize": max_message_size =
        |value| limit_unless(value, Config::GUARDED_MAX_MESSAGE_SIZE),
        |limit: &Option<usize>| limit_to_json(limit.unwrap_or(Config::GUARDED_MAX_MESSAGE_SIZE));
    "maxPendingBytes": max_pending_bytes = limit, |limit: &usize| limit_to_json(*limit);
    "highWaterMark": high_water_mark = mark, |mark: &Option<usize>| limit_to_json(mark.unwrap_or(usize::MAX));
    "maxEventNameLength": max_event_name_length =
        |value| limit_unless(value, EventRules::GUARDED_MAX_LENGTH),
        |limit: &Option<usize>| limit_to_json(limit.unwrap_or(EventRules::GUARDED_MAX_LENGTH));
    "messageTimeout": message_timeout = timeout,
        |timeout: &Option<_>| timeout.map_or_else(|| 0.into(), duration_to_json);
    "linger": linger = milliseconds, |linger: &_| duration_to_json(*linger);
    "spin": spin = spin,
        |spin: &Option<Spin>| spin.map_or_else(|| false.into(), |spin| duration_to_json(spin.limit()));
    "allowReservedEvents": allow_reserved_events = flag, json;
    "allowedEvents": allowed_events = nested::names, nested::names_to_json;
    "access": access = access::access, access::access_to_json;
    "allow": allow = access::allow, access::allow_to_json;
    "rate": rate = access::rate, access::rate_to_json;
    "onDenied": on_denied = access::on_denied, access::on_denied_to_json;
};

fn json<T: Clone + Into<Value>>(value: &T) -> Value {
    value.clone().into()
}

fn shown(value: &impl ToString) -> Value {
    value.to_string().into()
}

fn path_to_json(path: &impl AsRef<Path>) -> Value {
    path.as_ref().to_string_lossy().into()
}

fn encoding(value: &Value) -> Read<crate::Encoding> {
    let allowed = "utf8, ascii, latin1, utf16le, ucs2, base64, base64url or hex";
    text(value).ok().and_then(|name| name.parse().ok()).ok_or_else(|| Problem::allowed(allowed))
}

fn when_displaced(value: &Value) -> Read<ipc_transport::WhenDisplaced> {
    let allowed = "serve-on, remake or stop";
    text(value).ok().and_then(|name| name.parse().ok()).ok_or_else(|| Problem::allowed(allowed))
}

fn delimiter(value: &Value) -> Read<Delimiter> {
    let allowed = "a text of 1 to 64 bytes";
    let text = value.as_str().ok_or_else(|| Problem::allowed(allowed))?;
    Delimiter::new(text).map_err(|_| Problem::allowed(allowed))
}

fn delimiter_to_json(delimiter: &Delimiter) -> Value {
    String::from_utf8_lossy(delimiter.as_bytes()).into()
}

/// Reads a limit that is the profile's if it has the value that node-ipc always has: there it
/// counts in some profiles only.
fn limit_unless(value: &Value, default: usize) -> Read<Option<usize>> {
    limit(value).map(|limit| Some(limit).filter(|limit| *limit != default))
}

/// Reads a mark; `false` is none, as a limit that is never reached is.
fn mark(value: &Value) -> Read<Option<usize>> {
    if is_unset(value) {
        return Ok(None);
    }
    limit(value).map(|mark| Some(mark).filter(|mark| *mark != usize::MAX))
}

/// Reads how long to spin: a number of milliseconds, of which a fraction is the ordinary case.
fn spin(value: &Value) -> Read<Option<Spin>> {
    let allowed = "false or a number of milliseconds up to 10";
    let time = keepalive(value).map_err(|_| Problem::allowed(allowed))?;
    time.map(Spin::for_up_to).transpose().map_err(|_| Problem::allowed(allowed))
}

/// The parser `raw` is another way to say `rawBuffer`.
fn set_parser(config: &mut Config, value: &Value) -> Read<()> {
    if value == "raw" {
        config.raw_buffer = true;
        return Ok(());
    }
    config.parser = match text(value) {
        _ if is_unset(value) => Profile::Fast,
        Ok(name) => name.parse().map_err(|_| Problem::allowed(PARSERS))?,
        Err(_) => return Err(Problem::allowed(PARSERS)),
    };
    Ok(())
}

const PARSERS: &str = "fast, guarded, assured or raw";
const LOGGER: &str = "in a config of text: set `Config::logger` in the program";
