//! Files as `openssl` writes them, if the machine has the program.

use std::path::{Path, PathBuf};
use std::process::Command;

use ipc_transport::{Pem, TlsClient, TlsError, TlsServer};

use crate::rig::meet;

/// A directory in which openssl works.
pub(crate) struct Openssl(tempfile::TempDir);

impl Openssl {
    #[expect(clippy::print_stdout, reason = "what is skipped is said")]
    pub(crate) fn new() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            println!("SKIPPED: this machine has no openssl");
            return None;
        }
        Some(Self(tempfile::tempdir().expect("a directory")))
    }

    /// Runs openssl with these words.
    #[track_caller]
    pub(crate) fn run(&self, words: &str) {
        let done =
            Command::new("openssl").args(words.split(' ')).current_dir(self.0.path()).output();
        let done = done.expect("openssl");
        assert!(done.status.success(), "{words}: {}", String::from_utf8_lossy(&done.stderr));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        Path::join(self.0.path(), name)
    }

    fn pem(&self, name: &str) -> Pem {
        Pem::file(self.path(name))
    }
}

#[track_caller]
fn check(error: Option<TlsError>, parts: &[&str]) {
    let error = error.expect("an error").to_string();
    for part in parts {
        assert!(error.contains(part), "{error} does not say {part}");
    }
}

const REQUEST: &str =
    "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost";

#[test]
fn keys_are_named_by_kind_and_size() {
    let Some(openssl) = Openssl::new() else { return };
    openssl.run(&format!("{REQUEST} -x509 -keyout good.key -out good.pem"));
    openssl.run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out small.key");
    for (words, found) in [
        ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024", "RSA of 1,024 bits"),
        ("rsa -traditional -in small.key", "RSA of 1,024 bits"),
        ("genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024", "RSA-PSS"),
        ("ecparam -name secp256k1 -genkey", "ECDSA with secp256k1"),
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", "ECDSA with secp256k1"),
        ("genpkey -algorithm ED448", "Ed448"),
        ("genpkey -algorithm X25519", "X25519"),
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521", "P-521"),
    ] {
        if found == "P-521" && cfg!(feature = "tls-aws-lc-rs") {
            continue;
        }
        openssl.run(&format!("{words} -out odd.key"));
        let server = TlsServer::builder(openssl.pem("good.pem"), openssl.pem("odd.key")).build();
        check(server.err(), &["odd.key", found, "P-384"]);
    }
    for words in ["ecparam -name prime256v1 -genkey", "ecparam -name secp384r1 -genkey -noout"] {
        openssl.run(&format!("{words} -out other.key"));
        let server = TlsServer::builder(openssl.pem("good.pem"), openssl.pem("other.key")).build();
        check(server.err(), &["is not that of the certificate"]);
    }
}

#[test]
fn encrypted_keys_are_called_so() {
    let Some(openssl) = Openssl::new() else { return };
    openssl.run(&format!("{REQUEST} -x509 -keyout good.key -out good.pem"));
    openssl.run("pkcs8 -topk8 -in good.key -passout pass:secret -out encrypted.key");
    openssl.run("ec -in good.key -aes128 -passout pass:secret -out old.key");
    openssl.run("pkcs8 -topk8 -in good.key -passout pass:secret -outform DER -out encrypted.der");
    for name in ["encrypted.key", "old.key", "encrypted.der"] {
        let server = TlsServer::builder(openssl.pem("good.pem"), openssl.pem(name)).build();
        check(server.err(), &[name, "encrypted", "openssl pkey"]);
    }
}

#[test]
fn other_files_are_named_with_what_to_do() {
    let Some(openssl) = Openssl::new() else { return };
    openssl.run(&format!("{REQUEST} -x509 -keyout good.key -out good.pem"));
    openssl.run(&format!("{REQUEST} -keyout other.key -out request.pem"));
    openssl.run("x509 -in good.pem -trustout -out trusted.pem");
    openssl.run("x509 -in good.pem -outform DER -out binary.crt");
    openssl.run("x509 -in good.pem -text -out text.pem");
    openssl.run("pkey -in good.key -pubout -out public.pem");
    openssl.run("pkey -in good.key -outform DER -out binary.key");
    openssl.run("pkcs12 -export -in good.pem -inkey good.key -passout pass:secret -out both.p12");
    openssl.run("crl2pkcs7 -nocrl -certfile good.pem -out bundle.pem");
    for (name, part) in [
        ("request.pem", "CERTIFICATE REQUEST"),
        ("trusted.pem", "TRUSTED CERTIFICATE"),
        ("binary.crt", "openssl x509 -inform DER"),
        ("public.pem", "PUBLIC KEY"),
        ("both.p12", "openssl pkcs12"),
        ("bundle.pem", "openssl pkcs7"),
        ("binary.key", "openssl pkey -inform DER"),
    ] {
        check(TlsClient::builder().trust(openssl.pem(name)).build().err(), &[name, part]);
        let server = TlsServer::builder(openssl.pem(name), openssl.pem("good.key")).build();
        check(server.err(), &[name, part]);
        let server = TlsServer::builder(openssl.pem("good.pem"), openssl.pem(name)).build();
        check(server.err(), &[name, part]);
    }
    let server = TlsServer::builder(openssl.pem("text.pem"), openssl.pem("good.key"));
    assert!(server.build().is_ok());
}

both_runtimes!(what_x509_req_makes_without_extensions_is_served_and_taken_unverified);
/// The recipe that half of the guides in the web give.
async fn what_x509_req_makes_without_extensions_is_served_and_taken_unverified() {
    let Some(openssl) = Openssl::new() else { return };
    openssl.run(&format!("{REQUEST} -keyout server.key -out server.csr"));
    openssl.run("x509 -req -in server.csr -signkey server.key -days 10 -out server.pem");
    let server = TlsServer::builder(openssl.pem("server.pem"), openssl.pem("server.key"));
    let server = server.build().expect("a server");
    let client = TlsClient::builder().dangerous_accept_any_certificate();
    let (dialed, accepted) = meet(server.clone(), client.build().expect("a client")).await;
    assert!(dialed.is_ok() && accepted.is_ok());
    let client = TlsClient::builder().trust(openssl.pem("server.pem")).server_name("localhost");
    let (dialed, _) = meet(server, client.build().expect("a client")).await;
    assert_eq!(dialed.expect_err("a refusal").code(), "tls_old_certificate_version");
}
