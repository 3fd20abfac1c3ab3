//! The errors of `ipc-compat` itself, whose codes are in node-ipc's style.

use ipc_codec::Delimiter;
use ipc_compat::{
    Config, ConfigError, EmitToError, Ipc, IpcError, NodeFormat, Profile, TokenFileError, UdpType,
    codes,
};
use ipc_core::{EmitError, Error, TokensError};
use ipc_transport::RuntimeError;

use crate::Case;

pub(crate) fn all() -> Vec<Case> {
    let case = |kind, shown: &dyn std::fmt::Debug, code| Case::new(("compat", kind), shown, code);
    let key = || "retry".to_owned();
    let delimiter = Delimiter::new("{").unwrap();
    let unsafe_delimiter = NodeFormat::v14().with_delimiter(delimiter).unwrap_err();
    let mut all = vec![case("UnsafeDelimiter", &unsafe_delimiter, unsafe_delimiter.code())];
    for error in [
        ConfigError::UnknownKey { key: key() },
        ConfigError::Value { key: key(), value: key(), allowed: "a number" },
        ConfigError::Zero { option: "retry" },
        ConfigError::Empty { option: "id" },
        ConfigError::ContainsNul { option: "id" },
        ConfigError::UnsafeDelimiter(unsafe_delimiter),
    ] {
        all.push(case("ConfigError", &error, error.code()));
        let error = IpcError::Config(error);
        all.push(case("IpcError", &error, error.code()));
    }
    let path = || "/x".into();
    for error in [
        TokenFileError::Unreadable { path: path(), why: std::io::ErrorKind::NotFound },
        TokenFileError::NotAFile { path: path() },
        TokenFileError::OpenToOthers { path: path(), actual: 0o644 },
        TokenFileError::TooLarge { path: path(), limit: 1 },
        TokenFileError::Malformed { path: path(), expected: "a table" },
        TokenFileError::Tokens { path: path(), source: TokensError::EmptyName },
        TokenFileError::NotAlone { path: path() },
    ] {
        all.push(case("TokenFileError", &error, error.code()));
        let config = ConfigError::TokenFile(error.clone());
        all.push(case("ConfigError", &config, config.code()));
        let error = IpcError::TokenFile(error);
        all.push(case("IpcError", &error, error.code()));
    }
    let error = "x".parse::<Profile>().unwrap_err();
    all.push(case("UnknownName", &error, error.code()));
    let error = "x".parse::<UdpType>().unwrap_err();
    all.push(case("ParseUdpTypeError", &error, error.code()));
    for error in [
        IpcError::Unsupported { option: "tls" },
        IpcError::AssuredTransport { reason: "it is UDP" },
        IpcError::AssuredTls { missing: "a CA" },
        IpcError::TlsIncomplete { missing: "a key" },
        IpcError::UdpWithTls,
        IpcError::NoId,
        IpcError::Argument { value: key(), expected: "a function" },
        IpcError::InvalidPort { port: 0 },
    ] {
        all.push(case("IpcError", &error, error.code()));
    }
    for error in [RuntimeError::Missing, RuntimeError::NoIo, RuntimeError::NoTime] {
        // One question, one answer: whoever finds that the runtime lacks something.
        assert_eq!(IpcError::Runtime(error).code(), codes::of(&Error::Runtime(error)));
    }
    let host = EmitToError::Host { host: "localhost".into() };
    all.push(case("EmitToError", &host, host.code()));
    assert_eq!(EmitToError::Peer(Error::Closed).code(), codes::CLOSED);
    assert_eq!(EmitToError::Emit(EmitError::Closed).code(), codes::CLOSED);
    #[cfg(feature = "tls-base")]
    all.push(tls());
    all
}

/// A key that is nowhere.
#[cfg(feature = "tls-base")]
fn tls() -> Case {
    let mut tls = ipc_compat::Tls::default();
    (tls.key, tls.cert) = (Some("/nowhere/key".into()), Some("/nowhere/cert".into()));
    let mut config = Config::v14();
    config.tls = Some(tls);
    let error = Ipc::new(config).serve_net(()).unwrap_err();
    assert!(matches!(error, IpcError::Tls(_)), "{error:?}");
    Case::new(("compat", "IpcError"), &error, error.code())
}
