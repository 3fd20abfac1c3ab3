//! Bar charts, as SVG.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::cases::{Case, WORKLOADS};
use super::subjects::Subject;
use super::summary::Summary;
use super::{Result, columns};

/// Writes a chart for each workload that has results.
pub(super) fn write_all(
    directory: &Path,
    cases: &[Case],
    subjects: &[Subject],
    summary: &Summary,
) -> Result<()> {
    fs::create_dir_all(directory)?;
    for workload in WORKLOADS {
        let Some((figure, unit, more)) = columns::main_figure(workload.id) else { continue };
        let mut groups = Vec::new();
        for case in cases.iter().filter(|case| case.workload == workload) {
            let bar = |subject: &Subject| {
                let value = summary.median(&case.name, subject.name, figure)?;
                Some(Bar { label: subject.name, value })
            };
            let bars: Vec<Bar<'_>> = subjects.iter().filter_map(bar).collect();
            if !bars.is_empty() {
                groups.push((case.name.as_str(), bars));
            }
        }
        if !groups.is_empty() {
            let better = if more { "longer is better" } else { "shorter is better" };
            let title = format!("{}: {} ({unit}; {better})", workload.id, workload.title);
            fs::write(directory.join(format!("{}.svg", workload.id)), svg(&title, &groups))?;
        }
    }
    Ok(())
}

/// Writes the one chart for somebody who knows none of the names: who answers how many messages a second.
pub(super) fn write_glance(directory: &Path, summary: &Summary) -> Result<()> {
    let bar = |(label, subject): (&'static str, &str)| {
        Some(Bar { label, value: summary.median("W2 Unix", subject, "rate")? })
    };
    let bars: Vec<Bar<'_>> = GLANCE.into_iter().filter_map(bar).collect();
    if bars.len() == GLANCE.len() {
        let title = "Messages sent and answered a second, 64 at a time (longer is better)";
        let file = directory.join("at-a-glance.svg");
        fs::write(file, svg(title, &[("64 bytes of text, JSON, between two processes", bars)]))?;
    }
    Ok(())
}

/// What the subjects are called in it.
const GLANCE: [(&str, &str); 5] = [
    ("ours, in Rust", "ours"),
    ("crate node-ipc 14", "node-ipc"),
    ("zeromq, in Rust", "zeromq-json"),
    ("node-ipc 14 from npm", "npm-14"),
    ("node-ipc 9 from npm", "npm-9"),
];

/// A bar.
#[derive(Debug)]
struct Bar<'a> {
    label: &'a str,
    value: f64,
}

/// Returns groups of horizontal bars. Each group has a scale of its own.
fn svg(title: &str, groups: &[(&str, Vec<Bar<'_>>)]) -> String {
    let bars: usize = groups.iter().map(|(_, bars)| bars.len()).sum();
    let height = TOP + groups.len() * HEAD + bars * LINE + LINE;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"8\" y=\"20\" font-size=\"14\" font-weight=\"bold\">{}</text>\n",
        escaped(title)
    );
    let mut y = TOP;
    for (name, bars) in groups {
        y += HEAD;
        let baseline = y - 6;
        let name = escaped(name);
        let _ = writeln!(out, "<text x=\"8\" y=\"{baseline}\" font-weight=\"bold\">{name}</text>");
        let most = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
        for Bar { label, value } in bars {
            let width = (value / most * BARS).max(1.0);
            let colour = if label.starts_with("ours") || *label == "codec" { OURS } else { OTHERS };
            let text = y + LINE - 5;
            let (right, behind) = (LEFT - 6, LEFT as f64 + width + 6.0);
            let label = escaped(label);
            let value = columns::number(*value, if *value < 100.0 { 2 } else { 0 });
            let _ = writeln!(
                out,
                "<text x=\"{right}\" y=\"{text}\" text-anchor=\"end\">{label}</text>\
                 <rect x=\"{LEFT}\" y=\"{}\" width=\"{width:.1}\" height=\"{}\" fill=\"{colour}\"/>\
                 <text x=\"{behind:.1}\" y=\"{text}\">{value}</text>",
                y + 2,
                LINE - 4,
            );
            y += LINE;
        }
    }
    out + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

// In pixels.
const WIDTH: usize = 820;
const TOP: usize = 28;
const HEAD: usize = 28;
const LINE: usize = 18;
const LEFT: usize = 150;
const BARS: f64 = 540.0;

const OURS: &str = "#c2410c";
const OTHERS: &str = "#94a3b8";

#[cfg(test)]
mod tests {
    use super::{Bar, svg};

    #[test]
    fn a_chart_has_a_bar_for_each_value() {
        let bars = vec![Bar { label: "a<b", value: 1.0 }, Bar { label: "ours", value: 2.0 }];
        let chart = svg("W0: one & two", &[("case", bars)]);
        assert_eq!(chart.matches("<rect x=").count(), 2);
        assert!(chart.contains("a&lt;b") && chart.contains("one &amp; two"), "{chart}");
        assert!(chart.contains("width=\"540.0\"") && chart.contains("width=\"270.0\""), "{chart}");
    }
}
