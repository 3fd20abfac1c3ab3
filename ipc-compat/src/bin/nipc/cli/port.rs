//! A port, with or without its host.

use ipc_transport::Endpoint;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tcp {
    pub(crate) host: Option<String>,
    pub(crate) port: u16,
}

pub(crate) fn tcp(text: &str) -> Result<Tcp, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let port = text.parse().map_err(|_| format!("port {text} is not between 0 and 65535"))?;
        return Ok(Tcp { host: None, port });
    }
    match format!("tcp:{text}").parse() {
        Ok(Endpoint::Tcp { host, port }) => Ok(Tcp { host: Some(host), port }),
        Ok(_) => Err("needs [HOST:]PORT".into()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tcp_takes_a_port_with_or_without_host() {
        let with = |host: &str, port| Ok(Tcp { host: Some(host.into()), port });
        assert_eq!(tcp("0"), Ok(Tcp { host: None, port: 0 }));
        assert_eq!(tcp("localhost:8000"), with("localhost", 8000));
        assert_eq!(tcp("[::1]:65535"), with("::1", 65535));
        for text in ["", "65536", "-1", "host", "host:", ":80", "::1:80", "host:65536", "a b:1"] {
            assert!(tcp(text).is_err(), "{text}");
        }
    }
}
