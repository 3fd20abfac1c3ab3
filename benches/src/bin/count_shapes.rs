//! Counts the instructions of reading and writing payloads of every shape, by node-ipc's format and by
//! `serde_json` alone.
//!
//! `count_shapes` prints a table, and runs itself under valgrind for each figure:
//! `count_shapes SHAPE WORK TIMES`. Unlike the time that the benchmark `shapes` takes, the figures do not depend on
//! what else the machine does.

use std::env;
use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::process::{Command, ExitCode, Stdio};

use bytes::BytesMut;
use ipc_benches::{Shape, shapes};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let done = match words.as_slice() {
        [] => table(),
        [shape, work, times] => run(shape, work, times),
        _ => Err("count_shapes [SHAPE WORK TIMES]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "count_shapes: {error}");
            ExitCode::FAILURE
        }
    }
}

fn table() -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "| shape | read | `serde_json` | ratio | write | `serde_json` | ratio |")?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    for Shape { name, .. } in shapes()? {
        write!(out, "| {name} |")?;
        for (ours, alone) in [("read", "read-alone"), ("write", "write-alone")] {
            let (ours, alone) = (count(name, ours)?, count(name, alone)?);
            write!(out, " {ours:.0} | {alone:.0} | {:.2} |", ours / alone)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Returns the instructions of doing `work` once.
fn count(shape: &str, work: &str) -> Result<f64> {
    // The difference of two runs leaves out what starting costs.
    let (less, more) = (collected(shape, work, 20)?, collected(shape, work, 60)?);
    Ok((more - less) / 40.0)
}

fn collected(shape: &str, work: &str, times: u32) -> Result<f64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(env::current_exe()?);
    valgrind.args([shape, work, &times.to_string()]).env_clear().stdin(Stdio::null());
    let output = valgrind.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    match collected {
        Some((_, count)) if output.status.success() => Ok(count.trim().parse()?),
        _ => Err(said.into()),
    }
}

fn run(shape: &str, work: &str, times: &str) -> Result<()> {
    let shapes = shapes()?;
    let shape = shapes.iter().find(|known| known.name == shape).ok_or("no such shape")?;
    let room = 2 * shape.json().len() + 64;
    let (mut frame, mut json) = (BytesMut::with_capacity(room), Vec::with_capacity(room));
    for _ in 0..times.parse()? {
        match work {
            "read" => drop(black_box(shape.read()?)),
            "read-alone" => drop(black_box(shape.read_alone()?)),
            "write" => shape.write(&mut frame)?,
            "write-alone" => shape.write_alone(&mut json)?,
            _ => return Err("WORK is read, read-alone, write or write-alone".into()),
        }
        black_box((&frame, &json));
    }
    Ok(())
}
