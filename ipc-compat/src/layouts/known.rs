//! The layouts of programs that are in use.

use super::{Done, Shape, Table};
use crate::codes;

/// Returns the layout of Electron programs with a server in the background: all is the event `message`,
/// whose data is the *text* of an object.
///
/// | | the text |
/// |---|---|
/// | ask | `{"id":"1","name":"sum","args":[1,2]}` |
/// | answer | `{"type":"reply","id":"1","result":3}` |
/// | failure | `{"type":"error","id":"1","code":"..","message":".."}` |
/// | notice | `{"type":"push","name":"sum","args":[1,2]}` |
///
/// A notice is what such a server pushes to all its clients.
///
/// A client of that origin forgets a call that is answered with a failure, and its promise is never
/// settled; it throws at a call, so a server should only answer and push. Its servers answer a method
/// that does not exist with the result `null`, which
/// [`with_unknown_as_null`](Table::with_unknown_as_null) does, too.
///
/// # Examples
///
/// ```
/// use bytes::BytesMut;
/// use ipc_compat::{NodeFormat, layouts};
/// use ipc_core::protocol::calls::{CallHead, EncodeCall};
///
/// let format = NodeFormat::classic().with_layout(layouts::json());
/// let head = CallHead { number: Some(1), method: "sum", left: None, credit: None };
/// let mut frame = BytesMut::new();
/// format.encode_call(&head, &[1, 2], &mut frame)?;
/// let data = r#"{\"id\":\"1\",\"name\":\"sum\",\"args\":[1,2]}"#;
/// assert_eq!(frame, format!(r#"{{"type":"message","data":"{data}"}}"#));
/// # Ok::<(), ipc_core::FormatError>(())
/// ```
#[must_use]
pub fn json() -> Table {
    Table::new(
        Shape::new("message").id("id").method("name").value("args"),
        Shape::new("message").constant("type", "reply").id("id").value("result"),
    )
    .with_failures(Shape::new("message").constant("type", "error").id("id").error_members())
    .with_notices(Shape::new("message").constant("type", "push").method("name").value("args"))
    .with_text()
}

/// Returns the layout of `node-ipc-requests`.
///
/// | | event | data |
/// |---|---|---|
/// | ask | `request` | `{"resource":"sum","requestId":"1","body":[1,2]}` |
/// | answer | `response` | `{"requestId":"1","status":"success","body":3}` |
/// | failure | `response` | `{"requestId":"1","status":"error","error":{"message":"..","name":"Error","code":".."}}` |
///
/// Codes of its own are those of calls here: `ERR_IPC_MISSING_ROUTE` is `unknown_method`,
/// `ERR_IPC_REQUEST_TIMEOUT` is `deadline`, `ERR_IPC_DISCONNECTED` is `closing`.
///
/// # Examples
///
/// ```
/// use ipc_compat::{NodeFormat, layouts};
/// use ipc_core::MessageFormat;
/// use ipc_core::protocol::calls::{CallFormat, Control};
///
/// let format = NodeFormat::classic().with_layout(layouts::requests());
/// let frame = r#"{"type":"request","data":{"resource":"sum","requestId":"a","body":[1,2]}}"#;
/// let message = format.decode(frame.into())?;
/// let Some(Ok(Control::Call { message, .. })) = format.control(&message) else { panic!() };
/// assert_eq!((message.event(), message.payload()), ("sum", Some(&b"[1,2]"[..])));
/// # Ok::<(), ipc_core::FormatError>(())
/// ```
#[must_use]
pub fn requests() -> Table {
    Table::new(
        Shape::new("request").method("resource").id("requestId").value("body"),
        Shape::new("response").id("requestId").constant("status", "success").value("body"),
    )
    .with_failures(
        Shape::new("response").id("requestId").constant("status", "error").error_object("error"),
    )
    .with_code("unknown_method", codes::MISSING_ROUTE)
    .with_code("deadline", codes::REQUEST_TIMEOUT)
    .with_code("closing", codes::DISCONNECTED)
}

/// Returns the layout of an event `X` that is answered with an event `XDone`. See [`Done`].
#[must_use]
pub fn done() -> Done {
    Done::new()
}

/// Returns the layout in which the name of the answer's event holds the number: calls are this event.
///
/// | | event | data |
/// |---|---|---|
/// | ask | `event` | `{"id":"1","name":"read","parameters":[..]}` |
/// | answer | `R_1` | `{"status":"success","data":..}` |
/// | failure | `R_1` | `{"status":"error","error":".."}` |
///
/// A classic server takes the member `id` of any data for the name of the client, so the sockets of such a
/// server are named by the last call.
///
/// # Examples
///
/// ```
/// use bytes::BytesMut;
/// use ipc_compat::{NodeFormat, layouts};
/// use ipc_core::protocol::calls::{CallNumber, EncodeCall};
///
/// let format = NodeFormat::classic().with_layout(layouts::by_id("call"));
/// let mut frame = BytesMut::new();
/// format.encode_answer(&CallNumber::Integer(7), false, "ok", &mut frame)?;
/// assert_eq!(frame, r#"{"type":"R_7","data":{"status":"success","data":"ok"}}"#);
/// # Ok::<(), ipc_core::FormatError>(())
/// ```
#[must_use]
pub fn by_id(event: impl Into<String>) -> Table {
    Table::new(
        Shape::new(event).id("id").method("name").value("parameters"),
        Shape::with_prefix("R_").constant("status", "success").value("data"),
    )
    .with_failures(Shape::with_prefix("R_").constant("status", "error").error_text("error"))
}

/// Returns the layout of `dmno` and its like.
///
/// | | event | data |
/// |---|---|---|
/// | ask | `request` | `{"requestType":"sum","payload":[1,2],"requestId":"1"}` |
/// | answer | `request-response` | `{"requestId":"1","response":3}` |
///
/// It has no failures: a call that fails is not answered, and only its deadline ends it.
///
/// # Examples
///
/// ```
/// use bytes::BytesMut;
/// use ipc_compat::{NodeFormat, codes, layouts};
/// use ipc_core::protocol::calls::{CallFormat, CallNumber, Failure, Signal};
///
/// let format = NodeFormat::classic().with_layout(layouts::dmno());
/// let (number, failure) = (CallNumber::Integer(7), Failure::new("full", "no room"));
/// let failed = format.encode_signal(&Signal::Failure(&number, &failure), &mut BytesMut::new());
/// assert_eq!(failed.unwrap_err().code(), codes::UNSUPPORTED);
/// ```
#[must_use]
pub fn dmno() -> Table {
    Table::new(
        Shape::new("request").method("requestType").value("payload").id("requestId"),
        Shape::new("request-response").id("requestId").value("response"),
    )
}

/// Returns the layout of a server of states, whose clients name themselves in each call.
///
/// | | event | data |
/// |---|---|---|
/// | ask | `request` | `{"id":"1","clientId":"me","type":"get"}` |
/// | answer | `response` | `{"id":"1","type":"get","result":3}` |
/// | failure | `response` | `{"id":"1","type":"get","error":".."}` |
///
/// Calls have no arguments: other ones than `()` are an error. A classic server takes the member `id` of any
/// data for the name of the client.
///
/// # Examples
///
/// ```
/// use bytes::BytesMut;
/// use ipc_compat::{NodeFormat, layouts};
/// use ipc_core::protocol::calls::{CallHead, EncodeCall};
///
/// let format = NodeFormat::classic().with_layout(layouts::state("me"));
/// let head = CallHead { number: Some(1), method: "get", left: None, credit: None };
/// let mut frame = BytesMut::new();
/// format.encode_call(&head, &(), &mut frame)?;
/// assert_eq!(frame, r#"{"type":"request","data":{"id":"1","clientId":"me","type":"get"}}"#);
/// # Ok::<(), ipc_core::FormatError>(())
/// ```
#[must_use]
pub fn state(client_id: impl Into<String>) -> Table {
    Table::new(
        Shape::new("request").id("id").constant("clientId", client_id).method("type"),
        Shape::new("response").id("id").method("type").value("result"),
    )
    .with_failures(Shape::new("response").id("id").method("type").error_text("error"))
}
