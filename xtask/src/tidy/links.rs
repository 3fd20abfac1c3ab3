//! Links within the project's Markdown: the file is there, and has the heading that is linked to.
//!
//! Links to other hosts are not followed: CI must not depend on them.

use std::path::Path;

use super::source;
use crate::error::Result;
use crate::repo;

pub(super) fn check() -> Result<Vec<String>> {
    let root = repo::root();
    let mut problems = Vec::new();
    for path in repo::files(&root, "md") {
        let text = source::read(&path)?;
        let folder = path.parent().unwrap_or(&root);
        for (number, target) in links(&text) {
            if let Some(problem) = problem(&path, folder, target)? {
                problems.push(format!("{}:{number}: {problem}", repo::relative(&path)));
            }
        }
    }
    Ok(problems)
}

/// Returns what is wrong with a link's target, if anything is.
fn problem(file: &Path, folder: &Path, target: &str) -> Result<Option<String>> {
    if target.contains("://") || target.starts_with("mailto:") || target.contains("::") {
        return Ok(None);
    }
    let (name, anchor) = target.split_once('#').map_or((target, None), |(n, a)| (n, Some(a)));
    let linked = if name.is_empty() { file.to_owned() } else { folder.join(name) };
    if !linked.exists() {
        return Ok(Some(format!("`{target}` leads nowhere")));
    }
    let Some(anchor) = anchor.filter(|_| linked.extension().is_some_and(|found| found == "md"))
    else {
        return Ok(None);
    };
    let text = source::read(&linked)?;
    let found = outside_code(&text)
        .filter(|(_, line)| line.starts_with('#'))
        .any(|(_, line)| slug(line.trim_start_matches('#')) == anchor);
    Ok((!found).then(|| format!("`{target}`: there is no such heading")))
}

/// Returns the targets of the links in a text, each with its line.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in outside_code(text) {
        let mut rest = line;
        while let Some(at) = rest.find("](") {
            rest = rest.get(at + 2..).unwrap_or_default();
            if let Some(end) = rest.find(')') {
                let target = rest.get(..end).unwrap_or_default();
                // Intra-doc links of rustdoc have no dot and no slash; rustdoc checks them.
                if target.contains(['.', '/', '#']) {
                    found.push((number, target));
                }
            }
        }
    }
    found
}

/// Returns the lines that are not within a block of code.
fn outside_code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// Returns the anchor that a heading has where Markdown is shown as pages.
fn slug(heading: &str) -> String {
    let kept = |char: &char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_');
    let text: String = heading.trim().to_lowercase().chars().filter(kept).collect();
    text.replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::{links, slug};

    #[test]
    fn links_are_found_outside_code_only() {
        let text = "a [b](c.md#d) and [e](../f)\n```\n[g](h.md)\n```\n[i](`Type`) [j](k.md)\n";
        assert_eq!(links(text), [(1, "c.md#d"), (1, "../f"), (5, "k.md")]);
    }

    #[test]
    fn anchors_are_those_of_pages() {
        assert_eq!(slug(" What `emit` puts in, and why?"), "what-emit-puts-in-and-why");
    }
}
