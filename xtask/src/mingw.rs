//! The compiler and linker for Windows, by which its tests are built on Linux.

use crate::error::Result;
use crate::{apt, proc};

/// The target that they build for.
pub const TARGET: &str = "x86_64-pc-windows-gnu";

/// The compiler for C.
pub const COMPILER: &str = "x86_64-w64-mingw32-gcc";

/// Installs the compiler and linker, if they are missing.
///
/// # Errors
///
/// [`Unavailable`](crate::error::Error::Unavailable) if they cannot be installed.
pub fn install() -> Result<()> {
    if proc::is_there(COMPILER) { Ok(()) } else { apt::install(&["gcc-mingw-w64-x86-64"]) }
}
