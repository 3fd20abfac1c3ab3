//! `Search`: finds a delimiter, in the fastest way for its length.

use alloc::boxed::Box;

use bytes::{BufMut, BytesMut};
use memchr::memmem::Finder;

use crate::Delimiter;

/// A delimiter prepared for searching.
#[derive(Debug, Clone)]
pub(crate) enum Search {
    Byte(u8),
    /// Boxed: the prepared search is some 200 bytes, and most delimiters are one byte.
    Bytes(Box<Finder<'static>>),
}

impl Search {
    pub(crate) fn new(delimiter: &Delimiter) -> Self {
        match delimiter.as_bytes() {
            [byte] => Self::Byte(*byte),
            bytes => Self::Bytes(Box::new(Finder::new(bytes).into_owned())),
        }
    }

    /// Returns where the first delimiter in `haystack` begins.
    #[inline]
    pub(crate) fn find(&self, haystack: &[u8]) -> Option<usize> {
        match self {
            Self::Byte(byte) => memchr::memchr(*byte, haystack),
            Self::Bytes(finder) => finder.find(haystack),
        }
    }

    /// Appends the delimiter.
    #[inline]
    pub(crate) fn append_to(&self, out: &mut BytesMut) {
        match self {
            // A single store; a slice would be copied by a call.
            Self::Byte(byte) => out.put_u8(*byte),
            Self::Bytes(finder) => out.put_slice(finder.needle()),
        }
    }

    /// Returns the delimiter's bytes.
    pub(crate) fn needle(&self) -> &[u8] {
        match self {
            Self::Byte(byte) => core::slice::from_ref(byte),
            Self::Bytes(finder) => finder.needle(),
        }
    }
}
