//! DATA of the command line: in it, in a file, or on standard input.

use std::fs::File;
use std::io::{self, Read};
use std::thread;

use ipc_compat::RawJson;
use tokio::sync::oneshot;

use crate::cli::data::Source;
use crate::cli::values::json;
use crate::io::streams::{SkipBom, Stdin};

impl Source {
    /// Returns the JSON that is there, without a byte order mark before it.
    pub(crate) async fn json(&self, max_frame: usize) -> Result<RawJson, String> {
        let bytes = self.read(max_frame, true).await?;
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(format!("{self} is UTF-16, and has to be UTF-8"));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            format!("{self} is not UTF-8: see byte {}", error.utf8_error().valid_up_to())
        })?;
        json(&text).map_err(|error| format!("{self}: {error}"))
    }

    /// Returns the bytes that are there.
    pub(crate) async fn bytes(&self, max_frame: usize) -> Result<Vec<u8>, String> {
        self.read(max_frame, false).await
    }

    /// Reads in a thread of its own, since a pipe may bring nothing for as long as it likes.
    async fn read(&self, max_frame: usize, text: bool) -> Result<Vec<u8>, String> {
        let cannot = |error: io::Error| format!("cannot read {self}: {error}");
        // White space around JSON is not sent.
        let most = max_frame.saturating_add(SPACE);
        let (sender, read) = oneshot::channel();
        let source = self.clone();
        let work = move || {
            let _ = sender.send(source.read_at_most(most, text));
        };
        thread::Builder::new().spawn(work).map_err(cannot)?;
        let ended = || Err(io::Error::other("reading it stopped early"));
        let bytes = read.await.unwrap_or_else(|_| ended()).map_err(cannot)?;
        if bytes.len() > most {
            return Err(format!(
                "{self} has more than {max_frame} bytes, the most that a frame may have"
            ));
        }
        Ok(bytes)
    }

    fn read_at_most(&self, most: usize, text: bool) -> io::Result<Vec<u8>> {
        let input: Box<dyn Read> = match self {
            Self::Stdin => Box::new(Stdin),
            Self::File(path) => Box::new(File::open(path)?),
        };
        let input: Box<dyn Read> = if text { Box::new(SkipBom::new(input)) } else { input };
        let mut bytes = Vec::new();
        // One more shows that there is more.
        let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        input.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// How many bytes may be beside those that a frame can hold.
const SPACE: usize = 64 * 1024;
