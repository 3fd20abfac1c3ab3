//! `Signals`: the signals that ask this process to stop.

use std::task::{Context, Poll};

#[cfg(unix)]
pub(crate) use self::unix::Signals;
#[cfg(windows)]
pub(crate) use self::windows::Signals;

/// Ready when one of the sources is. Every one is asked, so that every one wakes.
fn any<S>(
    sources: &mut [S],
    cx: &mut Context<'_>,
    mut poll: impl FnMut(&mut S, &mut Context<'_>) -> Poll<Option<()>>,
) -> Poll<()> {
    let asked = sources.iter_mut().map(|source| poll(source, cx).is_ready());
    if asked.fold(false, |any, one| any | one) { Poll::Ready(()) } else { Poll::Pending }
}

#[cfg(unix)]
mod unix {
    use ipc_transport::inherited;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// SIGINT, SIGTERM and SIGHUP, which closes in order too, unless the process was started with it
    /// ignored, as `nohup` does.
    pub(crate) struct Signals(Vec<Signal>);

    impl Signals {
        pub(crate) fn new() -> Self {
            let hangup = (!inherited::ignores_hangup()).then(SignalKind::hangup);
            let kinds =
                [SignalKind::interrupt(), SignalKind::terminate()].into_iter().chain(hangup);
            // One that cannot be caught does what it did: it kills.
            Self(kinds.filter_map(|kind| signal(kind).ok()).collect())
        }

        /// Waits for the next.
        pub(crate) async fn next(&mut self) {
            std::future::poll_fn(|cx| super::any(&mut self.0, cx, Signal::poll_recv)).await;
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::io;
    use std::task::{Context, Poll};

    use tokio::signal::windows::{
        CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close,
        ctrl_logoff, ctrl_shutdown,
    };

    /// Ctrl-C, Ctrl-Break, the close of the console's window, and the end of the session. For the
    /// latter ones the system gives a few seconds.
    pub(crate) struct Signals(Vec<Source>);

    enum Source {
        C(CtrlC),
        Break(CtrlBreak),
        Close(CtrlClose),
        Logoff(CtrlLogoff),
        Shutdown(CtrlShutdown),
    }

    impl Source {
        fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
            match self {
                Self::C(source) => source.poll_recv(cx),
                Self::Break(source) => source.poll_recv(cx),
                Self::Close(source) => source.poll_recv(cx),
                Self::Logoff(source) => source.poll_recv(cx),
                Self::Shutdown(source) => source.poll_recv(cx),
            }
        }
    }

    impl Signals {
        pub(crate) fn new() -> Self {
            let sources: [io::Result<Source>; 5] = [
                ctrl_c().map(Source::C),
                ctrl_break().map(Source::Break),
                ctrl_close().map(Source::Close),
                ctrl_logoff().map(Source::Logoff),
                ctrl_shutdown().map(Source::Shutdown),
            ];
            // One that cannot be caught does what it did: it ends the process.
            Self(sources.into_iter().flatten().collect())
        }

        /// Waits for the next.
        pub(crate) async fn next(&mut self) {
            std::future::poll_fn(|cx| super::any(&mut self.0, cx, Source::poll)).await;
        }
    }
}
