//! `cargo xtask tidy`: the rules of the house that no compiler and no lint knows.
//!
//! Each check is a function that returns what is wrong, one line each. They run as tests too, so
//! `cargo test` alone finds what they find.

mod codes;
mod edges;
mod facts;
mod files;
mod layers;
mod links;
mod named_tests;
mod phrases;
mod purity;
mod runtimes;
mod source;
mod wire_rules;
mod words;

use lexopt::prelude::*;

use crate::args::Args;
use crate::error::Result;

/// A check: its name, and the function that returns what is wrong.
type Check = (&'static str, fn() -> Result<Vec<String>>);

const ALL: &[Check] = &[
    ("file sizes and first lines", files::check),
    ("words that stay out", words::check),
    ("phrases to replace", phrases::check),
    ("layers", layers::check),
    ("edges between the crates", edges::check),
    ("purity and footprints", purity::check),
    ("links", links::check),
    ("wire rules", wire_rules::check),
    ("runtimes of tests", runtimes::check),
    ("facts written twice", facts::check),
    ("codes of errors", codes::check),
    ("tests that documents name", named_tests::check),
];

/// Runs the command and returns whether nothing is wrong.
///
/// # Errors
///
/// If the words are wrong, or the list of phrases cannot be written.
pub(crate) fn command(mut args: Args) -> Result<bool> {
    while let Some(arg) = args.next()? {
        match arg {
            Long("accept-phrases") => phrases::accept()?,
            _ => return Err(arg.unexpected().into()),
        }
    }
    run()
}

/// Runs every check, prints what is wrong, and returns whether nothing is.
///
/// # Errors
///
/// None so far: a check that cannot run counts as one that found something.
pub(crate) fn run() -> Result<bool> {
    let mut tidy = true;
    for (name, check) in ALL {
        let problems = check().unwrap_or_else(|error| vec![error.to_string()]);
        println!("{name}: {}", if problems.is_empty() { "ok" } else { "FAILED" });
        for problem in &problems {
            println!("    {problem}");
        }
        tidy &= problems.is_empty();
    }
    Ok(tidy)
}

#[cfg(test)]
mod tests {
    #[track_caller]
    fn check(name: &str) {
        let (_, check) = super::ALL.iter().find(|(found, _)| *found == name).unwrap();
        let problems = check().unwrap();
        assert!(problems.is_empty(), "{name}:\n{}", problems.join("\n"));
    }

    #[test]
    fn files_are_small_and_say_what_for() {
        check("file sizes and first lines");
    }

    #[test]
    fn no_word_is_where_it_should_not_be() {
        check("words that stay out");
    }

    #[test]
    fn phrases_to_replace_grow_no_more() {
        check("phrases to replace");
    }

    #[test]
    fn layers_know_only_what_they_may() {
        check("layers");
    }

    #[test]
    fn crates_depend_only_downwards() {
        check("edges between the crates");
    }

    #[test]
    fn pure_crates_are_pure_and_footprints_small() {
        check("purity and footprints");
    }

    #[test]
    fn links_lead_somewhere() {
        check("links");
    }

    #[test]
    fn every_wire_rule_has_code_and_a_test() {
        check("wire rules");
    }

    #[test]
    fn tests_run_on_both_runtimes() {
        check("runtimes of tests");
    }

    #[test]
    fn every_code_of_an_error_is_documented() {
        check("codes of errors");
    }

    #[test]
    fn the_tests_that_documents_name_are_there() {
        check("tests that documents name");
    }

    #[test]
    fn facts_written_twice_agree() {
        check("facts written twice");
    }
}
