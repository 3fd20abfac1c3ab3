//! What is read in one pass is read as `serde_json` reads it.

use bytes::Bytes;
use ipc_core::protocol::calls::{ANSWER, CALL, Control};
use ipc_core::{Message, MessageFormat};

use super::calls::{Read, Take, read_answer, read_call};
use super::{NodeFormat, ordinary_calls};

/// Checks that a call or an answer which is read in one pass is read as `serde_json` reads it.
pub(crate) fn reading_agrees(payload: &Bytes) {
    let both: [(&str, Take, Read); 2] = [
        (CALL, ordinary_calls::take_call, read_call),
        (ANSWER, ordinary_calls::take_answer, read_answer),
    ];
    for (event, ordinary, any) in both {
        let mut message = Message::new(event, Some(payload.clone()));
        let in_payload = ordinary(&mut message);
        let frame = [&b"{\"type\":\""[..], event.as_bytes(), b"\",\"data\":", payload, b"}"];
        let whole = Bytes::from(frame.concat());
        let mut frame = whole.clone();
        let in_frame = ordinary_calls::take_frame(&mut frame);
        assert!(in_payload.is_some() || message.payload() == Some(&**payload));
        assert!(in_frame.is_some() || frame == whole);
        // Where arguments are presumed, nothing is said of them that are not sound.
        let in_frame = in_frame.filter(|control| {
            let sound = is_sound(control);
            assert!(sound || in_payload.is_none());
            sound
        });
        for taken in in_payload.iter().chain(&in_frame) {
            assert_eq!(any(payload).map(|control| said(&control)), Ok(said(taken)));
        }
    }
}

fn is_sound(control: &Control) -> bool {
    match control {
        Control::Call { message, .. } => {
            !message.is_presumed() || NodeFormat::v14().is_sound(message)
        }
        _ => true,
    }
}

/// Returns all that a control says, as text.
fn said(control: &Control) -> String {
    let message = match control {
        Control::Call { message, .. } => Some(message),
        Control::Answer { result, .. } => Some(result),
        _ => None,
    };
    format!("{control:?} {:?}", message.map(Message::payload))
}
