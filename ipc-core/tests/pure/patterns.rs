//! Patterns of names against regular definitions of the same: one at a time, and many in a trie.

use std::collections::{BTreeMap, BTreeSet};

use ipc_core::groups::{PatternLimits, PatternTrie, TooManyPatterns};
use ipc_core::{Pattern, PatternError};
use proptest::prelude::*;

fn pattern(text: &str) -> Pattern {
    Pattern::new(text).unwrap()
}

/// The oracle: splits both into lists and compares those, from the definition.
fn naive(pattern: &str, name: &str) -> bool {
    fn lists(pattern: &[&str], name: &[&str]) -> bool {
        match (pattern, name) {
            ([], []) => true,
            ([">"], [_, ..]) => true,
            ([token, pattern @ ..], [of_name, name @ ..]) => {
                (*token == "*" || token == of_name) && lists(pattern, name)
            }
            _ => false,
        }
    }
    lists(&pattern.split('.').collect::<Vec<_>>(), &name.split('.').collect::<Vec<_>>())
}

#[test]
fn a_pattern_matches_names_token_by_token() {
    let table: &[(&str, &[&str], &[&str])] = &[
        ("a", &["a"], &["", "A", "a.", ".a", "a.b", "ab"]),
        ("*", &["a", "", "*", ">"], &["a.b", "."]),
        ("a.*", &["a.b", "a.", "a.*"], &["a", "a.b.c", "b.b", "a.b."]),
        ("*.b", &["a.b", ".b"], &["b", "a.b.b", "a.c"]),
        ("a.*.c", &["a.b.c", "a..c"], &["a.c", "a.b.b.c"]),
        (">", &["", "a", "a.b", "..", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r"], &[]),
        ("a.>", &["a.b", "a.", "a.b.c"], &["a", "b.c", "ab.c"]),
        ("*.>", &["a.b", ".", "a.b.c"], &["a", ""]),
        ("\u{e9}t\u{e9}.*", &["\u{e9}t\u{e9}.1"], &["ete.1", "e\u{301}te\u{301}.1"]),
    ];
    for (text, yes, no) in table {
        let mut trie = PatternTrie::default();
        trie.insert(1, &pattern(text)).unwrap();
        for (names, expected) in [(yes, true), (no, false)] {
            for name in *names {
                assert_eq!(pattern(text).matches(name), expected, "{text} {name:?}");
                assert_eq!(naive(text, name), expected, "{text} {name:?}");
                assert_eq!(!trie.matches(name).is_empty(), expected, "{text} {name:?}");
            }
        }
    }
}

#[test]
fn what_is_no_pattern_is_refused_with_its_reason() {
    let empty = |number| PatternError::EmptyToken { number };
    let part = |number| PatternError::PartOfToken { number };
    let not_last = |number, tokens| PatternError::NotLast { number, tokens };
    let table = [
        ("", empty(1)),
        (".", empty(1)),
        ("a.", empty(2)),
        ("a..b", empty(2)),
        (".a", empty(1)),
        (">.a", not_last(1, 2)),
        ("a.>.>", not_last(2, 3)),
        ("a*", part(1)),
        ("a.*b", part(2)),
        ("**", part(1)),
        ("a.>>", part(2)),
        ("a.b>.c", part(2)),
    ];
    for (text, error) in table {
        assert_eq!(Pattern::new(text), Err(error), "{text:?}");
        assert_eq!(text.parse::<Pattern>(), Err(error), "{text:?}");
        assert_eq!(error.code(), "invalid_pattern");
    }
}

#[test]
fn limits_of_a_pattern_are_exact() {
    let tokens = |count: usize| vec!["a"; count].join(".");
    for count in [Pattern::MAX_TOKENS - 1, Pattern::MAX_TOKENS] {
        assert_eq!(pattern(&tokens(count)).as_str(), tokens(count));
    }
    let error = Pattern::new(&tokens(17)).unwrap_err();
    assert_eq!(error, PatternError::TooManyTokens { limit: 16, actual: 17 });
    assert_eq!(error.to_string(), "a pattern of 17 tokens, the limit is 16");

    // A unit is one of UTF-16: this sign has two, in four bytes.
    let units = |count: usize| "\u{1f600}".repeat(count / 2) + &"\u{e9}".repeat(count % 2);
    for count in [Pattern::MAX_UNITS - 1, Pattern::MAX_UNITS] {
        assert!(pattern(&units(count)).matches(&units(count)));
    }
    let error = Pattern::new(&units(257)).unwrap_err();
    assert_eq!(error, PatternError::TooLong { limit: 256, actual: 257 });
    assert_eq!(error.to_string(), "a pattern of 257 UTF-16 units, the limit is 256");
    let bomb = "*.".repeat(1 << 20);
    let error = Pattern::new(&bomb).unwrap_err();
    assert_eq!(error, PatternError::TooLong { limit: 256, actual: 1 << 21 });
}

#[test]
fn a_literal_pattern_has_no_wildcards() {
    for (text, literal) in [("a.b", true), ("*", false), ("a.*.b", false), ("a.>", false)] {
        assert_eq!(pattern(text).is_literal(), literal, "{text}");
    }
}

#[test]
fn limits_of_a_trie_are_exact_and_a_refusal_changes_nothing() {
    let mut trie = PatternTrie::new(PatternLimits::default().with_per_id(3).with_total(5));
    let texts = ["a", "b", "c", "d", "e"].map(pattern);
    let [a, b, c, d, e] = &texts;
    assert_eq!(trie.insert_all(1, [a, b, c, a]), Ok(3));
    let one = TooManyPatterns::PerId { limit: 3, actual: 4 };
    assert_eq!(trie.insert(1, d), Err(one));
    assert_eq!(
        (one.code(), &*one.to_string()),
        ("too_many", "4 patterns of one peer, the limit is 3")
    );
    assert_eq!(trie.insert(1, a), Ok(false), "what it has, it has");
    assert_eq!(trie.insert(2, a), Ok(true));
    let all = TooManyPatterns::Total { limit: 5, actual: 6 };
    assert_eq!(trie.insert_all(2, [a, d, e]), Err(all), "d would be the fifth, and e the sixth");
    assert_eq!(
        (all.code(), &*all.to_string()),
        ("too_many", "6 patterns of all peers, the limit is 5")
    );
    assert_eq!(trie.patterns(2).collect::<Vec<_>>(), [a]);
    assert_eq!((trie.len(), trie.matches("d")), (4, vec![]));
    assert_eq!(trie.insert(2, e), Ok(true));
    assert_eq!(trie.insert(3, e), Err(all));
    assert_eq!(trie.patterns(3).len(), 0);
    assert!(trie.remove(2, a));
    assert_eq!(trie.insert(3, e), Ok(true));
    assert_eq!(trie.matches("e"), [2, 3]);
}

#[test]
fn the_default_limits_are_a_thousand_for_each_and_64_thousand_for_all() {
    let mut trie = PatternTrie::default();
    let texts: Vec<_> = (0..1025).map(|number| pattern(&format!("topic.{number}.*"))).collect();
    for id in 0..64 {
        assert_eq!(trie.insert_all(id, &texts[..1024]), Ok(1024));
    }
    let one = TooManyPatterns::PerId { limit: 1024, actual: 1025 };
    assert_eq!(trie.insert(1, &texts[1024]), Err(one));
    let all = TooManyPatterns::Total { limit: 65_536, actual: 65_537 };
    assert_eq!(trie.insert(64, &texts[0]), Err(all));
    assert_eq!(trie.matches("topic.7.x").len(), 64);
    assert_eq!(trie.remove_id(7), 1024);
    assert_eq!(trie.remove_id(7), 0);
    assert_eq!(trie.insert_all(64, &texts[..1024]), Ok(1024));
}

#[test]
fn limits_of_what_patterns_cost_are_exact_and_a_refusal_changes_nothing() {
    let limits = PatternLimits::default().with_shapes_per_id(2).with_shapes(3);
    let mut trie = PatternTrie::new(limits);
    let texts = ["a.b.c", "*", "a.*", "b.*", "a.*.c", ">", "*.*"].map(pattern);
    let [literal, one, last, other, middle, rest, two] = &texts;
    assert_eq!(trie.insert_all(1, [literal, one, last, other]), Ok(4));
    let of_id = TooManyPatterns::ShapesPerId { limit: 2, actual: 3 };
    assert_eq!(trie.insert_all(1, [literal, middle]), Err(of_id));
    let text = "wildcards in 3 arrangements in the patterns of one peer, the limit is 2";
    assert_eq!((of_id.code(), &*of_id.to_string()), ("too_many", text));
    assert_eq!(trie.insert_all(2, [one, rest]), Ok(2), "one is new, and so the third of all");
    let all = TooManyPatterns::Shapes { limit: 3, actual: 4 };
    assert_eq!(trie.insert(3, two), Err(all));
    let text = "wildcards in 4 arrangements in the patterns of all peers, the limit is 3";
    assert_eq!((all.code(), &*all.to_string()), ("too_many", text));
    assert_eq!((trie.len(), trie.matches("x.y")), (6, vec![2]));
    assert_eq!(trie.remove_id(2), 2);
    assert_eq!(trie.insert(3, two), Ok(true));

    // The root and a node, the token, and the pattern.
    let exact = 2 * 192 + 5 + 160 + 5;
    for (bytes, fits) in [(exact - 1, false), (exact, true), (exact + 1, true)] {
        let mut trie = PatternTrie::new(PatternLimits::default().with_bytes(bytes));
        let inserted = trie.insert(1, &pattern("token"));
        let error = TooManyPatterns::Bytes { limit: bytes, actual: exact };
        assert_eq!(inserted, if fits { Ok(true) } else { Err(error) });
        assert_eq!((trie.len(), trie.matches("token").len()), (usize::from(fits), fits.into()));
        let text = format!("the patterns of all peers take {exact} bytes, the limit is {bytes}");
        assert_eq!((error.code(), error.to_string()), ("too_many", text));
    }
}

#[test]
fn ordinary_patterns_of_as_many_as_may_be_fit() {
    for form in ["a#.b#.c#.d#", "*.#.bid"] {
        let mut trie = PatternTrie::default();
        for number in 0..65_536 {
            let text = form.replace('#', &number.to_string());
            assert_eq!(trie.insert(number / 1024, &pattern(&text)), Ok(true), "{text}");
        }
    }
    // Every way to put wildcards into up to four tokens.
    let mut trie = PatternTrie::default();
    for count in 1..=4 {
        for choice in 0..1 << count {
            let token = |bit: i32| if choice >> bit & 1 == 0 { "a" } else { "*" };
            let text = (0..count).map(token).collect::<Vec<_>>().join(".");
            assert_eq!(trie.insert(1, &pattern(&text)), Ok(true), "{text}");
            let rest = text + ".>";
            if count < 4 {
                assert_eq!(trie.insert(1, &pattern(&rest)), Ok(true), "{rest}");
            }
        }
    }
}

/// Tokens from few words, so that patterns and names meet often.
fn token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "\u{1f600}"])
}

fn any_pattern() -> impl Strategy<Value = String> {
    let tokens = prop::collection::vec(prop_oneof![3 => token(), 2 => Just("*")], 0..6);
    (tokens, prop_oneof![token(), Just("*"), Just(">")]).prop_map(|(mut tokens, last)| {
        tokens.push(last);
        tokens.join(".")
    })
}

fn any_name() -> impl Strategy<Value = String> {
    let token = prop_oneof![8 => token(), 1 => Just(""), 1 => Just("*"), 1 => Just(">")];
    prop::collection::vec(token, 1..8).prop_map(|tokens| tokens.join("."))
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u8, usize),
    Remove(u8, usize),
    RemoveId(u8),
    Match(String),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6u8, 0..12usize).prop_map(|(id, at)| Step::Insert(id, at)),
        2 => (0..6u8, 0..12usize).prop_map(|(id, at)| Step::Remove(id, at)),
        1 => (0..6u8).prop_map(Step::RemoveId),
        4 => any_name().prop_map(Step::Match),
    ]
}

proptest! {
    #[test]
    fn matching_is_what_the_oracle_says(text in any_pattern(), name in any_name()) {
        prop_assert_eq!(pattern(&text).matches(&name), naive(&text, &name));
    }

    #[test]
    fn a_text_is_a_pattern_if_its_tokens_are(text in "[ab.*>]{0,10}") {
        let tokens: Vec<_> = text.split('.').collect();
        let wild = |token: &str| token.contains(['*', '>']);
        let fits = |(at, token): (usize, &&str)| match *token {
            ">" => at == tokens.len() - 1,
            token => token == "*" || !token.is_empty() && !wild(token),
        };
        let expected = tokens.iter().enumerate().all(fits);
        prop_assert_eq!(Pattern::new(&text).is_ok(), expected);
    }

    /// No text of a peer panics.
    #[test]
    fn any_text_is_a_pattern_or_an_error(text in "\\PC{0,300}", name in "\\PC{0,300}") {
        match Pattern::new(&text) {
            Ok(pattern) => prop_assert_eq!(pattern.matches(&name), naive(&text, &name)),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    /// A wildcard of the covered pattern can stand for a token that no other has, and `>` for one or
    /// two of them: if those names match, all do.
    #[test]
    fn covering_is_matching_all_names(text in any_pattern(), other in any_pattern()) {
        let names = ["new", "new.new"].map(|rest| other.replace('*', "new").replace('>', rest));
        let expected = names.iter().all(|name| naive(&text, name));
        prop_assert!(names.iter().all(|name| naive(&other, name)));
        prop_assert_eq!(pattern(&text).covers(&pattern(&other)), expected);
    }

    /// The model: a set of patterns for each id, and each of them asked.
    #[test]
    fn a_trie_finds_what_asking_each_pattern_finds(
        texts in prop::collection::vec(any_pattern(), 12),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let limits = PatternLimits::default().with_per_id(5).with_total(15);
        let mut trie = PatternTrie::new(limits);
        let mut model = BTreeMap::<u8, BTreeSet<&str>>::new();
        for step in &steps {
            let count: usize = model.values().map(BTreeSet::len).sum();
            match step {
                Step::Insert(id, at) => {
                    let text = &*texts[*at];
                    let of_id = model.entry(*id).or_default();
                    let had = of_id.contains(text);
                    let full = !had && (of_id.len() == 5 || count == 15);
                    match trie.insert(*id, &pattern(text)) {
                        Ok(new) => {
                            prop_assert!(!full && new != had);
                            of_id.insert(text);
                        }
                        Err(error) => prop_assert!(full, "{error}"),
                    }
                }
                Step::Remove(id, at) => {
                    let text = &*texts[*at];
                    let had = model.entry(*id).or_default().remove(text);
                    prop_assert_eq!(trie.remove(*id, &pattern(text)), had);
                }
                Step::RemoveId(id) => {
                    let had = model.remove(id).unwrap_or_default().len();
                    prop_assert_eq!(trie.remove_id(*id), had);
                }
                Step::Match(name) => {
                    let holds = |texts: &BTreeSet<&str>| texts.iter().any(|text| naive(text, name));
                    let expected: Vec<_> =
                        model.iter().filter(|(_, texts)| holds(texts)).map(|(id, _)| *id).collect();
                    prop_assert_eq!(trie.matches(name), expected);
                }
            }
            let count: usize = model.values().map(BTreeSet::len).sum();
            prop_assert_eq!((trie.len(), trie.is_empty()), (count, count == 0));
            for (id, texts) in &model {
                let held: Vec<_> = trie.patterns(*id).map(Pattern::as_str).collect();
                prop_assert_eq!(held, texts.iter().copied().collect::<Vec<_>>());
            }
        }
    }
}
