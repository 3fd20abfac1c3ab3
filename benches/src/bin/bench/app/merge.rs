//! A report of some cases, put into the report of all: text into text. A case that was measured again takes the place of
//! what was said of it, and says where it was measured if that was elsewhere.

/// Returns the old report with what the new one says.
pub(super) fn merged(old: &str, new: &str) -> String {
    let (old, new) = (Report::of(old), Report::of(new));
    let machine = old.head.trim().to_owned();
    let place = (new.head.trim() != machine).then(|| new.head.trim().to_owned());
    let mut sections: Vec<(String, String)> = Vec::new();
    for (title, body) in old.sections {
        if title == FAILURES {
            continue;
        }
        let other = new.sections.iter().find(|(other, _)| key(other) == key(&title));
        let body = match other {
            None => body,
            Some((_, other)) if title.starts_with('W') => {
                with_cases(&body, other, place.as_deref())
            }
            Some((_, other)) => with_rows(&body, other),
        };
        sections.push((other.map_or(title, |(title, _)| title.clone()), body));
    }
    for (title, body) in new.sections {
        if sections.iter().any(|(known, _)| key(known) == key(&title)) {
            continue;
        }
        let body = match title.starts_with('W') {
            true => with_cases("", &body, place.as_deref()),
            false => body,
        };
        let place = sections.iter().position(|(other, _)| rank(other) > rank(&title));
        sections.insert(place.unwrap_or(sections.len()), (title, body));
    }
    let mut out = old.head;
    for (title, body) in sections {
        out += &format!("### {title}\n{body}");
    }
    out
}

struct Report {
    head: String,
    /// Title and text of each, in order.
    sections: Vec<(String, String)>,
}

impl Report {
    fn of(text: &str) -> Self {
        let mut parts = text.split("\n### ");
        let first = parts.next().unwrap_or_default();
        let mut parts: Vec<&str> = parts.collect();
        let mut head = format!("{first}\n");
        if let Some(section) = first.strip_prefix("### ") {
            (head, parts) = (String::new(), [&[section], parts.as_slice()].concat());
        }
        let section = |part: &str| {
            let (title, body) = part.split_once('\n').unwrap_or((part, ""));
            (title.to_owned(), format!("{}\n", body.trim_end_matches('\n')) + "\n")
        };
        Self { head, sections: parts.into_iter().map(section).collect() }
    }
}

/// Returns what a section is known by: the identifier of a workload, or its title.
fn key(title: &str) -> &str {
    title.split_once(':').map_or(title, |(id, _)| id)
}

/// Returns where a section stands: targets and subjects, the workloads by number, what went wrong.
fn rank(title: &str) -> u32 {
    match title {
        FAILURES => u32::MAX,
        _ => key(title).strip_prefix('W').and_then(|number| number.parse().ok()).unwrap_or(0),
    }
}

/// Returns a table with the rows of another: in the place of those that begin with the same cells, or after them.
fn with_rows(old: &str, new: &str) -> String {
    let is_row = |line: &&str| line.starts_with("| ");
    let mut lines: Vec<&str> = old.trim_end().lines().collect();
    // The first row is the titles.
    for row in new.lines().filter(is_row).skip(1) {
        let same = |line: &&str| is_row(line) && row_key(line) == row_key(row);
        match lines.iter().position(same) {
            Some(at) => lines[at] = row,
            None => lines.push(row),
        }
    }
    lines.join("\n") + "\n\n"
}

/// Returns what a row is about: its first cell if that is a subject, else its first three.
fn row_key(row: &str) -> Vec<&str> {
    let cells = row.split(" | ");
    cells.take(if row.starts_with("| `") { 1 } else { 3 }).collect()
}

/// Returns a workload's section with the cases of another, and what else that one says.
fn with_cases(old: &str, new: &str, place: Option<&str>) -> String {
    let ((_, old_cases, _), (about, new_cases, after)) = (parts(old), parts(new));
    let mut cases: Vec<(&str, String)> = Vec::new();
    for (name, text) in old_cases {
        cases.push((name, text.to_owned()));
    }
    for (name, text) in new_cases {
        let known = cases.iter().position(|(known, _)| *known == name);
        if text.contains(NOTHING) && known.is_some() {
            continue;
        }
        // The first line says how often it was measured.
        let text = match (text.split_once('\n'), place) {
            (Some((first, rest)), Some(place)) if !text.contains(NOTHING) => {
                format!("{first}; {place}\n{rest}")
            }
            _ => text.to_owned(),
        };
        match known {
            Some(at) => cases[at].1 = text,
            None => cases.push((name, text)),
        }
    }
    let cases: String = cases.into_iter().map(|(_, text)| text).collect();
    format!("{about}{cases}{after}")
}

/// Returns what a section says before its cases, each case by its name, and what it says after them.
fn parts(section: &str) -> (&str, Vec<(&str, &str)>, &str) {
    let (body, after) = section.split_at(section.find("Not here: ").unwrap_or(section.len()));
    let (about, mut rest) = body.split_at(body.find("**W").unwrap_or(body.len()));
    let mut cases = Vec::new();
    while !rest.is_empty() {
        let end = rest.get(1..).and_then(|text| text.find("\n**W")).map_or(rest.len(), |at| at + 2);
        let (case, others) = rest.split_at(end);
        let name = case.strip_prefix("**").and_then(|text| text.split_once("**"));
        cases.push((name.map_or(case, |(name, _)| name), case));
        rest = others;
    }
    (about, cases, after)
}

const FAILURES: &str = "What went wrong";
const NOTHING: &str = "not measured in this run";

#[cfg(test)]
mod tests {
    use super::merged;

    const OLD: &str = "A machine.\n\n\
        ### Targets\n\n| case | subject | figure | target |\n|---|---|---|---|\n\
        | W1 x | `ours` | speed | 1.0 |\n| W2 x | `ours` | speed | 2.0 |\n\n\
        ### Subjects\n\n| name | is |\n|---|---|\n| `ours` | old |\n\n\
        ### W1: one\n\nAbout one.\n\n**W1 x**: 7 rounds\n\n| a |\n|---|\n| `ours` | 11 |\n\n\
        **W1 y**: 7 rounds\n\n| a |\n|---|\n| `ours` | 12 |\n\nNot here: `raw`.\n\n\
        ### W10: ten\n\nAbout ten.\n\n**W10 x**: 7 rounds\n\n| a |\n|---|\n| `ours` | 100 |\n";

    const NEW: &str = "Another machine.\n\n\
        ### Targets\n\n| case | subject | figure | target |\n|---|---|---|---|\n\
        | W1 x | `ours` | speed | 1.5 |\n| W3 x | `ours` | speed | 3.0 |\n\n\
        ### Subjects\n\n| name | is |\n|---|---|\n| `ours` | new |\n| `raw` | new |\n\n\
        ### W1: one\n\nAbout one and more.\n\n**W1 x**: 3 rounds\n\n| a |\n|---|\n| `ours` | 21 |\n\n\
        **W1 z**: 3 rounds\n\n| a |\n|---|\n| `ours` | 23 |\n\nNot here: `limit`.\n\n\
        ### W3: three\n\nAbout three.\n\n**W3 x**: 3 rounds\n\n| a |\n|---|\n| `ours` | 31 |\n";

    #[test]
    fn new_results_replace_the_old_ones() {
        let text = merged(OLD, NEW);
        assert!(text.starts_with("A machine.\n\n### Targets\n"), "{text}");
        for gone in ["1.0", "| `ours` | old |", "| `ours` | 11 |", "`raw`.", "About one.\n"] {
            assert!(!text.contains(gone), "{gone}: {text}");
        }
        for kept in ["| 1.5 |", "| 2.0 |", "| 3.0 |", "| `raw` | new |", "| 12 |", "`limit`."] {
            assert_eq!(text.matches(kept).count(), 1, "{kept}: {text}");
        }
        assert!(text.contains("**W1 x**: 3 rounds; Another machine.\n"), "{text}");
        assert!(text.contains("**W1 y**: 7 rounds\n"), "{text}");
        let order = ["### Targets", "### Subjects", "### W1:", "**W1 x", "**W1 y", "**W1 z"];
        let order = order.into_iter().chain(["### W3:", "### W10:", "**W10 x", "| 100 |"]);
        let places: Vec<_> = order.map(|part| text.find(part).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn the_same_again_changes_nothing() {
        assert_eq!(merged(OLD, OLD).trim_end(), OLD.trim_end());
        let twice = merged(&merged(OLD, NEW), NEW);
        assert_eq!(twice, merged(OLD, NEW));
    }

    #[test]
    fn results_that_were_not_measured_again_stay() {
        let new =
            "A machine.\n\n### W1: one\n\nAbout one.\n\n**W1 x**: not measured in this run.\n";
        assert!(merged(OLD, new).contains("| `ours` | 11 |"));
    }
}
