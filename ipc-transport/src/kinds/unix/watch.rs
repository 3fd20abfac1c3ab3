//! Whether a served socket file is still at its path, looked at while the server accepts.
//!
//! A look is one lstat(2) at a steady interval: about a microsecond, on every system and every
//! file system. inotify would tell sooner, but is Linux only, needs a descriptor and one of the
//! user's 128 instances, and hears nothing of changes on network file systems made elsewhere.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::broadcast;
use tokio::time::{Interval, MissedTickBehavior};

use super::socket_file::{self, FileId, Plan, SocketFile, calls};
use crate::displaced::KEPT;
use crate::{AfterDisplaced, Displaced, DisplacedBy, Displacements, TransportError, WhenDisplaced};

/// Looks after one served file.
#[derive(Debug)]
pub(super) struct FileWatch {
    path: PathBuf,
    /// How the file is made again.
    plan: Plan,
    then: WhenDisplaced,
    due: Interval,
    /// What was seen at the last look, so that each change is reported once.
    seen: Option<DisplacedBy>,
    notices: broadcast::Sender<Displaced>,
}

/// What a look leads to.
pub(super) enum Verdict {
    /// Accepting goes on as before.
    GoOn,
    /// Accepting goes on with these.
    Remade(UnixListener, SocketFile),
    /// Accepting is over.
    Stop(TransportError),
}

impl FileWatch {
    /// # Panics
    ///
    /// If the runtime has no timers.
    pub(super) fn new(path: PathBuf, plan: Plan, then: WhenDisplaced, every: Duration) -> Self {
        let mut due = tokio::time::interval(every);
        // After a while without accepting, in which there was no look, one look is enough.
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        due.reset();
        Self { path, plan, then, due, seen: None, notices: broadcast::Sender::new(KEPT) }
    }

    pub(super) fn displacements(&self) -> Displacements {
        Displacements::of(&self.notices)
    }

    /// Ready when it is time to look.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.due.poll_tick(cx).map(drop)
    }

    /// Looks whether `ours` is still at the path, reports what changed, and returns what follows.
    ///
    /// Cancel safe: what was not reported is reported at the next look.
    pub(super) async fn look(&mut self, ours: FileId) -> Verdict {
        let by = match calls::lstat(&self.path) {
            Ok(found) if FileId::of(&found) == ours => None,
            Ok(_) => Some(DisplacedBy::Replaced),
            Err(error) if is_gone(&error) => Some(DisplacedBy::Removed),
            // Without the right to look nothing is known.
            Err(_) => return Verdict::GoOn,
        };
        let is_new = by != self.seen;
        let Some(by) = by else {
            self.seen = None;
            return Verdict::GoOn;
        };
        match self.then {
            WhenDisplaced::ServeOn => {
                if is_new {
                    self.tell(by, AfterDisplaced::ServesOn);
                }
                Verdict::GoOn
            }
            WhenDisplaced::Stop => {
                self.tell(by, AfterDisplaced::Stopped);
                Verdict::Stop(TransportError::Displaced { path: self.path.clone(), by })
            }
            WhenDisplaced::Remake => match socket_file::claim(&self.path, &self.plan).await {
                Ok((io, file)) => {
                    self.tell(by, AfterDisplaced::Remade);
                    self.seen = None;
                    Verdict::Remade(io, file)
                }
                Err(error) => {
                    if is_new {
                        self.tell(by, AfterDisplaced::NotRemade { reason: Arc::new(error) });
                    }
                    Verdict::GoOn
                }
            },
        }
    }

    fn tell(&mut self, by: DisplacedBy, then: AfterDisplaced) {
        self.seen = Some(by);
        // Without a receiver it is not wanted.
        let _ = self.notices.send(Displaced { path: self.path.clone(), by, then });
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR))
}
