//! Shared memory by hand, the physical limit: a ring of bytes each way, with one writer and one reader, in a file that both
//! processes map. Who waits spins, so that a core is busy as long as there is a connection, and no thread is woken.

use std::fs::{File, OpenOptions};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use ipc_benches::{Outcome, Task};
use memmap2::MmapRaw;

use crate::Result;
use crate::coding::Coding;
use crate::link::{self, Link};
use crate::net::{end_with_parent, ready, spin};

/// Both rings, of which one side writes the one and reads the other.
struct Rings {
    map: MmapRaw,
    /// Where in the map the ring begins that this side writes.
    writes: usize,
    /// Where that begins that it reads.
    reads: usize,
}

impl Rings {
    fn new(file: &File, writes: usize, reads: usize) -> Result<Self> {
        Ok(Self { map: MmapRaw::map_raw(file)?, writes, reads })
    }

    /// Returns how many bytes were ever written into a ring, and how many were read.
    #[expect(unsafe_code, reason = "a number in shared memory")]
    fn counts(&self, ring: usize) -> (&AtomicU64, &AtomicU64) {
        // SAFETY: both are in the map, aligned to 64 bytes, and every side uses them as atomic numbers only.
        unsafe {
            let at = self.map.as_mut_ptr().add(ring);
            (&*at.cast(), &*at.add(LINE).cast())
        }
    }

    /// Writes bytes, as there is room.
    #[expect(unsafe_code, reason = "bytes in shared memory")]
    fn write(&self, mut bytes: &[u8]) {
        let (written, read) = self.counts(self.writes);
        let mut at = written.load(Ordering::Relaxed);
        while !bytes.is_empty() {
            let room = wait(|| ROOM - (at - read.load(Ordering::Acquire)) as usize);
            let place = at as usize % ROOM;
            let n = bytes.len().min(room).min(ROOM - place);
            // SAFETY: the place is in the ring, and the reader does not look at it before `written` says so.
            unsafe {
                let to = self.map.as_mut_ptr().add(self.writes + 2 * LINE + place);
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, n);
            }
            at += n as u64;
            written.store(at, Ordering::Release);
            bytes = &bytes[n..];
        }
    }

    /// Fills this, as bytes come.
    #[expect(unsafe_code, reason = "bytes in shared memory")]
    fn read(&self, mut into: &mut [u8]) {
        let (written, read) = self.counts(self.reads);
        let mut at = read.load(Ordering::Relaxed);
        while !into.is_empty() {
            let there = wait(|| (written.load(Ordering::Acquire) - at) as usize);
            let place = at as usize % ROOM;
            let n = into.len().min(there).min(ROOM - place);
            // SAFETY: the place is in the ring, and the writer does not touch it before `read` says so.
            unsafe {
                let from = self.map.as_ptr().add(self.reads + 2 * LINE + place);
                std::ptr::copy_nonoverlapping(from, into.as_mut_ptr(), n);
            }
            at += n as u64;
            read.store(at, Ordering::Release);
            into = &mut into[n..];
        }
    }
}

/// Spins until there is something, and returns how much.
fn wait(there_is: impl Fn() -> usize) -> usize {
    let mut turn = 0_u32;
    loop {
        match there_is() {
            0 => spin(turn),
            n => return n,
        }
        turn = turn.wrapping_add(1);
    }
}

/// A message is its length and its bytes.
impl Link for Rings {
    type Message = Bytes;

    async fn send(&mut self, bytes: Bytes) -> Result<()> {
        self.write(&u32::try_from(bytes.len())?.to_ne_bytes());
        self.write(&bytes);
        Ok(())
    }

    async fn recv(&mut self) -> Result<Option<Bytes>> {
        let mut length = [0; 4];
        self.read(&mut length);
        let mut bytes = vec![0; usize::try_from(u32::from_ne_bytes(length))?];
        self.read(&mut bytes);
        Ok(Some(bytes.into()))
    }
}

pub async fn serve(coding: Coding) -> Result<()> {
    // A file system that is memory: a file elsewhere is written to its disk meanwhile.
    let path = format!("/dev/shm/ipc-bench-{}", std::process::id());
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create_new(true).open(&path)?;
    file.set_len((2 * RING) as u64)?;
    ready(&format!("unix:{path}"));
    end_with_parent(move || {
        let _ = std::fs::remove_file(&path);
    });
    link::serve(Rings::new(&file, RING, 0)?, coding).await
}

pub async fn measure(path: &str, coding: Coding, task: &Task) -> Result<Outcome> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    link::measure(&mut Rings::new(&file, 0, RING)?, coding, task).await
}

/// A line of the processor's cache: the two counts of a ring share none.
const LINE: usize = 64;

/// The bytes a ring has room for.
const ROOM: usize = 1 << 20;

/// A ring with its counts.
const RING: usize = ROOM + 4096;
