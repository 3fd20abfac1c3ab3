//! The errors of `ipc-codec` and `ipc-core`.

use std::sync::Arc;
use std::time::Duration;

use ipc_codec::{DecodeError, Delimiter, EncodeError, EncodeWith, Oversize};
use ipc_compat::{NodeFormat, codes};
use ipc_core::blocking::{self, NextError};
use ipc_core::groups::{PatternLimits, PatternTrie};
use ipc_core::protocol::calls::{AskLimits, Asker, InvalidControl, Window, WindowLimits};
use ipc_core::queue::QueueLimit;
use ipc_core::session::{Backoff, Jitter};
use ipc_core::{
    CallError, ConnectError, DecodeEvent, Denied, DisconnectReason, EmitError, EncodeEvent, Error,
    Failure, FormatError, GroupError, HandlerError, LooksLike, Message, MsgPack, OnDenied,
    OverRate, Pattern, Rate, Refusal, Sent, SinkError, Spin, SubscribeError, Tokens, TopicError,
};
use ipc_transport::{Endpoint, MemoryTransport, RuntimeError, TransportError};

use crate::{Case, Word};

const LIMIT: Duration = Duration::from_secs(1);

fn decode() -> [DecodeError; 4] {
    let too_large = |policy| DecodeError::FrameTooLarge { limit: 1, seen: 2, policy };
    [
        too_large(Oversize::Fail),
        too_large(Oversize::Skip),
        DecodeError::Truncated { buffered: 1 },
        DecodeError::Dead,
    ]
}

fn encode() -> [EncodeError; 3] {
    [
        EncodeError::FrameTooLarge { limit: 1, actual: 2 },
        EncodeError::ContainsDelimiter { at: 0 },
        EncodeError::OutputShrunk { expected: 1, actual: 0 },
    ]
}

fn format() -> FormatError {
    FormatError::new(codes::INVALID_JSON, "the frame is not JSON")
}

/// The errors of the core itself: those of a transport are with the transports.
fn core() -> Vec<Error> {
    let looks_like = Some(LooksLike::Json);
    let io = || std::io::Error::other("the system's words");
    let event = || "event".to_owned();
    vec![
        Error::ConnectTimeout { endpoint: Endpoint::Memory("m".into()), limit: LIMIT },
        Error::Read(io()),
        Error::Write(io()),
        Error::Truncated { buffered: 1, looks_like },
        Error::FrameTimeout { limit: LIMIT, looks_like },
        Error::IdleTimeout { limit: LIMIT },
        Error::Silent { limit: LIMIT, actual: LIMIT },
        Error::Handler(HandlerError::Panicked { event: event(), message: event() }),
        Error::Overflow(QueueLimit::Bytes { limit: 1, actual: 2 }),
        Error::ReceiveBudget { limit: 1, actual: 2 },
        Error::RateExceeded { rate: Rate::messages(1).over(OverRate::Close), dropped: 0 },
        Error::RateExceeded { rate: Rate::messages(1).over(OverRate::Drop), dropped: 2 },
        Error::NotSubscribed(CallError::Unsupported("no calls")),
        Error::Denied { what: Denied::Event, name: event(), then: OnDenied::Report },
        Error::Denied { what: Denied::Call, name: event(), then: OnDenied::Close },
        Error::Datagram { bytes: 1, source: io() },
        Error::NoPeerAt { remote: ([127, 0, 0, 1], 9).into() },
        Error::PlainPeer,
        Error::HelloRefused(CallError::from(Failure::new("refused", "no"))),
        Error::NoticeRefused(Box::new(Failure::new("unknown_method", "no such method"))),
        Error::TokensUnsupported("no calls"),
        Error::Closed,
        Error::CloseTimeout { limit: LIMIT },
    ]
}

pub(crate) fn all() -> Vec<Case> {
    let mut all = Vec::new();
    for error in decode() {
        let style = codes::of(&Error::Frame(error));
        let case = |code| Case::new(("codec", "DecodeError"), &error, code).style(style);
        all.push(case(error.code()).ends(Word::Stream, error.ends_stream()));
        for shown in
            [Error::Frame(error), Error::Foreign { error, looks_like: LooksLike::HttpRequest }]
        {
            assert_eq!(codes::of(&shown), style);
            all.push(case(shown.code()).ends(Word::Connection, shown.ends_connection()));
        }
    }
    for error in encode() {
        let emit = EmitError::Encode(error);
        assert_eq!(
            (emit.code(), EncodeWith::<()>::Encode(error).code()),
            (error.code(), emit.code())
        );
        let case = Case::new(("codec", "EncodeError"), &error, error.code());
        all.push(case.style(codes::of_emit(&emit)));
    }
    let write = EncodeWith::Write(std::fmt::Error);
    all.push(Case::new(("codec", "EncodeWith"), &write, write.code()));
    for wrong in [&[][..], &[1; Delimiter::MAX_LEN + 1]] {
        let error = Delimiter::new(wrong).unwrap_err();
        all.push(Case::new(("codec", "DelimiterError"), &error, error.code()));
    }
    for error in core() {
        let kind = if matches!(error, Error::Handler(_)) { "HandlerError" } else { "Error" };
        let case = Case::new(("core", kind), &error, error.code()).style(codes::of(&error));
        all.push(case.ends(Word::Connection, error.ends_connection()));
    }
    for error in [RuntimeError::Missing, RuntimeError::NoIo, RuntimeError::NoTime] {
        let shown = Error::Runtime(error);
        assert_eq!((shown.code(), EmitError::Runtime(error).code()), (error.code(), error.code()));
        assert_eq!(codes::of_emit(&EmitError::Runtime(error)), codes::of(&shown));
        let case = Case::new(("transport", "RuntimeError"), &error, error.code());
        let case = case.style(codes::of(&shown));
        all.push(case.ends(Word::Connection, shown.ends_connection()));
    }
    // A format's code is its own, wherever the error comes from.
    let of_handler = |source| HandlerError::Payload { event: "event".into(), source };
    for error in [Error::Format(format()), Error::Handler(of_handler(format()))] {
        assert_eq!((error.code(), codes::of(&error)), (codes::INVALID_JSON, codes::INVALID_JSON));
        assert!(!error.ends_connection());
    }
    all.extend(refusals());
    all.extend(emit());
    all.extend(ends());
    let policy = Backoff::exponential(LIMIT * 2, LIMIT, Jitter::None);
    let error = policy.unwrap_err();
    all.push(Case::new(("core", "InvalidBackoff"), &error, error.code()));
    let error = Spin::for_up_to(Spin::MAX * 2).unwrap_err();
    all.push(Case::new(("core", "SpinTooLong"), &error, error.code()));
    all.extend(patterns());
    let long = "x".repeat(8193);
    for known in
        [vec![("", "x")], vec![("a", "")], vec![("a", &*long)], vec![("a", "x"), ("b", "x")]]
    {
        let error = Tokens::new(known).unwrap_err();
        all.push(Case::new(("core", "TokensError"), &error, error.code()));
    }
    for error in [NextError::TimedOut, NextError::Ended] {
        all.push(Case::new(("core", "NextError"), &error, error.code()));
    }
    all.extend(calls());
    all.extend(enums());
    let memory = MemoryTransport::new("m");
    let Err(error) = blocking::Client::builder(NodeFormat::v14(), memory) else {
        panic!("memory has no blocking sockets")
    };
    all.push(Case::new(("core", "NotBlocking"), &error, error.code()));
    all
}

/// The errors of enums whose variants are events.
fn enums() -> Vec<Case> {
    let error = <NodeFormat as DecodeEvent<u8>>::event_names().unwrap_err();
    let not_an_enum = Case::new(("core", "NotAnEnum"), &error, error.code());
    let message = Message::new("event", None);
    let none =
        |format: &dyn Fn(&Message) -> Result<Never, FormatError>| format(&message).unwrap_err();
    let core = none(&|message| MsgPack::new().decode_event(message));
    let here = none(&|message| NodeFormat::v14().decode_event(message));
    let unknown = Case::new(("core", "FormatError"), &core, core.code()).style(here.code());
    let core = <MsgPack as EncodeEvent<u8>>::event_name(&1).unwrap_err();
    let here = <NodeFormat as EncodeEvent<u8>>::event_name(&1).unwrap_err();
    let no_name = Case::new(("core", "FormatError"), &core, core.code()).style(here.code());
    vec![not_an_enum.style(codes::NOT_AN_ENUM), unknown, no_name]
}

/// An enum without events.
#[derive(Debug, serde::Deserialize)]
enum Never {}

fn patterns() -> Vec<Case> {
    let mut all = Vec::new();
    for text in ["", ">.a", "a*", &"a.".repeat(Pattern::MAX_TOKENS), &"a".repeat(1000)] {
        let error = Pattern::new(text).unwrap_err();
        let case = Case::new(("core", "PatternError"), &error, error.code());
        assert_eq!(codes::of_subscribe(&SubscribeError::Pattern(error)), codes::INVALID_PATTERN);
        all.push(case.style(codes::INVALID_PATTERN));
    }
    let pattern = Pattern::new("a.*").unwrap();
    let limits = PatternLimits::default();
    for limits in [limits.with_per_id(0), limits.with_total(0)] {
        let error = PatternTrie::new(limits).insert(1, &pattern).unwrap_err();
        all.push(
            Case::new(("core", "TooManyPatterns"), &error, error.code()).style(codes::TOO_MANY),
        );
    }
    let topic = TopicError::Pattern(Pattern::new("").unwrap_err());
    all.push(Case::new(("core", "TopicError"), &topic, topic.code()).style(codes::INVALID_TOPIC));
    let failed = SubscribeError::Call(CallError::Unsupported("no calls"));
    assert_eq!(failed.code(), "unsupported", "a call's code is its own");
    let pattern = SubscribeError::Pattern(Pattern::new("").unwrap_err());
    assert_eq!(pattern.code(), "invalid_pattern");
    all
}

/// The errors of the protocol of calls.
fn calls() -> Vec<Case> {
    let mut limits = AskLimits::default();
    limits.max_open = 0;
    let now = tokio::time::Instant::now().into_std();
    let many = Asker::new(limits).ask(now).unwrap_err();
    let mut window = Window::new(WindowLimits::default());
    let overrun = window.received(usize::MAX).unwrap_err();
    let invalid = InvalidControl::new(format(), None);
    assert_eq!(invalid.code(), codes::INVALID_JSON, "a format's code is its own");
    let mut all = vec![
        Case::new(("core", "TooManyCalls"), &many, many.code()),
        Case::new(("core", "Overrun"), &overrun, overrun.code()),
    ];
    for error in [CallError::NotSent(EmitError::Closed), CallError::InvalidResult(format())] {
        assert!([codes::CLOSED, codes::INVALID_JSON].contains(&codes::of_call(&error)));
    }
    let own = CallError::from(Failure::new("ENOENT", "no such file"));
    assert_eq!((own.code(), codes::of_call(&own)), ("ENOENT", "ENOENT"));
    for error in [
        CallError::Deadline { within: LIMIT },
        CallError::Disconnected { sent: Sent::Maybe },
        CallError::Closed { sent: Sent::No },
        CallError::TooMany(many),
        CallError::UnexpectedStream,
        CallError::Overrun(overrun),
        CallError::EventsFull { limit: 1, actual: 2 },
        CallError::Unsupported("no calls"),
    ] {
        all.push(call("CallError", &error));
    }
    for code in
        ["deadline", "unknown_method", "invalid_args", "busy", "cancelled", "closing", "denied"]
    {
        all.push(call("CallError", &CallError::from(Failure::new(code, "refused"))));
    }
    for code in ["identity_in_use", "repeated_hello", "refused", "unsupported_version"] {
        let error = CallError::from(Failure::new(code, "failed"));
        all.push(Case::new(("core", "Failure"), &error, code));
    }
    for code in ["panicked", "needs_stream", "too_large", "invalid_call"] {
        all.push(call("Failure", &CallError::from(Failure::new(code, "failed"))));
    }
    let full = SinkError::EventsFull { limit: 1, actual: 2 };
    for error in [SinkError::Ended, SinkError::NoCredit, SinkError::NoStream, full] {
        all.push(Case::new(("core", "SinkError"), &error, error.code()));
    }
    for error in [
        GroupError::NameTooLong { limit: 1, actual: 2 },
        GroupError::TooManyOfPeer { limit: 1, actual: 2 },
        GroupError::TooManyOfServer { limit: 1, actual: 2 },
        GroupError::Closed,
        GroupError::NotOfServer,
    ] {
        let style = codes::of_group(&error);
        all.push(Case::new(("core", "GroupError"), &error, error.code()).style(style));
    }
    assert_eq!(SinkError::from(EmitError::Closed).code(), EmitError::Closed.code());
    let none = CallError::from(Failure::new(Failure::NO_CODE, "failed"));
    all.push(Case::new(("core", "CallError"), &none, Failure::NO_CODE));
    all
}

/// A call's error; its codes are the error's, which may be the peer's own.
fn call(kind: &'static str, error: &CallError) -> Case {
    let kept = |code: &str| &*Box::leak(code.to_owned().into_boxed_str());
    let case = Case::new(("core", kind), error, kept(error.code()));
    case.style(kept(codes::of_call(error)))
}

fn emit() -> Vec<Case> {
    let (limit, actual) = (1, 2);
    let errors = [
        EmitError::Full(QueueLimit::Messages { limit, actual }),
        EmitError::Full(QueueLimit::Bytes { limit, actual }),
        EmitError::TooLarge { limit, actual },
        EmitError::TooLargeForDatagram { limit, actual },
        EmitError::Closed,
        EmitError::UnknownPeer(7.into()),
        EmitError::Topic(TopicError::Wildcard { number: 1 }),
    ];
    let case = |error: EmitError| {
        Case::new(("core", "EmitError"), &error, error.code()).style(codes::of_emit(&error))
    };
    errors.into_iter().map(case).collect()
}

fn refusals() -> Vec<Case> {
    let endpoint = Endpoint::Memory("m".into());
    let transport = TransportError::PeerRefused { endpoint, expected: 1, actual: Some(2) };
    let refusals = [
        Refusal::TooManyPeers { limit: 1 },
        Refusal::TooManyOfIdentity { limit: 1 },
        Refusal::User { uid: 1, gid: 2 },
        Refusal::UnknownUser,
        Refusal::NoCertificate,
        Refusal::new("a stranger"),
        Refusal::Transport(Arc::new(transport)),
        Refusal::undecided("the database is away"),
        Refusal::Late { limit: LIMIT, said_hello: false },
        Refusal::NoHello,
        Refusal::TooManyBytes { limit: 1, actual: 2 },
        Refusal::TooManyWaiting { limit: 1 },
        Refusal::IdentityInUse { name: "alice".into() },
        Refusal::IdentityRefused { name: "alice".into(), left: LIMIT },
    ];
    let case = |refusal: Refusal| {
        // The transport's refusal is the transport's error.
        let of = match refusal {
            Refusal::Transport(_) => ("transport", "TransportError"),
            _ => ("core", "Refusal"),
        };
        Case::new(of, &refusal, refusal.code()).style(codes::of_refusal(&refusal))
    };
    refusals.into_iter().map(case).collect()
}

fn ends() -> Vec<Case> {
    let failed = Arc::new(Error::Closed);
    let reason = DisconnectReason::Error(Arc::clone(&failed));
    assert_eq!((reason.code(), codes::of_disconnect(&reason)), ("closed", codes::CLOSED));
    let connect = ConnectError::Failed(failed);
    assert_eq!((connect.code(), codes::of_connect(&connect)), ("closed", codes::CLOSED));
    let closed = ConnectError::Closed;
    let case = Case::new(("core", "ConnectError"), &closed, closed.code());
    let mut all = vec![case.style(codes::of_connect(&closed))];
    for reason in [
        DisconnectReason::Local,
        DisconnectReason::PeerClosed,
        DisconnectReason::Reset,
        DisconnectReason::Truncated { buffered: 1 },
    ] {
        let case = Case::new(("core", "DisconnectReason"), &reason, reason.code());
        all.push(case.style(codes::of_disconnect(&reason)));
    }
    all
}
