//! Arguments of a command, read with `lexopt`.

use crate::error::Result;

/// The arguments after the command's name.
pub type Args = lexopt::Parser;

/// Returns the value of the option just read, split at commas.
///
/// # Errors
///
/// If the value is missing or not UTF-8.
pub fn list(args: &mut Args) -> Result<Vec<String>> {
    let value = text(args)?;
    Ok(value.split(',').map(str::to_owned).collect())
}

/// Returns the value of the option just read.
///
/// # Errors
///
/// If the value is missing or not UTF-8.
pub fn text(args: &mut Args) -> Result<String> {
    let value = args.value()?;
    Ok(value.into_string().map_err(lexopt::Error::from)?)
}

/// Returns the value of `--filter`, the only option of a command; an empty text without it.
///
/// # Errors
///
/// If there is another argument.
pub fn filter(args: &mut Args) -> Result<String> {
    let mut filter = String::new();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("filter") => filter = text(args)?,
            _ => return Err(arg.unexpected().into()),
        }
    }
    Ok(filter)
}

/// Checks that a command that takes no arguments was given none.
///
/// # Errors
///
/// If there is one.
pub fn none(mut args: Args) -> Result<()> {
    match args.next()? {
        Some(arg) => Err(arg.unexpected().into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Args, list, none, text};

    fn args(line: &str) -> Args {
        Args::from_args(line.split_whitespace())
    }

    #[test]
    fn lists_are_split_at_commas() {
        let mut words = args("--only=a,b --only c");
        words.next().unwrap();
        assert_eq!(list(&mut words).unwrap(), ["a", "b"]);
        words.next().unwrap();
        assert_eq!(list(&mut words).unwrap(), ["c"]);
        none(words).unwrap();
    }

    #[test]
    fn missing_values_and_unknown_words_are_refused() {
        let mut words = args("--a");
        words.next().unwrap();
        assert!(text(&mut words).is_err());
        assert!(none(args("stray")).is_err());
        assert!(none(args("--stray")).is_err());
    }
}
