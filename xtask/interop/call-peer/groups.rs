//! Groups: clients that ask to be in one, and what is sent to several or asked of them.

use std::error::Error;
use std::time::Duration;

use ipc_compat::{IpcServer, NodeFormat, RawJson};
use ipc_core::{Addressee, BroadcastReport, Target};
use serde_json::{Value, json};

use crate::{print, value};

/// Lets clients join groups by an event, which is answered with the groups that they are then in.
pub(crate) fn answer(server: &IpcServer) {
    server.on("group.join", |group: String, socket| {
        match socket.join(&group).map(|_| socket.emit("group.joined", &socket.groups())) {
            Ok(Ok(())) => {}
            other => print(&json!({"event": "error", "message": format!("{other:?}")})),
        }
    });
}

/// Does what the command says: `{"do":"to","to":[..],"except":[..],"type","data"}` sends an event,
/// `notice` with `method` and `args` calls without being answered, and both print how many it was sent to;
/// `survey` calls, within `ms`, and prints the answers in the order in which the clients came.
pub(crate) fn command(server: &IpcServer, command: &Value) -> Result<(), Box<dyn Error>> {
    let target = target(server, command);
    let text = |name: &str| command[name].as_str().unwrap_or_default();
    match text("do") {
        "to" => sent(&target.emit(text("type"), &command["data"])?),
        "notice" => sent(&target.notice(text("method"), &command["args"])?),
        _ => survey(&target, command),
    }
    Ok(())
}

fn target<'a>(server: &IpcServer, command: &'a Value) -> Target<'a, NodeFormat> {
    let groups = |name: &str| {
        let groups = command[name].as_array().into_iter().flatten();
        groups.filter_map(Value::as_str).map(Addressee::from)
    };
    let target = if command["to"].is_array() { server.only(groups("to")) } else { server.all() };
    groups("except").fold(target, Target::except)
}

fn sent(report: &BroadcastReport) {
    print(&json!({"event": "sent", "sent": report.sent, "failed": report.failed.len()}));
}

fn survey(target: &Target<'_, NodeFormat>, command: &Value) {
    let method = command["method"].as_str().unwrap_or_default();
    let mut calling = target.call(method, &command["args"]);
    if let Some(ms) = command["ms"].as_u64() {
        calling = calling.within(Duration::from_millis(ms));
    }
    let survey = calling.survey::<Option<RawJson>>();
    tokio::spawn(async move {
        let mut answers = survey.gather().await;
        answers.sort_by_key(|(peer, _)| *peer);
        let answers = answers.into_iter().map(|(_, answer)| match answer {
            Ok(result) => json!({"ok": result.as_ref().map(value)}),
            Err(error) => json!({"code": error.code()}),
        });
        print(&json!({"event": "survey", "answers": answers.collect::<Vec<_>>()}));
    });
}
