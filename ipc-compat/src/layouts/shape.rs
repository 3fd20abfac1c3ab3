//! `Shape`: the event and the members of one kind of frame.

/// The event and the members of one kind of frame of a [`Table`](super::Table): a call, an answer or a
/// failure.
///
/// Members are written in the order in which they are added here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub(super) event: EventName,
    pub(super) members: Vec<(String, Part)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EventName {
    Fixed(String),
    /// This text and the id.
    Prefix(String),
}

/// What a member holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Id,
    Method,
    /// The arguments, or the result.
    Value,
    Constant(String),
    /// A failure as text: its message.
    ErrorText,
    /// A failure as an object like JavaScript's errors: `message`, `name`, `code` and `data`.
    ErrorObject,
    /// The parts of a failure, each a member of its own.
    Code,
    Message,
    Data,
}

impl Shape {
    /// Returns frames of this event, without members.
    #[must_use]
    pub fn new(event: impl Into<String>) -> Self {
        Self { event: EventName::Fixed(event.into()), members: Vec::new() }
    }

    /// Returns frames of an event whose name is this text and the id of the call, for answers. Whatever
    /// follows the text is the number of a call, or the event is an ordinary one.
    #[must_use]
    pub fn with_prefix(prefix: impl Into<String>) -> Self {
        Self { event: EventName::Prefix(prefix.into()), members: Vec::new() }
    }

    /// Adds the member that holds the id of the call.
    #[must_use]
    pub fn id(self, name: impl Into<String>) -> Self {
        self.with(name, Part::Id)
    }

    /// Adds the member that holds the name of the method. Answers may repeat it.
    #[must_use]
    pub fn method(self, name: impl Into<String>) -> Self {
        self.with(name, Part::Method)
    }

    /// Adds the member that holds the arguments, or the result.
    #[must_use]
    pub fn value(self, name: impl Into<String>) -> Self {
        self.with(name, Part::Value)
    }

    /// Adds a member that is always this text. An answer is only taken for one if it has it; a call is
    /// taken for one without it, too.
    #[must_use]
    pub fn constant(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(name, Part::Constant(text.into()))
    }

    /// Adds the member that holds a failure as text, its message. A failure is only taken for one if the
    /// member is there and not `null`. An object in its place is understood, too.
    #[must_use]
    pub fn error_text(self, name: impl Into<String>) -> Self {
        self.with(name, Part::ErrorText)
    }

    /// Adds the member that holds a failure as an object with `message`, `name`, `code` and, if there is
    /// any, `data`. A failure is only taken for one if the member is there and not `null`.
    #[must_use]
    pub fn error_object(self, name: impl Into<String>) -> Self {
        self.with(name, Part::ErrorObject)
    }

    /// Adds members `code`, `message` and, if there is any, `data` for what a failure says.
    #[must_use]
    pub fn error_members(self) -> Self {
        self.with("code", Part::Code).with("message", Part::Message).with("data", Part::Data)
    }

    fn with(mut self, name: impl Into<String>, part: Part) -> Self {
        self.members.push((name.into(), part));
        self
    }

    /// Returns the name of the member that holds this part.
    pub(super) fn member(&self, part: &Part) -> Option<&str> {
        self.members.iter().find(|(_, has)| has == part).map(|(name, _)| name.as_str())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_str())
    }
}
