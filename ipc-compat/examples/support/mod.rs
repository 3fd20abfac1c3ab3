//! What the examples share: settings from the command line.

use std::error::Error;

use ipc_compat::Config;

/// Changes `config` by the program's first argument, if there is one: settings in JSON, spelt as in
/// node-ipc, such as `{"socketRoot":"/tmp/x/"}` or `{"networkPort":8123}`.
pub(crate) fn apply_arguments(config: &mut Config) -> Result<(), Box<dyn Error>> {
    if let Some(settings) = std::env::args().nth(1) {
        config.apply_json(&settings.parse()?)?;
    }
    Ok(())
}
