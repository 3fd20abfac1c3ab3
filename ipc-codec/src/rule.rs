//! `Rule`: a framing made ready, as the encoder and the splitter follow it.

use crate::Framing;
use crate::search::Search;

/// A framing with its delimiter prepared for the search.
#[derive(Debug, Clone)]
pub(crate) enum Rule {
    Delimited(Search),
    LengthPrefixed,
    Raw,
}

impl Rule {
    pub(crate) fn new(framing: &Framing) -> Self {
        match framing {
            Framing::Delimited(delimiter) => Self::Delimited(Search::new(delimiter)),
            Framing::LengthPrefixed => Self::LengthPrefixed,
            Framing::Raw => Self::Raw,
        }
    }
}

/// The length of a length prefix, in bytes.
pub(crate) const PREFIX: usize = 4;
