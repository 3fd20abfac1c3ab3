//! Enums as serde has them, for formats that take what serde takes: [`MsgPack`](crate::MsgPack) is one.
//!
//! An enum is taken if serde writes and reads it as name and content: one without `tag`, `content` and
//! `untagged`, and structs of one field around it. `rename`, `alias`, `skip` and `other` mean what they
//! mean elsewhere. What a variant is read from:
//!
//! | variant | without payload | nothing (`null`, nil) | empty map | other payloads |
//! |---|---|---|---|---|
//! | unit `A`, also the one with `#[serde(other)]` | yes | yes | yes | yes, ignored |
//! | newtype `A(T)` | as a `T` | as a `T` | as a `T` | as a `T` |
//! | tuple `A(T, U)` | an error | an error | an error | an array of as many |
//! | struct `A { .. }` | an error | an error | yes, if every field may be absent | a map, or an array of the fields in order |
//!
//! A newtype is read as the payload of a handler of a `T` is: `Option<T>` takes a message without
//! payload, for example. A unit variant is sent as an empty map in formats of text, which is what
//! node-ipc sends without data, and as nil in binary ones.

mod content;
mod name;
mod probe;
mod read;
mod refuse;

pub use name::name_of;
pub use probe::names_of;
pub use read::{EventSeed, decode_event};
