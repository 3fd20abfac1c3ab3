//! Which kind and size a key is, public or private, whether it is spoken here or not.

use std::fmt;

use super::der::{BIT_STRING, INTEGER, MEMBER_0, OBJECT_ID, OCTET_STRING, SEQUENCE, Value, Values};

/// The kind of a key, and its size where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kinds::tls) enum KeyKind {
    /// Of so many bits.
    Rsa(usize),
    RsaPss,
    /// On this curve.
    Ec(&'static str),
    /// Anything else that has a name.
    Named(&'static str),
    Unknown,
}

impl KeyKind {
    /// Returns the kind of a public key, as a certificate has it.
    pub(in crate::kinds::tls) fn of_public(info: &[u8]) -> Self {
        let Some(mut info) = Value::sequence(info) else { return Self::Unknown };
        let (Some(mut algorithm), Some(key)) =
            (info.take(SEQUENCE).map(Value::within), info.take(BIT_STRING))
        else {
            return Self::Unknown;
        };
        // The first byte says how many bits of the last are unused.
        let modulus = || {
            let mut key = Value::sequence(key.content.get(1..)?)?;
            key.take(INTEGER).map(Value::bits)
        };
        Self::of(&mut algorithm, modulus)
    }

    /// Returns the kind of a private key in PKCS #8, PKCS #1 or SEC 1; `None` for anything else.
    pub(in crate::kinds::tls) fn of_private(key: &[u8]) -> Option<Self> {
        let mut values = Value::sequence(key)?;
        let members = values.count()?;
        values.take(INTEGER)?;
        if let Some(algorithm) = values.take(SEQUENCE) {
            let inner = values.take(OCTET_STRING)?.content;
            let modulus = || {
                let mut key = Value::sequence(inner)?;
                key.take(INTEGER)?;
                key.take(INTEGER).map(Value::bits)
            };
            return Some(Self::of(&mut algorithm.within(), modulus));
        }
        if values.take(OCTET_STRING).is_some() {
            let curve = values.take(MEMBER_0).and_then(|member| member.within().take(OBJECT_ID));
            return Some(curve.map_or(Self::Ec(UNNAMED), |curve| Self::on(curve.content)));
        }
        let modulus = values.take(INTEGER)?.bits();
        Some(if members == DSA_MEMBERS { Self::Named("DSA") } else { Self::Rsa(modulus) })
    }

    fn of(algorithm: &mut Values<'_>, modulus: impl FnOnce() -> Option<usize>) -> Self {
        let Some(id) = algorithm.take(OBJECT_ID) else { return Self::Unknown };
        match id.content {
            RSA => modulus().map_or(Self::Unknown, Self::Rsa),
            RSA_PSS => Self::RsaPss,
            EC => match algorithm.take(OBJECT_ID) {
                Some(curve) => Self::on(curve.content),
                None => Self::Ec(UNNAMED),
            },
            id => NAMED
                .iter()
                .find(|(known, _)| *known == id)
                .map_or(Self::Unknown, |(_, name)| Self::Named(name)),
        }
    }

    fn on(curve: &[u8]) -> Self {
        let known = CURVES.iter().find(|(id, _)| *id == curve);
        Self::Ec(known.map_or(UNNAMED, |(_, name)| name))
    }

    /// Returns whether signatures of such a key can be checked here.
    pub(in crate::kinds::tls) fn is_checkable(self) -> bool {
        match self {
            Self::Rsa(bits) => (2048..=8192).contains(&bits),
            Self::Ec(curve) => is_spoken(curve),
            Self::Named(name) => name == ED25519,
            Self::RsaPss | Self::Unknown => false,
        }
    }

    /// Returns whether such a key can be the own one here, by its kind and size.
    pub(in crate::kinds::tls) fn is_usable(self) -> bool {
        match self {
            Self::Rsa(bits) => (2048..=LARGEST_RSA).contains(&bits),
            other => other.is_checkable(),
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits @ 1000..) => write!(f, "RSA of {},{:03} bits", bits / 1000, bits % 1000),
            Self::Rsa(bits) => write!(f, "RSA of {bits} bits"),
            Self::RsaPss => f.write_str("RSA-PSS"),
            Self::Ec(curve) => write!(f, "ECDSA with {curve}"),
            Self::Named(name) => f.write_str(name),
            Self::Unknown => f.write_str("of an unknown kind"),
        }
    }
}

fn is_spoken(curve: &str) -> bool {
    matches!(curve, "P-256" | "P-384") || (cfg!(feature = "tls-aws-lc-rs") && curve == "P-521")
}

/// The kinds of private keys that the cryptography in use takes.
#[cfg(not(feature = "tls-aws-lc-rs"))]
pub(in crate::kinds::tls) const TAKEN: &str =
    "RSA of 2,048 to 4,096 bits, ECDSA with P-256 or P-384, and Ed25519";
/// The kinds of private keys that the cryptography in use takes.
#[cfg(feature = "tls-aws-lc-rs")]
pub(in crate::kinds::tls) const TAKEN: &str =
    "RSA of 2,048 to 8,192 bits, ECDSA with P-256, P-384 or P-521, and Ed25519";

const LARGEST_RSA: usize = if cfg!(feature = "tls-aws-lc-rs") { 8192 } else { 4096 };
/// A private key of DSA is a version and five numbers; one of RSA has more.
const DSA_MEMBERS: usize = 6;
const UNNAMED: &str = "a curve that is not known";
const ED25519: &str = "Ed25519";
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const NAMED: &[(&[u8], &str)] = &[
    (&[0x2b, 0x65, 0x6e], "X25519"),
    (&[0x2b, 0x65, 0x6f], "X448"),
    (&[0x2b, 0x65, 0x70], ED25519),
    (&[0x2b, 0x65, 0x71], "Ed448"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1], "DSA"),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 17], "ML-DSA-44"),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18], "ML-DSA-65"),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 19], "ML-DSA-87"),
    (&[0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x82, 0x2d], "SM2"),
];
const CURVES: &[(&[u8], &str)] = &[
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1], "P-192"),
    (&[0x2b, 0x81, 4, 0, 0x21], "P-224"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], "P-256"),
    (&[0x2b, 0x81, 4, 0, 0x22], "P-384"),
    (&[0x2b, 0x81, 4, 0, 0x23], "P-521"),
    (&[0x2b, 0x81, 4, 0, 0x0a], "secp256k1"),
    (&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7], "brainpoolP256r1"),
    (&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 11], "brainpoolP384r1"),
    (&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 13], "brainpoolP512r1"),
];
