//! `Outcome`: the figures of one round, and the line they travel on.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The figures of one round, by name. Times are in microseconds unless the name says otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    figures: BTreeMap<String, f64>,
}

impl Outcome {
    /// Returns the outcome of so many messages in so many seconds.
    #[must_use]
    pub fn new(messages: u64, seconds: f64) -> Self {
        Self::default().with("messages", messages as f64).with("seconds", seconds)
    }

    /// Returns the outcome with one figure more.
    #[must_use]
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.figures.insert(name.to_owned(), value);
        self
    }

    /// Returns a figure.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.figures.get(name).copied()
    }

    /// Returns all figures, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.figures.iter().map(|(name, value)| (name.as_str(), *value))
    }
}

impl<'a> FromIterator<(&'a str, f64)> for Outcome {
    fn from_iter<I: IntoIterator<Item = (&'a str, f64)>>(figures: I) -> Self {
        let figures = figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { figures }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (name, value)) in self.iter().enumerate() {
            let space = if number == 0 { "" } else { " " };
            write!(f, "{space}{name}={value}")?;
        }
        Ok(())
    }
}

impl FromStr for Outcome {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut figures = BTreeMap::new();
        for word in text.split_whitespace() {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let value = value.parse().map_err(|_| format!("{word}: not a number"))?;
            figures.insert(name.to_owned(), value);
        }
        Ok(Self { figures })
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn an_outcome_is_understood_as_it_is_written() {
        let outcome = Outcome::new(7, 0.25).with("p50", 1e-7);
        assert_eq!(outcome.to_string().parse(), Ok(outcome));
        assert!("p50=fast".parse::<Outcome>().is_err());
    }
}
