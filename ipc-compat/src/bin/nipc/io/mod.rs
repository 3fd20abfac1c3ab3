//! Standard input and output, standard error and signals: what is read and what is printed.

pub(crate) mod address;
pub(crate) mod instruction;
pub(crate) mod lines;
pub(crate) mod pretty;
pub(crate) mod signals;
pub(crate) mod source;
pub(crate) mod stderr;
pub(crate) mod stdin;
pub(crate) mod stdout;
pub(crate) mod streams;
pub(crate) mod usage;
