//! Arguments that are left out but stay in order, as node-ipc takes them, checked by the compiler.

use std::path::{Path, PathBuf};

use super::{Ipc, UdpType};

/// The arguments of one call: what was given, the rest is the config's.
#[derive(Default)]
pub struct Call {
    pub(super) id: String,
    /// The path, or the host.
    pub(super) place: Option<PathBuf>,
    pub(super) port: Option<i64>,
    /// The kind of UDP, or TCP.
    pub(super) udp: Option<UdpType>,
    pub(super) callback: Option<Callback>,
}

/// A function that is called with the [`Ipc`] it was given to.
pub(super) type Callback = Box<dyn FnOnce(&Ipc) + Send>;

/// What [`Ipc::serve`] takes: `()`, `callback`, `path`, `(path, callback)`.
pub trait ServeArgs {
    /// Returns the arguments by name.
    fn into_call(self) -> Call;
}

/// What [`Ipc::connect_to`] takes: `id`, `(id, callback)`, `(id, path)`, `(id, path, callback)`.
pub trait ConnectToArgs {
    /// Returns the arguments by name.
    fn into_call(self) -> Call;
}

/// What [`Ipc::serve_net`] takes: `()`, `callback`, `port`, `(port, callback)`, `host`,
/// `(host, callback)`, `(host, port)`, `(host, port, callback)`; and with the [`UdpType`] behind the
/// port, `(port, udp)` and `(port, udp, callback)`.
pub trait ServeNetArgs {
    /// Returns the arguments by name.
    fn into_call(self) -> Call;
}

/// What [`Ipc::connect_to_net`] takes: `id`, and behind it what [`ServeNetArgs`] lists.
pub trait ConnectToNetArgs {
    /// Returns the arguments by name.
    fn into_call(self) -> Call;
}

impl Call {
    fn id(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    fn place(mut self, place: impl PlaceArg) -> Self {
        // Wire rule W34: an empty one counts as absent.
        self.place = Some(place.into_place()).filter(|place| !place.as_os_str().is_empty());
        self
    }

    fn port(mut self, port: impl Into<i64>) -> Self {
        // Wire rule W40: port 0 counts as absent.
        self.port = Some(port.into()).filter(|port| *port != 0);
        self
    }

    // Wire rule W43
    fn udp(mut self, udp: UdpType) -> Self {
        self.udp = Some(udp);
        self
    }

    fn callback(mut self, callback: impl FnOnce(&Ipc) + Send + 'static) -> Self {
        self.callback = Some(Box::new(callback));
        self
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("id", &self.id)
            .field("place", &self.place)
            .field("port", &self.port)
            .field("udp", &self.udp)
            .field("callback", &self.callback.is_some())
            .finish()
    }
}

/// Implements an argument trait for the ways to call it: each names its arguments, with their
/// types and the methods of `Call` that take them.
macro_rules! ways {
    ($trait:ident: $([$($generics:tt)*] $type:ty, $pattern:pat => $call:expr;)*) => {
        $(impl<$($generics)*> $trait for $type {
            fn into_call(self) -> Call {
                let $pattern = self;
                $call
            }
        })*
    };
}

ways! { ServeArgs:
    [] (), () => Call::default();
    [F: FnOnce(&Ipc) + Send + 'static] F, callback => Call::default().callback(callback);
}

ways! { ServeNetArgs:
    [] (), () => Call::default();
    [F: FnOnce(&Ipc) + Send + 'static] F, callback => Call::default().callback(callback);
}

macro_rules! for_ids {
    ($($id:ty)*) => {$(
        ways! { ConnectToArgs:
            [] $id, id => Call::id(id);
            [F: FnOnce(&Ipc) + Send + 'static] ($id, F), (id, callback) =>
                Call::id(id).callback(callback);
        }
        ways! { ConnectToNetArgs:
            [] $id, id => Call::id(id);
            [F: FnOnce(&Ipc) + Send + 'static] ($id, F), (id, callback) =>
                Call::id(id).callback(callback);
        }
        for_ids_and_ports! { $id: u16 i32 }
        for_ids_and_hosts! { $id: &str String }
        for_ids_and_paths! { $id: &str String &Path PathBuf }
    )*};
}

macro_rules! for_ids_and_paths {
    ($id:ty: $($path:ty)*) => {$(
        ways! { ConnectToArgs:
            [] ($id, $path), (id, path) => Call::id(id).place(path);
            [F: FnOnce(&Ipc) + Send + 'static] ($id, $path, F), (id, path, callback) =>
                Call::id(id).place(path).callback(callback);
        }
    )*};
}

macro_rules! for_ids_and_ports {
    ($id:ty: $($port:ty)*) => {$(
        ways! { ConnectToNetArgs:
            [] ($id, $port), (id, port) => Call::id(id).port(port);
            [F: FnOnce(&Ipc) + Send + 'static] ($id, $port, F), (id, port, callback) =>
                Call::id(id).port(port).callback(callback);
        }
    )*};
}

macro_rules! for_ids_and_hosts {
    ($id:ty: $($host:ty)*) => {$(
        ways! { ConnectToNetArgs:
            [] ($id, $host), (id, host) => Call::id(id).place(host);
            [F: FnOnce(&Ipc) + Send + 'static] ($id, $host, F), (id, host, callback) =>
                Call::id(id).place(host).callback(callback);
            [] ($id, $host, u16), (id, host, port) => Call::id(id).place(host).port(port);
            [] ($id, $host, i32), (id, host, port) => Call::id(id).place(host).port(port);
            [F: FnOnce(&Ipc) + Send + 'static] ($id, $host, u16, F), (id, host, port, callback) =>
                Call::id(id).place(host).port(port).callback(callback);
            [F: FnOnce(&Ipc) + Send + 'static] ($id, $host, i32, F), (id, host, port, callback) =>
                Call::id(id).place(host).port(port).callback(callback);
        }
    )*};
}

macro_rules! for_paths {
    ($($path:ty)*) => {$(
        ways! { ServeArgs:
            [] $path, path => Call::default().place(path);
            [F: FnOnce(&Ipc) + Send + 'static] ($path, F), (path, callback) =>
                Call::default().place(path).callback(callback);
        }
    )*};
}

macro_rules! for_ports {
    ($($port:ty)*) => {$(
        ways! { ServeNetArgs:
            [] $port, port => Call::default().port(port);
            [F: FnOnce(&Ipc) + Send + 'static] ($port, F), (port, callback) =>
                Call::default().port(port).callback(callback);
            [] ($port, UdpType), (port, udp) => Call::default().port(port).udp(udp);
            [F: FnOnce(&Ipc) + Send + 'static] ($port, UdpType, F), (port, udp, callback) =>
                Call::default().port(port).udp(udp).callback(callback);
        }
    )*};
}

macro_rules! for_hosts {
    ($($host:ty)*) => {$(
        ways! { ServeNetArgs:
            [] $host, host => Call::default().place(host);
            [F: FnOnce(&Ipc) + Send + 'static] ($host, F), (host, callback) =>
                Call::default().place(host).callback(callback);
            [] ($host, u16), (host, port) => Call::default().place(host).port(port);
            [] ($host, i32), (host, port) => Call::default().place(host).port(port);
            [F: FnOnce(&Ipc) + Send + 'static] ($host, u16, F), (host, port, callback) =>
                Call::default().place(host).port(port).callback(callback);
            [F: FnOnce(&Ipc) + Send + 'static] ($host, i32, F), (host, port, callback) =>
                Call::default().place(host).port(port).callback(callback);
        }
    )*};
}

/// A path or a host: text, or a path as the system has it.
trait PlaceArg {
    fn into_place(self) -> PathBuf;
}

macro_rules! places {
    ($($type:ty)*) => {
        $(impl PlaceArg for $type {
            fn into_place(self) -> PathBuf {
                PathBuf::from(self)
            }
        })*
    };
}

places! { &str String &Path PathBuf }
for_ids! { &str String }
for_paths! { &str String &Path PathBuf }
for_ports! { u16 i32 }
for_hosts! { &str String }
