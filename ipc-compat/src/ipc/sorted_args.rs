//! `SortedArgs`: what the arguments of a call mean, sorted at run time as node-ipc does it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Ipc, IpcError, UdpType};
use crate::Config;

/// One argument of a call, as it was given.
///
/// `null`, `false`, 0 and the empty text count as left out, as JavaScript has it.
///
/// # Examples
///
/// A list of them is taken by every call, so that a program whose arguments come from another
/// language, or from a config file, need not know the forms.
///
/// ```
/// use ipc_compat::{Arg, Config, Ipc};
/// use serde_json::json;
///
/// let ipc = Ipc::new(Config::classic());
/// let args = [json!("127.0.0.1"), json!(3435)].map(Arg::from);
/// let server = ipc.serve_net(args.into_iter().chain([Arg::callback(|_| ())]).collect::<Vec<_>>());
/// assert!(server.is_ok());
/// assert!(ipc.serve_net(vec![Arg::from(json!([]))]).is_err());
/// ```
pub struct Arg(Kind);

enum Kind {
    Json(Value),
    /// A path need not be text.
    Path(PathBuf),
    Callback(Callback),
}

/// A function that is called with the [`Ipc`] it was given to.
pub(super) type Callback = Box<dyn FnOnce(&Ipc) + Send>;

/// The arguments of one call by name: what was given; the rest is the config's.
pub struct SortedArgs {
    id: String,
    /// The path, or the host.
    place: Option<PathBuf>,
    port: Option<u16>,
    udp: Option<UdpType>,
    pub(super) callback: Option<Callback>,
}

impl Arg {
    /// Returns the argument that is a function.
    pub fn callback(callback: impl FnOnce(&Ipc) + Send + 'static) -> Self {
        Self(Kind::Callback(Box::new(callback)))
    }

    fn is_number(&self) -> bool {
        matches!(self.0, Kind::Json(Value::Number(_)))
    }

    fn is_text(&self) -> bool {
        matches!(self.0, Kind::Json(Value::String(_)))
    }

    fn is_callback(&self) -> bool {
        matches!(self.0, Kind::Callback(_))
    }

    /// Returns whether JavaScript's `!value` is true.
    fn is_absent(&self) -> bool {
        match &self.0 {
            Kind::Json(value) => match value {
                Value::Null => true,
                Value::Bool(value) => !value,
                Value::Number(number) => number.as_f64() == Some(0.0),
                Value::String(text) => text.is_empty(),
                Value::Array(_) | Value::Object(_) => false,
            },
            Kind::Path(path) => path.as_os_str().is_empty(),
            Kind::Callback(_) => false,
        }
    }

    fn wrong(&self, expected: &'static str) -> IpcError {
        IpcError::Argument { value: format!("{self:?}"), expected }
    }
}

impl SortedArgs {
    /// Returns what the arguments mean for [`Ipc::serve`]: a path and a callback.
    ///
    /// # Errors
    ///
    /// [`IpcError::Argument`] if one cannot be used in its place.
    // Wire rule W34
    pub fn serve(args: Vec<Arg>) -> Result<Self, IpcError> {
        let [mut path, mut callback, ..] = places(args);
        if path.is_callback() {
            callback = take(&mut path);
        }
        Ok(Self { place: place(path, "a path")?, ..Self::with(callback)? })
    }

    /// Returns what the arguments mean for [`Ipc::connect_to`]: an id, a path and a callback.
    ///
    /// # Errors
    ///
    /// [`IpcError::NoId`], or [`IpcError::Argument`] if one cannot be used in its place.
    // Wire rule W34
    pub fn connect_to(args: Vec<Arg>) -> Result<Self, IpcError> {
        let [given, mut path, mut callback, _] = places(args);
        if path.is_callback() {
            callback = take(&mut path);
        }
        Ok(Self { id: id(&given)?, place: place(path, "a path")?, ..Self::with(callback)? })
    }

    /// Returns what the arguments mean for [`Ipc::serve_net`]: a host, a port, a type of UDP and a
    /// callback. A text is a host in the first place, unless it is `udp4` or `udp6`, and a type of
    /// UDP in every other.
    ///
    /// # Errors
    ///
    /// [`IpcError::InvalidPort`], or [`IpcError::Argument`] if one cannot be used in its place.
    // Wire rule W40 and W43
    pub fn serve_net(args: Vec<Arg>) -> Result<Self, IpcError> {
        let [mut host, mut port, mut udp, mut callback] = places(args);
        if host.is_number() {
            callback = take(&mut udp);
            udp = take(&mut port);
            port = take(&mut host);
        }
        if host.is_callback() {
            callback = take(&mut host);
            (port, udp) = (Arg::absent(), Arg::absent());
        }
        if udp_type(&host).is_some() {
            callback = take(&mut port);
            udp = take(&mut host);
        }
        if port.is_text() {
            callback = take(&mut udp);
            udp = take(&mut port);
        }
        if port.is_callback() {
            callback = take(&mut port);
            udp = Arg::absent();
        }
        if udp.is_callback() {
            callback = take(&mut udp);
        }
        let udp = match udp_type(&udp) {
            None if !udp.is_absent() => return Err(udp.wrong("`udp4` or `udp6`")),
            udp => udp,
        };
        let place = place(host, "a host")?;
        Ok(Self { place, port: port_of(&port)?, udp, ..Self::with(callback)? })
    }

    /// Returns what the arguments mean for [`Ipc::connect_to_net`]: an id, a host, a port and a
    /// callback.
    ///
    /// # Errors
    ///
    /// [`IpcError::NoId`], [`IpcError::InvalidPort`], or [`IpcError::Argument`] if one cannot
    /// be used in its place.
    // Wire rule W40
    pub fn connect_to_net(args: Vec<Arg>) -> Result<Self, IpcError> {
        let [given, mut host, mut port, mut callback] = places(args);
        let id = id(&given)?;
        if host.is_number() {
            callback = take(&mut port);
            port = take(&mut host);
        }
        if host.is_callback() {
            callback = take(&mut host);
            port = Arg::absent();
        }
        if port.is_callback() {
            callback = take(&mut port);
        }
        Ok(Self {
            id,
            place: place(host, "a host")?,
            port: port_of(&port)?,
            ..Self::with(callback)?
        })
    }

    fn with(callback: Arg) -> Result<Self, IpcError> {
        let callback = match callback {
            Arg(Kind::Callback(callback)) => Some(callback),
            other if other.is_absent() => None,
            other => return Err(other.wrong("a callback")),
        };
        Ok(Self { id: String::new(), place: None, port: None, udp: None, callback })
    }

    /// Returns the id; empty for the calls that make a server.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the path of the local socket: the one that was given, or the config's for the id,
    /// which is the config's own for a server.
    #[must_use]
    pub fn path(&self, config: &Config) -> PathBuf {
        let id = if self.id.is_empty() { &config.id } else { &self.id };
        self.place.clone().unwrap_or_else(|| config.socket_path(id))
    }

    /// Returns the paths where a client looks for its server, in their order: the one that was given,
    /// or the config's for the id.
    #[must_use]
    pub fn paths(&self, config: &Config) -> Vec<PathBuf> {
        match &self.place {
            Some(path) => vec![path.clone()],
            None => config.socket_paths(&self.id),
        }
    }

    /// Returns the host: the one that was given, or the config's.
    #[must_use]
    pub fn host(&self, config: &Config) -> String {
        // A host was text before the arguments were sorted, so nothing is lost here.
        let given = self.place.as_deref().map(Path::to_string_lossy);
        let host = given.map_or_else(|| config.network_host.clone(), |host| host.into_owned());
        // Wire rule W44
        match self.udp {
            Some(UdpType::Udp4) if host == "::1" => "127.0.0.1".to_owned(),
            _ => host,
        }
    }

    /// Returns the port: the one that was given, or the config's.
    #[must_use]
    pub fn port(&self, config: &Config) -> u16 {
        self.port.unwrap_or(config.network_port)
    }

    /// Returns the type of UDP, or `None` for TCP.
    #[must_use]
    pub fn udp(&self) -> Option<UdpType> {
        self.udp
    }

    /// Returns whether a callback was given.
    #[must_use]
    pub fn has_callback(&self) -> bool {
        self.callback.is_some()
    }
}

impl Arg {
    fn absent() -> Self {
        Self(Kind::Json(Value::Null))
    }
}

macro_rules! args {
    ($($type:ty: $value:ident => $kind:expr;)*) => {
        $(impl From<$type> for Arg {
            fn from($value: $type) -> Self {
                Self($kind)
            }
        })*
    };
}

args! {
    Value: value => Kind::Json(value);
    &str: text => Kind::Json(text.into());
    String: text => Kind::Json(text.into());
    u16: number => Kind::Json(number.into());
    i32: number => Kind::Json(number.into());
    UdpType: udp => Kind::Json(udp.to_string().into());
    &Path: path => Kind::Path(path.to_owned());
    PathBuf: path => Kind::Path(path);
}

/// Shows values as JSON.
impl fmt::Debug for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Json(value) => write!(f, "{value}"),
            Kind::Path(path) => path.fmt(f),
            Kind::Callback(_) => f.write_str("a callback"),
        }
    }
}

impl fmt::Debug for SortedArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SortedArgs")
            .field("id", &self.id)
            .field("place", &self.place)
            .field("port", &self.port)
            .field("udp", &self.udp)
            .field("callback", &self.has_callback())
            .finish()
    }
}

/// Returns the arguments that a call reads: missing ones count as left out, further ones are ignored.
fn places(args: Vec<Arg>) -> [Arg; 4] {
    let mut args = args.into_iter();
    std::array::from_fn(|_| args.next().unwrap_or_else(Arg::absent))
}

fn take(arg: &mut Arg) -> Arg {
    std::mem::replace(arg, Arg::absent())
}

/// Returns the id: text, or a whole number, which JavaScript makes the same text of.
fn id(arg: &Arg) -> Result<String, IpcError> {
    match &arg.0 {
        _ if arg.is_absent() => Err(IpcError::NoId),
        Kind::Json(Value::String(text)) => Ok(text.clone()),
        Kind::Json(Value::Number(number)) if number.is_i64() => Ok(number.to_string()),
        _ => Err(arg.wrong("an id")),
    }
}

fn place(arg: Arg, expected: &'static str) -> Result<Option<PathBuf>, IpcError> {
    match arg.0 {
        _ if arg.is_absent() => Ok(None),
        Kind::Json(Value::String(text)) => Ok(Some(text.into())),
        Kind::Path(path) => Ok(Some(path)),
        kind => Err(Arg(kind).wrong(expected)),
    }
}

/// Returns the port: a number, or the digits of one.
fn port_of(arg: &Arg) -> Result<Option<u16>, IpcError> {
    let number = match &arg.0 {
        _ if arg.is_absent() => return Ok(None),
        Kind::Json(Value::Number(number)) => number.as_i64(),
        Kind::Json(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    let port = number.ok_or_else(|| arg.wrong("a port"))?;
    match u16::try_from(port) {
        Ok(port @ 1..) => Ok(Some(port)),
        _ => Err(IpcError::InvalidPort { port }),
    }
}

fn udp_type(arg: &Arg) -> Option<UdpType> {
    match &arg.0 {
        Kind::Json(Value::String(text)) => text.parse().ok(),
        _ => None,
    }
}
