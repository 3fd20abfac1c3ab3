//! The settings that are objects or lists.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use ipc_core::Heartbeat;
use ipc_transport::{Secret, UdpLimits};
use serde_json::{Map, Value, json};

use super::Problem;
use super::read::{
    Read, duration_to_json, flag, infinity, is_infinity, is_unset, limit, limit_to_json,
    milliseconds, path, port, text,
};
use crate::config::{Family, Interface, Tls};

pub(super) fn names(value: &Value) -> Read<BTreeSet<String>> {
    if is_unset(value) {
        return Ok(BTreeSet::new());
    }
    let names = value.as_array().and_then(|names| {
        names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<_>>()
    });
    names.ok_or_else(|| Problem::allowed("false or a list of texts"))
}

pub(super) fn names_to_json(names: &BTreeSet<String>) -> Value {
    if names.is_empty() { false.into() } else { json!(names) }
}

pub(super) fn interface(value: &Value) -> Read<Interface> {
    let mut interface = Interface::default();
    if is_unset(value) {
        return Ok(interface);
    }
    for (name, value) in members(value)? {
        let read = match name.as_str() {
            _ if is_unset(value) && INTERFACE.contains(&name.as_str()) => Ok(()),
            "localAddress" => {
                let address = value.as_str().and_then(|text| text.parse().ok());
                let address = address.ok_or_else(|| Problem::allowed("false or an IP address"));
                address.map(|address| interface.local_address = Some(address))
            }
            "localPort" => {
                let port = port(value).map_err(|_| Problem::allowed("false or a port"));
                // As in node-ipc, 0 is none.
                port.map(|port| interface.local_port = Some(port).filter(|port| *port != 0))
            }
            "family" => family(value).map(|family| interface.family = family),
            // They steer Node's resolver.
            "hints" if value == 0 => Ok(()),
            "hints" | "lookup" => Err(Problem::allowed("false: there is no such setting here")),
            _ => return Err(Problem::unknown(name)),
        };
        read.map_err(|problem| problem.within(name, value))?;
    }
    Ok(interface)
}

fn family(value: &Value) -> Read<Option<Family>> {
    match value {
        value if value == 4 || value == "IPv4" => Ok(Some(Family::V4)),
        value if value == 6 || value == "IPv6" => Ok(Some(Family::V6)),
        value if value == 0 => Ok(None),
        _ => Err(Problem::allowed("false, 4 or 6")),
    }
}

pub(super) fn interface_to_json(interface: &Interface) -> Value {
    let unset = || Value::from(false);
    json!({
        "localAddress": interface.local_address.map_or_else(unset, |address| address.to_string().into()),
        "localPort": interface.local_port.map_or_else(unset, Value::from),
        "family": match interface.family {
            None => unset(),
            Some(Family::V4) => 4.into(),
            Some(Family::V6) => 6.into(),
        },
        "hints": false,
        "lookup": false,
    })
}

pub(super) fn udp_limits(value: &Value) -> Read<UdpLimits> {
    let mut limits = UdpLimits::default();
    if is_unset(value) {
        return Ok(limits);
    }
    for (name, value) in members(value)? {
        let read = match name.as_str() {
            "peers" => limit(value).map(|peers| match NonZeroUsize::new(peers) {
                Some(peers) => limits.with_peers(peers),
                None => limits,
            }),
            "idle" => idle(value).map(|idle| limits.with_idle(idle)),
            "peerBytes" => limit(value).map(|bytes| limits.with_peer_bytes(bytes)),
            "totalBytes" => limit(value).map(|bytes| limits.with_total_bytes(bytes)),
            "amplification" => factor(value).map(|factor| limits.with_amplification(factor)),
            _ => return Err(Problem::unknown(name)),
        };
        limits = read.map_err(|problem| problem.within(name, value))?;
    }
    Ok(limits)
}

fn idle(value: &Value) -> Read<Duration> {
    let idle = if is_infinity(value) { Ok(Duration::MAX) } else { milliseconds(value) };
    let idle = idle.ok().filter(|idle| !idle.is_zero());
    idle.ok_or_else(|| Problem::allowed("a number of milliseconds above 0, or \"Infinity\""))
}

fn factor(value: &Value) -> Read<Option<NonZeroU32>> {
    if is_unset(value) {
        return Ok(None);
    }
    let factor = value.as_u64().and_then(|factor| NonZeroU32::new(factor.try_into().ok()?));
    factor.map(Some).ok_or_else(|| Problem::allowed("false or a whole number from 1"))
}

pub(super) fn udp_limits_to_json(limits: &UdpLimits) -> Value {
    json!({
        "peers": limit_to_json(limits.peers().get()),
        "idle": match limits.idle() {
            Duration::MAX => infinity(),
            idle => duration_to_json(idle),
        },
        "peerBytes": limit_to_json(limits.peer_bytes()),
        "totalBytes": limit_to_json(limits.total_bytes()),
        "amplification": limits.amplification().map_or_else(|| Value::from(false), |factor| factor.get().into()),
    })
}

pub(super) fn heartbeat(value: &Value) -> Read<Option<Heartbeat>> {
    if is_unset(value) {
        return Ok(None);
    }
    let (mut every, mut dead_after) = (None, None);
    for (name, value) in members(value)? {
        let time = match name.as_str() {
            "every" => &mut every,
            "deadAfter" => &mut dead_after,
            _ => return Err(Problem::unknown(name)),
        };
        let read = milliseconds(value).ok().filter(|time| !time.is_zero());
        let read = read.ok_or_else(|| Problem::allowed("a number of milliseconds above 0"));
        *time = Some(read.map_err(|problem| problem.within(name, value))?);
    }
    let every = every.ok_or_else(|| Problem::allowed("false or an object with `every`"))?;
    let heartbeat = Heartbeat::every(every);
    Ok(Some(dead_after.map_or(heartbeat, |limit| heartbeat.dead_after(limit))))
}

pub(super) fn heartbeat_to_json(heartbeat: &Option<Heartbeat>) -> Value {
    match heartbeat {
        None => false.into(),
        Some(heartbeat) => json!({
            "every": duration_to_json(heartbeat.interval()),
            "deadAfter": duration_to_json(heartbeat.limit()),
        }),
    }
}

pub(super) fn tls(value: &Value) -> Read<Option<Tls>> {
    if is_unset(value) {
        return Ok(None);
    }
    let mut tls = Tls::default();
    for (name, value) in members(value)? {
        let read = match name.as_str() {
            "private" => set(&mut tls.private, value, file),
            "public" => set(&mut tls.public, value, file),
            "dhparam" => set(&mut tls.dhparam, value, path),
            "trustedConnections" => list(value, file).map(|paths| tls.trusted_connections = paths),
            "key" => set(&mut tls.key, value, |value| pem(value).map(Secret::from)),
            "cert" => set(&mut tls.cert, value, pem),
            "ca" => list(value, pem).map(|certificates| tls.ca = certificates),
            "requestCert" => flag(value).map(|flag| tls.request_cert = flag),
            "rejectUnauthorized" => flag(value).map(|flag| tls.reject_unauthorized = flag),
            "servername" => set(&mut tls.server_name, value, text),
            _ => return Err(Problem::unknown(name)),
        };
        read.map_err(|problem| problem.within(name, value))?;
    }
    Ok(Some(tls))
}

pub(super) fn tls_to_json(tls: &Option<Tls>) -> Value {
    let Some(tls) = tls else { return false.into() };
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    let path = |path: &PathBuf| Value::from(path.to_string_lossy());
    let paths = [("private", &tls.private), ("public", &tls.public), ("dhparam", &tls.dhparam)];
    for (name, value) in paths {
        if let Some(value) = value {
            put(name, path(value));
        }
    }
    let key = tls.key.as_ref().map(Secret::expose);
    for (name, value) in [("key", key), ("cert", tls.cert.as_deref())] {
        if let Some(value) = value {
            put(name, pem_to_json(value));
        }
    }
    if !tls.trusted_connections.is_empty() {
        put("trustedConnections", tls.trusted_connections.iter().map(path).collect());
    }
    if !tls.ca.is_empty() {
        put("ca", tls.ca.iter().map(|pem| pem_to_json(pem)).collect());
    }
    if let Some(name) = &tls.server_name {
        put("servername", name.clone().into());
    }
    put("requestCert", tls.request_cert.into());
    put("rejectUnauthorized", tls.reject_unauthorized.into());
    Value::Object(members)
}

pub(super) fn members(value: &Value) -> Read<&Map<String, Value>> {
    value.as_object().ok_or_else(|| Problem::allowed("false or an object"))
}

/// Reads what may be not set.
fn set<T>(field: &mut Option<T>, value: &Value, read: fn(&Value) -> Read<T>) -> Read<()> {
    *field = if is_unset(value) { None } else { Some(read(value)?) };
    Ok(())
}

/// Reads one, or a list of them, or none.
fn list<T>(value: &Value, read: fn(&Value) -> Read<T>) -> Read<Vec<T>> {
    match value {
        value if is_unset(value) => Ok(Vec::new()),
        // In node-ipc 14 no certificate is trusted then; here it would be as if it were unset.
        Value::Array(items) if items.is_empty() => Err(Problem::allowed("false or at least one")),
        Value::Array(items) => items.iter().map(read).collect(),
        value => Ok(vec![read(value)?]),
    }
}

/// Reads the path of a PEM file. The text itself belongs elsewhere, and must not be taken for a name.
fn file(value: &Value) -> Read<PathBuf> {
    match value.as_str() {
        Some(text) if Secret::is_in(text) => {
            Err(Problem::allowed("a path (PEM text itself goes into `key`, `cert` or `ca`)"))
        }
        _ => path(value),
    }
}

/// Reads PEM: text, or a `Buffer` as `JSON.stringify` writes it.
fn pem(value: &Value) -> Read<Vec<u8>> {
    if let Some(text) = value.as_str() {
        return Ok(text.into());
    }
    let bytes = value.get("data").filter(|_| value.get("type") == Some(&"Buffer".into()));
    let bytes = bytes.and_then(Value::as_array).and_then(|bytes| {
        bytes.iter().map(|byte| byte.as_u64()?.try_into().ok()).collect::<Option<_>>()
    });
    bytes.ok_or_else(|| Problem::allowed("PEM, as a text or a Buffer"))
}

fn pem_to_json(pem: &[u8]) -> Value {
    match std::str::from_utf8(pem) {
        Ok(text) => text.into(),
        Err(_) => json!({"type": "Buffer", "data": pem}),
    }
}

const INTERFACE: [&str; 5] = ["localAddress", "localPort", "family", "hints", "lookup"];
