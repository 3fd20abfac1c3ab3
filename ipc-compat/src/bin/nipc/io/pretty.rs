//! The lines of stdout for people: coloured, and harmless to their terminal.

use std::fmt::Write;

use ipc_compat::Encoding;

use crate::io::lines::Line;

/// Appends the line for people, with its line feed.
///
/// What a peer sent is written so that a terminal takes it for text, whatever it is.
pub(crate) fn write(line: &Line<'_>, coloured: bool, out: &mut Vec<u8>) {
    let mut text = String::new();
    let peer = match line {
        Line::Connect { peer }
        | Line::Message { peer, .. }
        | Line::Data { peer, .. }
        | Line::Error { peer, .. } => *peer,
        Line::SocketDisconnected { peer, .. }
        | Line::Call { peer, .. }
        | Line::Denied { peer, .. }
        | Line::Limited { peer, .. }
        | Line::Identified { peer, .. } => Some(*peer),
        // The line before it says the same.
        Line::Close { .. } => return,
        Line::Start { .. }
        | Line::Disconnect
        | Line::Destroy
        | Line::Displaced { .. }
        | Line::Refused { .. }
        | Line::Subscribed { .. }
        | Line::Dismissed { .. } => None,
    };
    let paint = |colour: &str, what: &str| {
        if coloured { format!("{colour}{what}{PLAIN}") } else { what.to_owned() }
    };
    if let Some(peer) = peer {
        text.push_str(&paint(FAINT, &format!("#{peer} ")));
    }
    match line {
        Line::Start { endpoint } => {
            text.push_str(&paint(GREEN, "listening at "));
            text.push_str(&tame(endpoint));
        }
        Line::Connect { .. } => text.push_str(&paint(GREEN, "connected")),
        Line::Message { name, data, .. } => {
            text.push_str(&paint(BOLD, &tame(name)));
            if let Some(data) = data {
                text.push(' ');
                text.push_str(&tame(data.get()));
            }
        }
        Line::Call { method, args, .. } => {
            text.push_str(&paint(GREEN, "call "));
            text.push_str(&paint(BOLD, &tame(method)));
            if let Some(args) = args {
                text.push(' ');
                text.push_str(&tame(args.get()));
            }
        }
        Line::Data { bytes, .. } => {
            text.push_str(&paint(BOLD, "data "));
            text.push_str(&Encoding::Hex.to_text(bytes));
        }
        Line::Disconnect => text.push_str(&paint(YELLOW, "disconnected")),
        Line::Destroy => text.push_str(&paint(YELLOW, "ended")),
        Line::SocketDisconnected { id, .. } => {
            text.push_str(&paint(YELLOW, "disconnected"));
            if let Some(id) = id {
                text.push(' ');
                text.push_str(&tame(id.get()));
            }
        }
        Line::Displaced { path, by, then, reason } => {
            text.push_str(&paint(RED, &format!("socket file {by} ")));
            text.push_str(&tame(path));
            text.push_str(&format!(", {}", then.replace('_', " ")));
            if let Some(reason) = reason {
                text.push_str(&tame(&format!(": {reason}")));
            }
        }
        Line::Identified { identity, .. } => {
            text.push_str(&paint(GREEN, "is "));
            text.push_str(&paint(BOLD, &tame(identity)));
        }
        Line::Subscribed { topics } => {
            text.push_str(&paint(GREEN, "subscribed to "));
            text.push_str(&tame(&topics.join(" ")));
        }
        Line::Dismissed { code, message, .. } => {
            text.push_str(&paint(YELLOW, "sent away: "));
            text.push_str(&tame(&format!("{message} ({code})")));
        }
        Line::Refused { code, message } => {
            text.push_str(&paint(YELLOW, "refused: "));
            text.push_str(&tame(&format!("{message} ({code})")));
        }
        Line::Denied { what, name, .. } => {
            text.push_str(&paint(YELLOW, &format!("denied the {what} ")));
            text.push_str(&tame(name));
        }
        Line::Limited { throttled, dropped, denied, .. } => {
            text.push_str(&paint(YELLOW, "limited: "));
            let counts = format!("{throttled} times throttled, {dropped} dropped, {denied} denied");
            text.push_str(&counts);
        }
        Line::Error { code, message, .. } => {
            text.push_str(&paint(RED, &format!("error {code} ")));
            text.push_str(&tame(message));
        }
        Line::Close { .. } => {}
    }
    text.push('\n');
    out.extend_from_slice(text.as_bytes());
}

/// Returns whether lines may be coloured, unless they have to be plain.
pub(crate) fn may_colour() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR")
}

/// Returns the verdict on a socket, as wide as most.
pub(crate) fn verdict(verdict: &str, coloured: bool) -> String {
    let colour = match verdict {
        "live" => GREEN,
        "stale" => YELLOW,
        "unknown" => FAINT,
        _ => RED,
    };
    if coloured { format!("{colour}{verdict:7}{PLAIN}") } else { format!("{verdict:7}") }
}

/// Returns the text with everything a terminal could obey, or that turns text around, as escapes.
pub(crate) fn tame(text: &str) -> String {
    let mut tame = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        match c {
            '\n' | '\r' | '\t' => tame.push(' '),
            _ if c.is_control() || turns => {
                let _ = write!(tame, "\\u{:04x}", u32::from(c));
            }
            _ => tame.push(c),
        }
    }
    tame
}

const PLAIN: &str = "\u{1b}[0m";
const BOLD: &str = "\u{1b}[1m";
const FAINT: &str = "\u{1b}[2m";
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[track_caller]
    fn check(line: &Line<'_>, expected: &str) {
        let (mut plain, mut coloured) = (Vec::new(), Vec::new());
        write(line, false, &mut plain);
        assert_eq!(String::from_utf8(plain).unwrap(), expected);
        write(line, true, &mut coloured);
        let mut coloured = String::from_utf8(coloured).unwrap();
        for colour in [PLAIN, BOLD, FAINT, RED, GREEN, YELLOW] {
            coloured = coloured.replace(colour, "");
        }
        assert_eq!(coloured, expected);
    }

    #[test]
    fn lines_are_short() {
        check(&Line::Start { endpoint: "tcp:[::1]:80".into() }, "listening at tcp:[::1]:80\n");
        check(&Line::Connect { peer: Some(1) }, "#1 connected\n");
        check(
            &Line::Message { peer: Some(1), from: None, name: "a b", data: Some(raw("{}")) },
            "#1 a b {}\n",
        );
        check(&Line::Message { peer: None, from: None, name: "t", data: None }, "t\n");
        check(
            &Line::SocketDisconnected { peer: 2, id: Some(raw("\"x\"")) },
            "#2 disconnected \"x\"\n",
        );
        check(&Line::Close { peer: 2 }, "");
        check(
            &Line::Error { code: "ERR_IPC_IO".into(), message: "bad".into(), peer: None },
            "error ERR_IPC_IO bad\n",
        );
    }

    #[test]
    fn what_a_client_may_not_do_is_told() {
        let refused = Line::Refused { code: "ERR_IPC_DENIED", message: "a stranger".to_owned() };
        check(&refused, "refused: a stranger (ERR_IPC_DENIED)\n");
        let denied = Line::Denied { peer: 1, what: "event", name: "\u{1b}x" };
        check(&denied, "#1 denied the event \\u001bx\n");
        let limited = Line::Limited { peer: 1, throttled: 2, dropped: 0, denied: 1 };
        check(&limited, "#1 limited: 2 times throttled, 0 dropped, 1 denied\n");
    }

    #[test]
    fn a_peer_cannot_command_the_terminal() {
        let data = "[\"\u{9b}2J\u{7f}\u{202e}\"\n]";
        let line = Line::Message {
            peer: None,
            from: None,
            name: "\u{1b}]0;x\u{7}",
            data: Some(raw(data)),
        };
        check(&line, "\\u001b]0;x\\u0007 [\"\\u009b2J\\u007f\\u202e\" ]\n");
    }

    #[test]
    fn colours_are_there() {
        let mut out = Vec::new();
        write(&Line::Disconnect, true, &mut out);
        assert_eq!(out, b"\x1b[33mdisconnected\x1b[0m\n");
    }
}
