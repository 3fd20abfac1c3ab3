//! Checks that what it costs to match a name does not grow with the number of patterns, but with the
//! number of those that match: 10 to 100,000 patterns, beside asking each of them.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it finds")]

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use ipc_benches::cpu_time;
use ipc_core::Pattern;
use ipc_core::groups::{PatternLimits, PatternTrie, TooManyPatterns};

fn main() -> Result<(), Box<dyn Error>> {
    // First, since memory that something else has given back would be used again.
    largest()?;
    all_match()?;
    bomb()?;
    println!(
        "| patterns | a literal | with `*` | with `>` | 10 match | names in turn | all match, each | asking each |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut rows = Vec::new();
    for count in COUNTS {
        let row = Row::measure(count)?;
        let [literal, one, rest, ten, turns, all] = row.columns();
        let naive = row.naive;
        println!(
            "| {count} | {literal:.0} | {one:.0} | {rest:.0} | {ten:.0} | {turns:.0} | {all:.1} | {naive:.0} |"
        );
        rows.push(row);
    }
    let (Some(few), Some(many)) = (rows.first(), rows.last()) else { return Ok(()) };
    for (name, (few, many)) in NAMES.iter().zip(few.columns().into_iter().zip(many.columns())) {
        let factor = many / few;
        let most = if *name == "names in turn" { MOST_IN_TURN } else { MOST };
        println!("{name}: {factor:.2} times, may be {most}");
        if factor > most {
            return Err(
                format!("{name}: {few:.0} ns with 10 patterns, {many:.0} with 100,000").into()
            );
        }
    }
    Ok(())
}

/// Nanoseconds of a match.
struct Row {
    literal: f64,
    one: f64,
    rest: f64,
    ten: f64,
    turns: f64,
    all: f64,
    naive: f64,
}

impl Row {
    fn measure(count: usize) -> Result<Self, Box<dyn Error>> {
        let numbered = |form: &str| -> Result<_, Box<dyn Error>> {
            let text = |number: usize| form.replace('#', &number.to_string());
            trie((0..count).map(|number| (number, text(number))))
        };
        let middle = count / 2;
        let name = format!("price.{middle}.bid");
        let (literals, list) = numbered("price.#.bid")?;
        let names: Vec<_> = (0..count).map(|number| format!("price.{number}.bid")).collect();
        // Not in their order, so that no neighbour is in the cache already.
        let mut at = 0;
        let turns = nanoseconds(|| {
            at = (at + STRIDE) % count;
            names.get(at).map_or(0, |name| literals.matches(name).len())
        });
        // One that matches the name for every ten ids.
        let tens =
            trie((0..count).map(|id| (id, format!("price.{}.*", (id / 10) % (count / 10)))))?;
        let ten = format!("price.{}.bid", count / 20);
        assert_eq!(tens.0.matches(&ten).len(), 10);
        let same = trie((0..count).map(|id| (id, "price.*.bid".to_owned())))?.0;
        let one_match = |trie: &PatternTrie<usize>| {
            assert_eq!(trie.matches(&name), [middle]);
            nanoseconds(|| trie.matches(black_box(&name)).len())
        };
        Ok(Self {
            literal: one_match(&literals),
            one: one_match(&numbered("*.#.*")?.0),
            rest: one_match(&numbered("price.#.>")?.0),
            ten: nanoseconds(|| tens.0.matches(black_box(&ten)).len()),
            turns,
            all: nanoseconds(|| same.matches(black_box(&name)).len()) / count as f64,
            naive: nanoseconds(|| list.iter().filter(|pattern| pattern.matches(&name)).count()),
        })
    }

    const fn columns(&self) -> [f64; 6] {
        [self.literal, self.one, self.rest, self.ten, self.turns, self.all]
    }
}

/// Measures the worst that patterns can do, without limits and within them: a name that begins as all of
/// them do.
fn bomb() -> Result<(), Box<dyn Error>> {
    let bomb = |choice: usize| {
        let tokens = (0..15).map(|bit| if choice >> bit & 1 == 0 { "*." } else { "a." });
        tokens.chain(["z"]).collect::<String>()
    };
    let (bombs, _) = trie((0..1 << 15).map(|choice| (choice / 1024, bomb(choice))))?;
    let name = ["a"; 16].join(".");
    assert!(bombs.matches(&name).is_empty());
    let nanoseconds = nanoseconds(|| bombs.matches(black_box(&name)).len());
    println!("32,768 patterns of `*` and `a`, none of which matches: {:.2} ms", nanoseconds / 1e6);
    let mut within = PatternTrie::default();
    let mut id = 0;
    for choice in 0..1 << 15 {
        let pattern = Pattern::new(&bomb(choice))?;
        if let Err(TooManyPatterns::ShapesPerId { .. }) = within.insert(id, &pattern) {
            id += 1;
            // All together have as many as they may in the end.
            let _ = within.insert(id, &pattern);
        }
    }
    let nanoseconds = self::nanoseconds(|| within.matches(black_box(&name)).len());
    println!("{} of them that the limits allow: {:.3} ms", within.len(), nanoseconds / 1e6);
    Ok(())
}

/// Measures what a publish costs when all patterns that the limits allow match its name, in as many arrangements
/// as they allow.
fn all_match() -> Result<(), Box<dyn Error>> {
    // `a` and `*` in every order, of 1 to 10 tokens, and then whatever follows: 4,092 arrangements.
    let forms = (1..11).flat_map(|count| (0..1 << count).map(move |choice| (count, choice)));
    let forms = forms.map(|(count, choice)| {
        let token = |bit| if choice >> bit & 1 == 0 { "a." } else { "*." };
        Pattern::new(&(0..count).map(token).chain([">"]).collect::<String>())
    });
    let forms = forms.collect::<Result<Vec<_>, _>>()?;
    let before = resident();
    let (mut within, mut id) = (PatternTrie::default(), 0);
    for form in forms.iter().cycle() {
        match within.insert(id, form) {
            Ok(_) => {}
            Err(TooManyPatterns::ShapesPerId { .. }) => id += 1,
            Err(_) => break,
        }
    }
    let mib = (resident().saturating_sub(before)) as f64 / f64::from(1 << 20);
    let name = ["a"; 16].join(".");
    let ids = within.matches(&name).len();
    let nanoseconds = nanoseconds(|| within.matches(black_box(&name)).len());
    println!(
        "{} patterns of {ids} ids that all match: {:.3} ms, {mib:.1} MiB, and {:.2} MiB for the ids of a match",
        within.len(),
        nanoseconds / 1e6,
        // Those of all patterns come together before each is there once; what holds them grows by doubling.
        (within.len().next_power_of_two() * size_of::<usize>()) as f64 / f64::from(1 << 20),
    );
    Ok(())
}

/// Measures the memory of as many patterns as the limits allow, as large as they can be, and of ordinary
/// ones.
fn largest() -> Result<(), Box<dyn Error>> {
    let before = resident();
    let tokens =
        |pattern: usize| (0..16).map(move |token| format!("{:\u{20ac}<15}", pattern * 16 + token));
    let distinct =
        (0..65_536).map(|pattern| (pattern / 1024, tokens(pattern).collect::<Vec<_>>().join(".")));
    let (largest, list) = trie(distinct)?;
    drop(list);
    let mib = resident().saturating_sub(before) >> 20;
    println!("{} patterns of 255 units, 16 tokens that no other has: {mib} MiB", largest.len());
    drop(largest);
    let forms: [(&str, Form); 4] = [
        ("16 tokens that no other has", |number| {
            (0..16).map(|token| format!("{number}-{token}")).collect::<Vec<_>>().join(".")
        }),
        ("`a#.b#.c#.d#`", |number| format!("a{number}.b{number}.c{number}.d{number}")),
        ("`user.#.inbox`", |number| format!("user.{number}.inbox")),
        ("`price.#`", |number| format!("price.{number}")),
    ];
    for (what, form) in forms {
        let before = resident();
        let mut within = PatternTrie::default();
        for number in 0..65_536 {
            if within.insert(number / 1024, &Pattern::new(&form(number))?).is_err() {
                break;
            }
        }
        let mib = resident().saturating_sub(before) >> 20;
        println!("{} patterns of {what} within the limits: {mib} MiB", within.len());
    }
    Ok(())
}

/// Makes the pattern with this number.
type Form = fn(usize) -> String;

/// Returns a trie with these patterns, and the patterns.
fn trie(
    patterns: impl Iterator<Item = (usize, String)>,
) -> Result<(PatternTrie<usize>, Vec<Pattern>), Box<dyn Error>> {
    let limits = PatternLimits::default()
        .with_per_id(usize::MAX)
        .with_total(usize::MAX)
        .with_bytes(usize::MAX)
        .with_shapes_per_id(usize::MAX)
        .with_shapes(usize::MAX);
    let mut trie = PatternTrie::new(limits);
    let mut list = Vec::new();
    for (id, text) in patterns {
        let pattern = Pattern::new(&text)?;
        trie.insert(id, &pattern)?;
        list.push(pattern);
    }
    Ok((trie, list))
}

/// Returns how long a run takes, as the least mean of several rounds.
fn nanoseconds(mut run: impl FnMut() -> usize) -> f64 {
    let mut rounds = |runs: u32| {
        let start = cpu_time();
        for _ in 0..runs {
            black_box(run());
        }
        cpu_time() - start
    };
    let mut runs = 1;
    while rounds(runs) < ROUND {
        runs *= 2;
    }
    let least = (0..ROUNDS).map(|_| rounds(runs)).min().unwrap_or_default();
    least.as_secs_f64() * 1e9 / f64::from(runs)
}

/// Returns how many bytes of memory are resident; 0 where the system does not say it so.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.as_deref().and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok());
    pages.map_or(0, |pages| pages * rustix::param::page_size())
}

const COUNTS: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];

const NAMES: [&str; 6] =
    ["a literal", "with `*`", "with `>`", "10 match", "names in turn", "all match, each"];

/// Far from a multiple of each count.
const STRIDE: usize = 37_619;

/// The least time that is measured.
const ROUND: Duration = Duration::from_millis(20);

const ROUNDS: usize = 9;

/// The growth from 10 to 100,000 patterns that is still called none.
const MOST: f64 = 2.0;

/// With each match another name, what is touched is not in the cache, which grows with its size.
const MOST_IN_TURN: f64 = 20.0;
