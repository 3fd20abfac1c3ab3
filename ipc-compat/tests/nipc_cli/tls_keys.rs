//! A key is shown by nothing that `nipc` prints, wherever it was given.

use std::fs;

use crate::broken_keys::{Leak, broken};
use crate::certificates::Authority;
use crate::process::{Nipc, Place};

/// Runs `nipc` with a wrong command line until it exits, and returns its stderr.
#[track_caller]
fn refused(leak: &Leak, what: &str, words: &[&str]) -> String {
    let ended = Nipc::run(words);
    leak.check(what, &ended.errors);
    leak.check(what, &ended.lines.concat());
    assert_eq!(ended.status, 1, "{what}: {}", ended.errors);
    ended.errors
}

#[test]
fn broken_key_files_are_named_and_not_shown() {
    let place = Place::new();
    let ca = Authority::new("ca");
    let identity = ca.issue(&["127.0.0.1"]);
    let leak = Leak::of(&identity.key);
    let file = |name: &str, bytes: &[u8]| {
        fs::write(place.path(name), bytes).unwrap();
        place.path(name).display().to_string()
    };
    let (good, chain) =
        (file("good.key", identity.key.as_bytes()), file("chain.pem", identity.chain.as_bytes()));
    for (what, bytes) in broken(&identity) {
        let key = file("broken.pem", &bytes);
        let (serve, connect) = (["serve", "--tls", "0", "-v"], ["connect", "--tls", "1", "-v"]);
        for words in [
            [&serve[..], &["--cert", &chain, "--key", &key]].concat(),
            [&connect[..], &["--insecure", "--cert", &chain, "--key", &key]].concat(),
        ] {
            let said = refused(&leak, what, &words);
            assert!(said.contains("broken.pem"), "{what}: {said}");
        }
        // Where a certificate belongs it may be none, or one with something else in it.
        for words in [
            [&serve[..], &["--cert", &key, "--key", &good]].concat(),
            [&connect[..], &["--ca", &key]].concat(),
        ] {
            refused(&leak, what, &words);
        }
    }
}

#[test]
fn a_key_in_the_command_line_is_not_repeated() {
    let place = Place::new();
    let identity = Authority::new("ca").issue(&["127.0.0.1"]);
    let leak = Leak::of(&identity.key);
    fs::write(place.path("chain.pem"), &identity.chain).unwrap();
    let chain = place.path("chain.pem").display().to_string();
    let key = &identity.key;
    let escaped = key.replace('\n', "\\n");
    let bare: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    for key in [key, &escaped, &bare] {
        for words in [
            &["serve", "--tls", "0", "--cert", &chain, "--key", key][..],
            &["serve", "--tls", "0", "--cert", &chain, &format!("--key={key}")],
            &["serve", "--tls", "0", "--cert", key, "--key", key],
            &["connect", "--tls", "1", "--ca", key],
            &["connect", "--tls", "1", &format!("--ca={key}")],
            &["connect", "--tls", "1", "--insecure", "--server-name", key],
        ] {
            refused(&leak, "a command line", words);
        }
    }
    let said = refused(&leak, "--key", &["serve", "--tls", "0", "--cert", &chain, "--key", key]);
    assert!(said.contains("take paths"), "{said}");
    for words in [
        &["serve", "--tls", key][..],
        &["serve", key, key],
        &["emit", "w", "m", "1", "--key", key, key],
    ] {
        refused(&leak, "a command line", words);
    }
    // An option that lacks its value does not take the next one for it.
    let said = refused(&leak, "--key", &["serve", "--tls", "0", "--key", "--cert", &chain]);
    assert!(said.contains("--key"), "{said}");
}
