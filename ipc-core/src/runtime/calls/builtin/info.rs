//! `$info`: what a side says of itself, to whom it may know.

use ipc_transport::PeerInfo;

use super::Reply;
use crate::calls::ShowInfo;
use crate::options::ConnectionConfig;
use crate::protocol::builtin::About;
use crate::protocol::calls::Failure;

/// The side that is asked, and who asks it.
pub(crate) struct Side<'a> {
    pub(crate) config: &'a ConnectionConfig,
    pub(crate) asker: Option<&'a PeerInfo>,
    /// The methods that it answers, and whether with streams; `None` if it does not know.
    pub(crate) methods: Option<Vec<(Box<str>, bool)>>,
    /// Whether its methods can answer with streams.
    pub(crate) streams: bool,
    /// Whether it is a server that knows its peers by name.
    pub(crate) identities: bool,
}

impl Side<'_> {
    pub(crate) fn answer(self) -> Reply {
        let shown = match self.config.calls.show_info {
            ShowInfo::SameUser => self.asker.is_some_and(PeerInfo::is_same_user),
            ShowInfo::Always => true,
            ShowInfo::Never => false,
        };
        if !shown {
            return Err(Failure::denied("this side does not say what it is"));
        }
        let mut about = About {
            name: self.config.name.as_deref().map(Into::into),
            version: Some(env!("CARGO_PKG_VERSION").into()),
            pid: Some(std::process::id().into()),
            ..About::default()
        };
        about.features = features(self.config, self.streams, self.identities);
        if let Some(methods) = self.methods {
            about = about.with_methods(methods);
        }
        Ok(Some(about.to_value()))
    }
}

/// Returns what a side can do beyond calls that are answered once.
pub(crate) fn features(
    config: &ConnectionConfig,
    streams: bool,
    identities: bool,
) -> Vec<Box<str>> {
    let connects = config.max_datagram.is_none();
    let features = [
        ("streams", streams && connects),
        ("topics", config.directory.is_some()),
        ("identities", identities && connects),
    ];
    features.into_iter().filter(|(_, has)| *has).map(|(name, _)| name.into()).collect()
}
