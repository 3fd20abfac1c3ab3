//! The standard streams where std's do all that is needed.

use std::io::{self, Read, Write};

/// Standard input.
#[derive(Debug)]
pub(crate) struct Stdin;

impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        io::stdin().read(buffer)
    }
}

/// Makes a type that writes to one of std's streams.
macro_rules! writer {
    ($name:ident, $stream:path) => {
        #[derive(Debug)]
        pub(crate) struct $name;

        impl Write for $name {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                $stream().write(bytes)
            }

            fn flush(&mut self) -> io::Result<()> {
                $stream().flush()
            }
        }
    };
}

writer!(Stdout, io::stdout);
writer!(Stderr, io::stderr);

/// There are no jobs of a terminal here.
pub(crate) fn keep_running_in_background() {}
