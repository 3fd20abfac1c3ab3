//! Unix stream sockets: ordered, reliable, no message boundaries, with the peer's credentials.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;

mod abstract_name;
#[cfg(unix)]
mod connect;
mod file_group;
#[cfg(unix)]
pub(crate) mod listener;
#[cfg(unix)]
mod name;
mod options;
#[cfg(unix)]
mod peer_check;
#[cfg(unix)]
pub(crate) mod socket_file;
#[cfg(unix)]
mod socket_path;
#[cfg(unix)]
mod start_lock;
#[cfg(unix)]
pub(crate) mod sys;
pub(crate) mod users;
#[cfg(unix)]
mod watch;

pub use abstract_name::AbstractTransport;
pub use file_group::Group;
pub use options::PeerCheck;
pub use users::{group_id, user_id};

use self::options::{SocketOptions, socket_setters};
use crate::{Endpoint, Listener, Stream, Transport, TransportError, WhenDisplaced};

/// A socket file, to dial or to serve.
///
/// The socket file is ours or it is not touched. A server first looks at what is at the path:
/// anything but a socket is an error; a socket that answers is [`TransportError::AlreadyRunning`];
/// a socket left behind by a dead server is replaced. The new file is bound in its place, so that
/// `/proc/net/unix`, `ss` and `lsof` show its path, and cleaners of temporary directories leave it
/// alone. No client can connect before it has its mode and its group. On close it is removed only
/// if it is still the one this server made, and only by the process that made it: a forked child
/// leaves its parent's file alone, and [`Listener::hand_over`] leaves it to another process.
///
/// While a server accepts it looks whether the file is still there: see
/// [`with_file_watch`](Self::with_file_watch).
///
/// # Defaults
///
/// Mode `0600` and the group the system gives new files; stale sockets are replaced;
/// [`PeerCheck::StickyDirectory`] for dialing, [`PeerCheck::Any`] for accepting, where the mode
/// decides; a backlog of 511 connections; a look at the file every 2 seconds, and
/// [`WhenDisplaced::ServeOn`] if it is gone.
///
/// # Errors
///
/// Dialing gives [`TransportError::NobodyListening`] if the file is missing or stale, and
/// [`TransportError::ForeignOwner`] or [`TransportError::UnknownOwner`] if the server is not
/// to be trusted, [`TransportError::Busy`] if its backlog was full for as long as we waited.
///
/// Listening gives [`TransportError::AlreadyRunning`], [`TransportError::NotASocket`],
/// [`TransportError::ForeignOwner`] if the stale socket is another user's and we may not replace
/// it, [`TransportError::MissingDirectory`], [`TransportError::DirectoryNotWritable`],
/// [`TransportError::StartInProgress`] if others have been starting for 5 seconds,
/// [`TransportError::UnknownGroup`], [`TransportError::GroupRefused`],
/// [`TransportError::ModeRefused`] if the file system gives the file wider rights than were asked
/// for, and [`TransportError::AddressInUse`] if the path keeps changing under our hands.
///
/// Accepting gives [`TransportError::PeerRefused`] for a client that is not taken, and
/// [`TransportError::Displaced`] after [`WhenDisplaced::Stop`].
///
/// Both give [`TransportError::InvalidName`], [`TransportError::NameTooLong`],
/// [`TransportError::TooManyFiles`] and [`TransportError::Io`]; and, on systems without Unix
/// sockets, [`TransportError::Unsupported`] only.
#[derive(Clone, Debug)]
pub struct UnixTransport {
    path: PathBuf,
    socket: SocketOptions,
    file: FileOptions,
}

#[derive(Clone, Debug)]
struct FileOptions {
    mode: u32,
    group: Option<Group>,
    unlink: bool,
    watch: Option<Duration>,
    when_displaced: WhenDisplaced,
}

/// What is at the path of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Presence {
    /// Nothing.
    Absent,
    /// A socket that no process has open: its server is dead.
    Stale,
    /// A socket that a process has open.
    Live,
}

impl UnixTransport {
    /// Returns a transport for a socket file.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_transport::UnixTransport;
    ///
    /// let owner_only = UnixTransport::new("/run/app/app.world");
    /// let for_a_group = UnixTransport::new("/run/app/app.world").with_mode(0o660).with_group("audio");
    /// ```
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let file = FileOptions {
            mode: DEFAULT_MODE,
            group: None,
            unlink: true,
            watch: Some(DEFAULT_WATCH),
            when_displaced: WhenDisplaced::default(),
        };
        let socket = SocketOptions::new(PeerCheck::default(), PeerCheck::Any);
        Self { path: path.into(), socket, file }
    }

    /// Returns the path of the socket file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether a server has the path, without connecting: it does not notice.
    ///
    /// # Errors
    ///
    /// [`TransportError::NotASocket`], [`TransportError::InvalidName`] and
    /// [`TransportError::NameTooLong`]; [`TransportError::ForeignOwner`] or
    /// [`TransportError::Io`] if we may not look; [`TransportError::Unsupported`] on systems
    /// without Unix sockets.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only looks.
    pub async fn presence(&self) -> Result<Presence, TransportError> {
        #[cfg(unix)]
        {
            socket_path::check(&self.path)?;
            Ok(match socket_file::inspect(&self.path).await? {
                socket_file::Found::Nothing => Presence::Absent,
                socket_file::Found::Stale(_) => Presence::Stale,
                socket_file::Found::Live => Presence::Live,
            })
        }
        #[cfg(not(unix))]
        Err(TransportError::Unsupported { endpoint: self.endpoint() })
    }

    /// Sets the permission bits of the socket file, by default `0600`: our own user only.
    ///
    /// Connecting needs the write bit. The process's umask plays no part. On a file system that
    /// refuses to change the mode of a socket, the server starts if the file is no wider than this
    /// or only our own user can enter its directory.
    #[must_use]
    pub fn with_mode(mut self, mode: u32) -> Self {
        self.file.mode = mode;
        self
    }

    /// Sets the group of the socket file, by its number or its name; by default it is what the
    /// system gives new files.
    ///
    /// The group may connect if the mode says so: `0660`, say. Like the mode it is set before
    /// any client can connect. Only a member of the group, or root, may do it:
    /// [`TransportError::GroupRefused`].
    #[must_use]
    pub fn with_group(mut self, group: impl Into<Group>) -> Self {
        self.file.group = Some(group.into());
        self
    }

    /// Sets whether a stale socket at the path is replaced, by default `true`.
    ///
    /// With `false` anything at the path, whatever it is, is [`TransportError::AddressInUse`].
    #[must_use]
    pub fn with_unlink(mut self, unlink: bool) -> Self {
        self.file.unlink = unlink;
        self
    }

    /// Sets which servers a client accepts, by default [`PeerCheck::StickyDirectory`].
    #[must_use]
    pub fn with_peer_check(mut self, check: PeerCheck) -> Self {
        self.socket.dial_check = check;
        self
    }

    /// Sets which clients a server accepts, beside what the mode says, by default
    /// [`PeerCheck::Any`].
    ///
    /// With a mode that lets every user connect, [`PeerCheck::SameUser`] still takes our own user
    /// only: [`Listener::accept`] closes the others' connections and says
    /// [`TransportError::PeerRefused`] for each.
    #[must_use]
    pub fn with_accept_check(mut self, check: PeerCheck) -> Self {
        self.socket.accept_check = check;
        self
    }

    socket_setters!();

    /// Sets how often a server looks whether its file is still there, by default every 2 seconds;
    /// `None`: never.
    ///
    /// Others remove a file that is served: a cleaner of temporary directories, `rm`, a server that
    /// does not check. A look is one lstat(2), about a microsecond, while the listener is being
    /// accepted from and no client comes. What it finds is reported by [`Listener::displacements`],
    /// and [`with_when_displaced`](Self::with_when_displaced) says what follows. An interval of
    /// zero is taken for the shortest, a millisecond.
    #[must_use]
    pub fn with_file_watch(mut self, interval: Option<Duration>) -> Self {
        self.file.watch = interval.map(|interval| interval.max(SHORTEST_WATCH));
        self
    }

    /// Sets what a server does when it finds its file removed or replaced, by default
    /// [`WhenDisplaced::ServeOn`].
    ///
    /// The file that is there instead is never touched by the server's end.
    #[must_use]
    pub fn with_when_displaced(mut self, then: WhenDisplaced) -> Self {
        self.file.when_displaced = then;
        self
    }
}

#[async_trait]
impl Transport for UnixTransport {
    fn endpoint(&self) -> Endpoint {
        Endpoint::Unix(self.path.clone())
    }

    fn supports_blocking(&self) -> bool {
        cfg!(unix)
    }

    #[cfg(unix)]
    async fn dial(&self) -> Result<Stream, TransportError> {
        let SocketOptions { dial_check, busy_timeout, .. } = self.socket;
        connect::connect(&self.path, dial_check, busy_timeout.alone()).await
    }

    #[cfg(unix)]
    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        let SocketOptions { dial_check, busy_timeout, .. } = self.socket;
        connect::connect(&self.path, dial_check, busy_timeout.within(limit)).await
    }

    #[cfg(not(unix))]
    async fn dial(&self) -> Result<Stream, TransportError> {
        Err(TransportError::Unsupported { endpoint: self.endpoint() })
    }

    #[cfg(unix)]
    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        let SocketOptions { backlog, accept_check, .. } = self.socket;
        let FileOptions { mode, group, unlink, watch, when_displaced } = self.file.clone();
        let plan = socket_file::Plan { mode, unlink, backlog, group };
        let (io, file) = socket_file::claim(&self.path, &plan).await?;
        let server = listener::UnixServer::new(self.endpoint(), io, accept_check);
        let watched = |every| watch::FileWatch::new(self.path.clone(), plan, when_displaced, every);
        let server = server.with_watch(watch.map(watched));
        Ok(Box::new(server.with_file(file)))
    }

    #[cfg(not(unix))]
    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        Err(TransportError::Unsupported { endpoint: self.endpoint() })
    }
}

/// Read and write for the user the server runs as, nothing for others.
const DEFAULT_MODE: u32 = 0o600;
/// Soon enough for people and supervisors; half a look a second is a ten-thousandth of a percent of
/// a core.
const DEFAULT_WATCH: Duration = Duration::from_secs(2);
/// What the timers of tokio tell apart.
const SHORTEST_WATCH: Duration = Duration::from_millis(1);
