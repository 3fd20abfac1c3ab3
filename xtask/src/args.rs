//! `Args`: the words of a command line, taken out one option at a time.

use std::str::FromStr;

use crate::error::{Error, Result};

/// The words after the command's name. What nobody took is an error at the end.
#[derive(Debug)]
pub(crate) struct Args {
    words: Vec<String>,
}

impl Args {
    /// Returns the words as options; `--name=value` counts as two words.
    pub(crate) fn new(words: impl Iterator<Item = String>) -> Self {
        let words = words
            .flat_map(|word| match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => {
                    vec![name.to_owned(), value.to_owned()]
                }
                _ => vec![word],
            })
            .collect();
        Self { words }
    }

    /// Takes the flag `name` out and returns whether it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() != before
    }

    /// Takes `name VALUE` out and returns the value.
    ///
    /// # Errors
    ///
    /// If the value is missing or not a `T`.
    pub(crate) fn option<T: FromStr>(&mut self, name: &str) -> Result<Option<T>> {
        let Some(at) = self.words.iter().position(|word| word == name) else {
            return Ok(None);
        };
        if at + 1 >= self.words.len() {
            return Err(Error::usage(format!("{name} needs a value")));
        }
        let value = self.words.remove(at + 1);
        self.words.remove(at);
        match value.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(Error::usage(format!("{name}: `{value}` is not what it takes"))),
        }
    }

    /// Takes every `name VALUE` out and returns the values, split at commas.
    ///
    /// # Errors
    ///
    /// If a value is missing.
    pub(crate) fn list(&mut self, name: &str) -> Result<Vec<String>> {
        let mut values = Vec::new();
        while let Some(value) = self.option::<String>(name)? {
            values.extend(value.split(',').map(str::to_owned));
        }
        Ok(values)
    }

    /// Ends the reading.
    ///
    /// # Errors
    ///
    /// If a word is left that nobody took.
    pub(crate) fn finish(self) -> Result<()> {
        match self.words.first() {
            Some(word) => Err(Error::usage(format!("unknown argument `{word}`"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Args;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_taken_in_any_order_and_spelling() {
        let mut words = args("--b=2 --flag --a 1");
        assert_eq!(words.option::<u32>("--a").unwrap(), Some(1));
        assert_eq!(words.option::<u32>("--b").unwrap(), Some(2));
        assert!(words.flag("--flag"));
        assert!(!words.flag("--flag"));
        words.finish().unwrap();
    }

    #[test]
    fn wrong_words_are_refused() {
        assert!(args("--a").option::<u32>("--a").is_err());
        assert!(args("--a x").option::<u32>("--a").is_err());
        assert!(args("stray").finish().is_err());
    }

    #[test]
    fn lists_gather_commas_and_repeats() {
        let mut words = args("--only a,b --only c");
        assert_eq!(words.list("--only").unwrap(), ["a", "b", "c"]);
    }
}
