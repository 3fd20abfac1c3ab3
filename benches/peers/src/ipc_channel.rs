//! ipc-channel: blocking, a channel each way, made over its one-shot server. Native is its own
//! encoding of a struct; JSON goes as bytes.

use ipc_benches::meter::{begin, now, since};
use ipc_benches::{FIRST_SEQ, Meter, Outcome, Task, Work, text};
use ipc_channel::ipc::{
    self, IpcBytesReceiver, IpcBytesSender, IpcOneShotServer, IpcReceiver, IpcSender,
};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::coding::{Coding, Event, Message};
use crate::net::ready;

/// A channel each way.
#[derive(Serialize, Deserialize)]
enum Pair {
    Native(IpcSender<Message>, IpcReceiver<Message>),
    Json(IpcBytesSender, IpcBytesReceiver),
}

impl Pair {
    fn new(coding: Coding) -> Result<(Self, Self)> {
        Ok(match coding {
            Coding::Native => {
                let ((there, arrives), (back, returns)) = (ipc::channel()?, ipc::channel()?);
                (Self::Native(there, returns), Self::Native(back, arrives))
            }
            Coding::Json => {
                let there = ipc::bytes_channel()?;
                let back = ipc::bytes_channel()?;
                (Self::Json(there.0, back.1), Self::Json(back.0, there.1))
            }
        })
    }

    fn send(&self, message: Message) -> Result<()> {
        match self {
            Self::Native(sender, _) => Ok(sender.send(message)?),
            Self::Json(sender, _) => {
                let Message { event, seq, body } = message;
                Ok(sender.send(&Coding::Json.encode(event, seq, &body)?)?)
            }
        }
    }

    fn recv(&self) -> Result<Message> {
        match self {
            Self::Native(_, receiver) => {
                receiver.recv().map_err(|error| format!("{error:?}").into())
            }
            Self::Json(_, receiver) => {
                let bytes = receiver.recv().map_err(|error| format!("{error:?}"))?;
                Coding::Json.decode(&bytes)
            }
        }
    }
}

pub fn serve(_: Coding) -> Result<()> {
    let (server, name) = IpcOneShotServer::<Pair>::new()?;
    ready(&name);
    let (_, pair) = server.accept().map_err(|error| format!("{error:?}"))?;
    let mut counted = 0;
    // An error is how a client that is gone shows.
    while let Ok(message) = pair.recv() {
        match message.event {
            Event::Echo => pair.send(message)?,
            Event::Count => counted += 1,
            _ => pair.send(Message::new(Event::Ended, counted, ""))?,
        }
    }
    Ok(())
}

pub fn measure(name: &str, coding: Coding, task: &Task) -> Result<Outcome> {
    let (here, there) = Pair::new(coding)?;
    IpcSender::connect(name.to_owned())?.send(there)?;
    let text = text(task.body);
    match task.work {
        Work::Echo => {
            let mut meter = Meter::new(task);
            for _ in 0..task.in_flight {
                if let Some(seq) = meter.next_seq() {
                    here.send(Message::new(Event::Echo, seq, &text))?;
                }
            }
            while !meter.on_answer(here.recv()?.seq)? {
                if let Some(seq) = meter.next_seq() {
                    here.send(Message::new(Event::Echo, seq, &text))?;
                }
            }
            Ok(meter.finish())
        }
        Work::Flood => {
            count(&here, &text, task.warm_up, task.warm_up)?;
            begin();
            let start = now();
            count(&here, &text, task.messages, task.total())?;
            Ok(since(start, task.messages))
        }
        _ => Err("ipc-channel is not measured in that".into()),
    }
}

fn count(pair: &Pair, text: &str, messages: u64, wanted: u64) -> Result<()> {
    for seq in FIRST_SEQ..FIRST_SEQ + messages {
        pair.send(Message::new(Event::Count, seq, text))?;
    }
    pair.send(Message::new(Event::End, 0, ""))?;
    let counted = pair.recv()?.seq;
    if counted == wanted {
        return Ok(());
    }
    Err(format!("{counted} of {wanted} messages have arrived").into())
}
