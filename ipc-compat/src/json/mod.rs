//! JSON, quickly: `serde_json` is the meaning; this is a fast path.
//!
//! Nothing here knows node-ipc. What `serde_json` does is done in fewer steps, and whatever is unknown here is left to
//! it, together with every error.

pub(crate) mod scan;
pub(crate) mod serializer;
pub(crate) mod string;
pub(crate) mod surrogates;
mod words;

/// Returns whether `serde_json` hides something else under this name of a struct, such as JSON that is
/// ready or a number of any size.
#[inline]
fn is_hidden(name: &str) -> bool {
    name.starts_with("$serde_json::private::")
}
