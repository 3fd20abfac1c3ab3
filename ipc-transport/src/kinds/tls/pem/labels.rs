//! What follows `-----BEGIN`: what it is, and what to do with what is not taken.

/// What a section of PEM holds, by its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Certificate,
    Key,
    EncryptedKey,
    /// The curve of the key that follows, which names it itself.
    Curve,
    /// Something that is not taken: what it is, and what to do.
    Other(&'static str),
}

impl Holds {
    /// Returns what a label means. The label itself is not kept: it may be anything.
    pub(super) fn of(label: &[u8]) -> Self {
        let known = LABELS.iter().find(|(known, _)| known.as_bytes() == label);
        known.map_or(Self::Other(UNKNOWN), |(_, holds)| *holds)
    }

    /// Returns what it is, for people.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Certificate => "a certificate",
            Self::Key => "a private key",
            Self::EncryptedKey => "an encrypted private key",
            Self::Curve => "the parameters of a curve",
            Self::Other(text) => text,
        }
    }
}

const UNKNOWN: &str = "a section of an unknown kind";

const LABELS: &[(&str, Holds)] = &[
    ("CERTIFICATE", Holds::Certificate),
    ("X509 CERTIFICATE", Holds::Certificate),
    ("PRIVATE KEY", Holds::Key),
    ("RSA PRIVATE KEY", Holds::Key),
    ("EC PRIVATE KEY", Holds::Key),
    ("DSA PRIVATE KEY", Holds::Key),
    ("ENCRYPTED PRIVATE KEY", Holds::EncryptedKey),
    ("EC PARAMETERS", Holds::Curve),
    (
        "TRUSTED CERTIFICATE",
        Holds::Other(
            "a TRUSTED CERTIFICATE, OpenSSL's form with settings of trust \
             (`openssl x509 -in FILE -out NEW` writes the certificate without them)",
        ),
    ),
    ("PUBLIC KEY", Holds::Other("a PUBLIC KEY, which is not a certificate")),
    ("RSA PUBLIC KEY", Holds::Other("an RSA PUBLIC KEY, which is not a certificate")),
    ("CERTIFICATE REQUEST", Holds::Other(REQUEST)),
    ("NEW CERTIFICATE REQUEST", Holds::Other(REQUEST)),
    ("X509 CRL", Holds::Other("an X509 CRL, and lists of revoked certificates are not used here")),
    ("PKCS7", Holds::Other(PKCS7)),
    ("CMS", Holds::Other(PKCS7)),
    ("DH PARAMETERS", Holds::Other(DH)),
    ("X9.42 DH PARAMETERS", Holds::Other(DH)),
    ("DSA PARAMETERS", Holds::Other("DSA PARAMETERS, and DSA is not spoken here")),
    (
        "OPENSSH PRIVATE KEY",
        Holds::Other(
            "an OPENSSH PRIVATE KEY (`ssh-keygen -p -m PKCS8 -f FILE` rewrites the file as a \
             private key for TLS)",
        ),
    ),
    ("PGP PRIVATE KEY BLOCK", Holds::Other("an OpenPGP key, which TLS does not use")),
    ("PGP PUBLIC KEY BLOCK", Holds::Other("an OpenPGP key, which TLS does not use")),
];

const REQUEST: &str = "a CERTIFICATE REQUEST, of which a CA makes a certificate";
const PKCS7: &str =
    "a PKCS7 bundle (`openssl pkcs7 -print_certs -in FILE -out NEW` writes its certificates)";
const DH: &str = "DH PARAMETERS, and no suite with such parameters is spoken here";
