//! TLS: its endpoint, who this side is and whom it trusts.

use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use ipc_compat::{Config, Tls};
use ipc_transport::Secret;

use crate::cli::port::{Tcp, tcp};

/// The endpoint over TLS, and what belongs to it.
#[derive(Debug, Args)]
pub(crate) struct TlsOptions {
    /// TCP port with TLS; else as --tcp. To serve it takes --cert and --key.
    #[arg(long, value_name = "[HOST:]PORT", value_parser = tcp, conflicts_with_all = OTHERS)]
    tls: Option<Tcp>,
    /// File with the private key of this side, in PEM.
    #[arg(long, value_name = "FILE", requires = "cert", allow_hyphen_values = true)]
    key: Option<PathBuf>,
    /// File with the certificate of this side and those between it and its CA, in PEM.
    #[arg(long, value_name = "FILE", requires = "key", allow_hyphen_values = true)]
    cert: Option<PathBuf>,
    /// File with certificates to trust, in PEM; may be repeated. A client without trusts the system's
    /// CAs, or those in the file that SSL_CERT_FILE names. A server with such requires a certificate
    /// from every client.
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,
    /// serve: ask clients for a certificate, as --ca does anyhow; with --insecure take any, or none.
    #[arg(long)]
    request_cert: bool,
    /// Do not check certificates: anybody in between can read and change everything.
    #[arg(long)]
    insecure: bool,
    /// Name that the server's certificate has to bear [default: HOST].
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    server_name: Option<String>,
}

impl TlsOptions {
    /// Returns whether the endpoint is one over TLS.
    pub(crate) const fn is_asked(&self) -> bool {
        self.tls.is_some()
    }

    /// Returns what is wrong with the options together, for a server or else a client.
    pub(crate) fn conflict(&self, serves: bool) -> Option<&'static str> {
        // Clap takes it for the value so that it does not show it.
        let files = self.key.iter().chain(&self.cert).chain(&self.ca);
        if files.clone().any(Secret::is_in) {
            return Some(
                "--key, --cert and --ca take paths, and PEM text was given: write it to a file, for \
                 the list of processes shows it to everybody",
            );
        }
        if files.clone().any(|file| file.as_os_str().as_encoded_bytes().starts_with(b"-")) {
            return Some(
                "--key, --cert and --ca need the path of a file (./- for one that begins with -)",
            );
        }
        let wrong = match serves {
            // Clap forgets what an option requires if something else excludes that.
            _ if !self.is_asked() => {
                let of_files = self.key.is_some() || self.cert.is_some() || !self.ca.is_empty();
                let of_checks = self.request_cert || self.insecure || self.server_name.is_some();
                [
                    (of_files, "--key, --cert and --ca are for --tls"),
                    (of_checks, "--request-cert, --insecure and --server-name are for --tls"),
                ]
            }
            true => [
                (self.key.is_none(), "--tls needs --cert and --key to serve"),
                (self.server_name.is_some(), "--server-name has no meaning to a server"),
            ],
            false => {
                [(self.request_cert, "--request-cert has no meaning to a client"), (false, "")]
            }
        };
        wrong.into_iter().find_map(|(is_wrong, why)| is_wrong.then_some(why))
    }

    /// Puts the options into the settings.
    pub(crate) fn set(&self, config: &mut Config) {
        let Some(place) = &self.tls else { return };
        config.network_port = place.port;
        if let Some(host) = &place.host {
            config.network_host.clone_from(host);
        }
        let mut tls = Tls::default();
        tls.private.clone_from(&self.key);
        tls.public.clone_from(&self.cert);
        tls.trusted_connections.clone_from(&self.ca);
        tls.request_cert = self.request_cert;
        tls.reject_unauthorized = !self.insecure;
        tls.server_name.clone_from(&self.server_name);
        config.tls = Some(tls);
    }
}

/// The other ways to name an endpoint.
const OTHERS: [&str; 5] = ["path", "abstract_name", "tcp", "udp4", "udp6"];
