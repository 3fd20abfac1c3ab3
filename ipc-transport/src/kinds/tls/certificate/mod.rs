//! What a certificate says about itself, of any version, before it is verified.

pub(super) mod der;
pub(super) mod key;

use der::{BIT_STRING, INTEGER, MEMBER_0, SEQUENCE, Value};
use key::KeyKind;

/// The parts of a certificate that are looked at here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Certificate<'a> {
    /// 1, 2 or 3.
    pub(super) version: u8,
    issuer: &'a [u8],
    subject: &'a [u8],
    /// The public key with its kind, as DER.
    pub(super) key: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads a certificate; `None` if it is broken or something else.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Value::sequence(der)?;
        let mut told = outer.take(SEQUENCE)?.within();
        outer.take(SEQUENCE)?;
        outer.take(BIT_STRING)?;
        let version = match told.take(MEMBER_0) {
            None => 1,
            Some(version) => match version.within().take(INTEGER)?.content {
                [version @ 0..=2] => version + 1,
                _ => return None,
            },
        };
        told.take(INTEGER)?;
        told.take(SEQUENCE)?;
        let issuer = told.take(SEQUENCE)?.whole;
        told.take(SEQUENCE)?;
        let subject = told.take(SEQUENCE)?.whole;
        let key = told.take(SEQUENCE)?.whole;
        Some(Self { version, issuer, subject, key })
    }

    /// Returns whether it names itself as its issuer.
    pub(super) fn is_self_signed(&self) -> bool {
        self.issuer == self.subject
    }

    /// Returns whether the holder of its key can be made to prove that it has it.
    pub(super) fn is_provable(&self) -> bool {
        KeyKind::of_public(self.key).is_checkable()
    }
}
