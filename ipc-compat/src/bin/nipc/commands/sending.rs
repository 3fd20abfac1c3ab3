//! What `emit` and `request` have in common: one event, its data, and whom it is for.

use ipc_compat::{Config, IpcClient, NoData, RawData, RawJson};
use ipc_core::EmitError;

use crate::cli::data::{Data, Source};
use crate::cli::sending::Sending;
use crate::cli::settings;
use crate::commands::entry::Entry;
use crate::commands::supervise::Stop;
use crate::commands::{endpoint, failures};
use crate::exit::Exit;
use crate::io::stderr::Diagnostics;

/// What to send.
#[derive(Debug)]
pub(crate) enum Content {
    Event { name: String, data: Option<RawJson> },
    Bytes(RawData<'static>),
}

impl Sending {
    /// Returns where diagnostics go.
    pub(crate) fn log(&self) -> Diagnostics {
        Diagnostics::new(self.common.verbose, self.quiet)
    }

    /// Returns the settings of who sends one event; the error is the exit of the command.
    pub(crate) fn config(&self, log: Diagnostics) -> Result<Config, Exit> {
        let mut config = settings::config(Some(&self.id), &self.common);
        settings::set_retrying_if_asked(&mut config, &self.retrying);
        self.hello.set(&mut config).map_err(|error| failures::wrong_hello(log, &*error))?;
        Ok(config)
    }

    /// Returns the client, which starts with what is sent, and what becomes of its hello; the error is the exit
    /// of the command.
    pub(crate) fn client(
        &self,
        config: Config,
        log: Diagnostics,
    ) -> Result<(IpcClient, Entry), Exit> {
        let hello = config.hello.clone();
        let client = endpoint::client(config, &self.common);
        let client = client.map_err(|error| failures::unusable(log, &error))?;
        let entry = Entry::watch(&client, hello.as_ref());
        Ok((client, entry))
    }

    /// Reads what to send; the error is the exit of the command.
    pub(crate) async fn content(
        &self,
        config: &Config,
        stop: &Stop,
        log: Diagnostics,
    ) -> Result<Content, Exit> {
        let content = tokio::select! {
            biased;
            content = self.read(config) => content,
            () = stop.requested() => {
                log.note(format_args!("the data were not read to their end"));
                return Err(Exit::Failed);
            }
        };
        content.map_err(|why| {
            log.fail(format_args!("{why}"));
            Exit::Usage
        })
    }

    async fn read(&self, config: &Config) -> Result<Content, String> {
        let most = config.limits().max_frame();
        if self.common.raw.raw {
            let bytes = match Source::of(&self.event)? {
                Some(source) => RawData::from(source.bytes(most).await?),
                // The first of two is there to say that no file is meant.
                None if self.event.starts_with('@') => RawData::from(self.event[1..].to_owned()),
                None => RawData::from(self.event.clone()),
            };
            return Ok(Content::Bytes(bytes));
        }
        let data = match &self.data {
            Some(Data::Given(data)) => Some(data.clone()),
            Some(Data::From(source)) => Some(source.json(most).await?),
            None => None,
        };
        Ok(Content::Event { name: self.event.clone(), data })
    }
}

impl Content {
    /// Sends it.
    pub(crate) fn emit(&self, client: &IpcClient) -> Result<(), EmitError> {
        match self {
            Self::Event { name, data: Some(data) } => client.emit(name, data),
            Self::Event { name, data: None } => client.emit(name, &NoData),
            Self::Bytes(data) => client.emit_raw(data.clone()),
        }
    }
}
