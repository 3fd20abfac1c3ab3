//! What `emit` and `request` have in common: one event, its data, and whom it is for.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use ipc_compat::{Config, IpcClient, NoData, RawData, RawJson, Retries};
use ipc_core::EmitError;

use crate::args::{Common, Retrying};
use crate::data::{self, Data, Source};
use crate::endpoint;
use crate::exit::Exit;
use crate::log::Log;
use crate::run::Stop;

#[derive(Debug, Args)]
pub(crate) struct Sending {
    /// Name of the server.
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) id: String,
    /// Type of the event. With --raw the text to send, and no DATA behind it; also - for the bytes of
    /// stdin, @FILE for those of a file, and @@ for a text that begins with @.
    #[arg(value_name = "EVENT")]
    pub(crate) event: String,
    /// Its data: JSON, so a text is '"hello"' with both pairs of quotes; or - for stdin, to its end, or
    /// @FILE for what is in a file.
    #[arg(value_name = "DATA", value_parser = data::parse, allow_negative_numbers = true)]
    pub(crate) data: Option<Data>,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) retrying: Retrying,
    /// Taken for the sake of `connect`; one event has nothing to wait for.
    #[arg(long, hide = true)]
    pub(crate) sync: bool,
    /// Taken for the sake of `connect`; no line of JSON is printed.
    #[arg(long, hide = true, conflicts_with = "pretty")]
    pub(crate) json: bool,
    /// Taken for the sake of `connect`; no line of JSON is printed.
    #[arg(long, hide = true)]
    pub(crate) pretty: bool,
    /// Print nothing on stderr either.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// What is to be sent.
#[derive(Debug)]
pub(crate) enum Content {
    Event { name: String, data: Option<RawJson> },
    Bytes(RawData<'static>),
}

impl Sending {
    /// Returns the settings of who sends one event.
    pub(crate) fn config(&self) -> Config {
        let mut config = endpoint::config(Some(&self.id), &self.common);
        // Nobody there is an answer, unless the user asks to wait for somebody.
        let waits = self.retrying.retry.is_some();
        let otherwise = if waits { Retries::Forever } else { Retries::Times(0) };
        endpoint::set_retrying(&mut config, &self.retrying, otherwise);
        config
    }

    /// Returns where diagnostics go.
    pub(crate) fn log(&self) -> Log {
        Log::new(self.common.verbose, self.quiet)
    }

    /// Returns what is to be sent, read from where it is, or how to end without.
    pub(crate) async fn content(
        &self,
        config: &Config,
        stop: &Stop,
        log: Log,
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
