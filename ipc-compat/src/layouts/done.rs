//! `Done`: an event `X` that is answered with an event `XDone`.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ipc_core::protocol::calls::{ANSWER, CallHead, CallNumber, Control, Failure, InvalidControl};
use ipc_core::{FormatError, Message};

use super::members::{Members, Object, slice, text};
use super::{Frame, Layout, Outcome, number, unsupported};
use crate::{RawJson, codes};

/// An event `X` whose data is the arguments, answered with an event `XDone` whose data is the result.
///
/// No number connects the two, which has consequences:
///
/// - **Asking is for clients**, and each needs a value of its own. One call of a name is open at a time:
///   another one of that name fails at once with [`codes::CALL_IN_PROGRESS`]. The answer to a call that was
///   given up is taken for that of the next call of the name.
/// - **Answering needs the names** of the methods, since any event could be a call:
///   [`answering`](Self::answering). Events of other names stay ordinary events. If a peer asks for one method
///   twice before it is answered, the answers should come in that order: let such a method run one call at a
///   time.
///
/// A failure is an object with a member `error`, its message, and `code`. As a result of a call any object
/// with a member `error` that is not `null` is a failure.
///
/// # Examples
///
/// ```
/// use bytes::BytesMut;
/// use ipc_compat::{NodeFormat, layouts};
/// use ipc_core::protocol::calls::{CallHead, EncodeCall};
///
/// let format = NodeFormat::classic().with_layout(layouts::done());
/// let head = CallHead { number: Some(1), method: "registerWorker", left: None, credit: None };
/// let mut frame = BytesMut::new();
/// format.encode_call(&head, &7, &mut frame)?;
/// assert_eq!(frame, r#"{"type":"registerWorker","data":7}"#);
/// # Ok::<(), ipc_core::FormatError>(())
/// ```
#[derive(Debug)]
pub struct Done {
    suffix: String,
    error: String,
    methods: BTreeSet<String>,
    /// The number of the peer's next call.
    next: AtomicU64,
    /// The calls of this side that are open, by their methods.
    asked: Mutex<HashMap<String, u64>>,
}

impl Done {
    pub(super) fn new() -> Self {
        Self {
            suffix: "Done".to_owned(),
            error: "error".to_owned(),
            methods: BTreeSet::new(),
            next: AtomicU64::new(1),
            asked: Mutex::default(),
        }
    }

    /// Returns the same layout, which takes events of these names for calls.
    #[must_use]
    pub fn answering<S: Into<String>>(mut self, methods: impl IntoIterator<Item = S>) -> Self {
        self.methods.extend(methods.into_iter().map(Into::into));
        self
    }

    /// Returns the same layout with another end of the names of answers. Default: `Done`.
    #[must_use]
    pub fn with_suffix(self, suffix: impl Into<String>) -> Self {
        Self { suffix: suffix.into(), ..self }
    }

    /// Returns the same layout with another member for what went wrong. Default: `error`.
    #[must_use]
    pub fn with_error_member(self, name: impl Into<String>) -> Self {
        Self { error: name.into(), ..self }
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the failure that an answer says, if it says one.
    fn failure(&self, message: &Message) -> Option<Failure> {
        let json = message.clone().into_payload()?;
        let names = [self.error.as_str(), "code"];
        let members = Members::read(&json, &names)?;
        let error = members.present(&self.error)?;
        let code = members.text("code");
        let code = code.as_deref().unwrap_or(Failure::NO_CODE);
        Some(match text(error) {
            Some(message) => Failure::new(code, message),
            None => {
                Failure::new(code, code).with_data(Message::new(ANSWER, Some(slice(&json, error))))
            }
        })
    }
}

impl Layout for Done {
    fn read(&self, message: &Message) -> Option<Result<Control, InvalidControl>> {
        let event = message.event();
        if self.methods.contains(event) {
            let number = CallNumber::Integer(self.next.fetch_add(1, Ordering::Relaxed));
            let number = number::with_method(&number, event);
            let message = message.clone();
            return Some(Ok(Control::Call { number, left: None, credit: None, message }));
        }
        let method = event.strip_suffix(self.suffix.as_str())?;
        let number = CallNumber::Integer(self.asked().remove(method)?);
        Some(Ok(match self.failure(message) {
            Some(failure) => Control::Failure { number, failure },
            None => Control::Answer { number, more: false, result: message.clone() },
        }))
    }

    fn write_call(&self, head: &CallHead<'_>, args: &RawJson) -> Result<Frame, FormatError> {
        if head.credit.is_some() {
            return Err(unsupported("the layout has no streams"));
        }
        if let Some(number) = head.number {
            // The same call may be written again, if it found no room.
            let open = *self.asked().entry(head.method.to_owned()).or_insert(number);
            if open != number {
                return Err(FormatError::new(
                    codes::CALL_IN_PROGRESS,
                    format!("a call of {:?} is open, and this layout can have one", head.method),
                ));
            }
        }
        Ok(Frame { event: head.method.to_owned(), data: args.clone() })
    }

    fn write_answer(
        &self,
        number: &CallNumber,
        outcome: Outcome<'_>,
    ) -> Result<Frame, FormatError> {
        let Some((_, method)) = number::and_method(number) else {
            return Err(unsupported("the number is not that of a call of this layout"));
        };
        let mut object = Object::default();
        let data = match outcome {
            Outcome::Result(result) => result.clone(),
            Outcome::Nothing => object.finish()?,
            Outcome::Failure(failure) => {
                object.text(&self.error, &failure.message)?;
                object.text("code", &failure.code)?;
                object.finish()?
            }
        };
        Ok(Frame { event: method + &self.suffix, data })
    }

    fn answers_have_numbers(&self) -> bool {
        false
    }

    fn call_ended(&self, number: u64) {
        self.asked().retain(|_, open| *open != number);
    }
}
