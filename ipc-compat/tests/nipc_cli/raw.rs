//! The foreign peer: a bare socket of std, in either role.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;

use crate::process::DEADLINE;

/// A connected socket that reads frames which end with a form feed.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) stream: UnixStream,
    read: Vec<u8>,
}

impl Raw {
    /// Connects to the server at this path.
    pub(crate) fn connect(path: impl AsRef<Path>) -> Self {
        Self::new(UnixStream::connect(path).expect("somebody listens"))
    }

    fn new(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        stream.set_write_timeout(Some(DEADLINE)).expect("a timeout");
        Self { stream, read: Vec::new() }
    }

    #[track_caller]
    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the peer reads");
    }

    /// Returns the next frame, without its delimiter.
    #[track_caller]
    pub(crate) fn frame(&mut self) -> String {
        let mut searched = 0;
        loop {
            let found = self.read[searched..].iter().position(|byte| *byte == b'\x0c');
            if let Some(end) = found {
                let rest = self.read.split_off(searched + end + 1);
                let mut frame = std::mem::replace(&mut self.read, rest);
                frame.pop();
                return String::from_utf8(frame).expect("a frame is UTF-8");
            }
            searched = self.read.len();
            let mut chunk = vec![0; 64 * 1024];
            match self.stream.read(&mut chunk) {
                Ok(0) => panic!("the end came instead of a frame"),
                Ok(n) => self.read.extend_from_slice(&chunk[..n]),
                // A read with a time limit is not started again by the system.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("no frame came in time: {error}"),
            }
        }
    }

    /// Checks that nothing more has come by now.
    #[track_caller]
    pub(crate) fn has_no_more(&mut self) {
        assert_eq!(String::from_utf8_lossy(&self.read), "");
        self.stream.set_nonblocking(true).expect("a mode");
        let more = self.stream.read(&mut [0; 1]);
        assert!(more.is_err_and(|error| error.kind() == ErrorKind::WouldBlock));
        self.stream.set_nonblocking(false).expect("a mode");
    }

    /// Waits until the peer has ended its side, and checks that nothing came before.
    #[track_caller]
    pub(crate) fn ended(&mut self) {
        assert_eq!(String::from_utf8_lossy(&self.read), "");
        match self.stream.read(&mut [0; 1]) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("wanted the end, got {other:?}"),
        }
    }
}

/// Listens at this path.
pub(crate) fn listen(path: impl AsRef<Path>) -> UnixListener {
    UnixListener::bind(path).expect("the path is free")
}

/// Waits for a client.
#[track_caller]
pub(crate) fn accept(listener: &UnixListener) -> Raw {
    let listener = listener.try_clone().expect("a descriptor");
    let (sender, accepted) = channel();
    thread::spawn(move || sender.send(listener.accept()));
    let (stream, _) = accepted.recv_timeout(DEADLINE).expect("a client comes").expect("accepted");
    Raw::new(stream)
}
