//! Surveys: one call of many peers.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_core::Stream;
use ipc_core::{
    Call, CallError, Client, EmitError, Failure, MsgPack, Peer, PeerId, Server, Survey,
};
use ipc_transport::MemoryTransport;
use tokio::time::{Instant, sleep};

use crate::raw::RawPeer;
use crate::rig::{Notes, narrow, pair, soon, transport};

const SECOND: Duration = Duration::from_secs(1);

/// A server with raw clients, of which all are in the group `all`.
pub(crate) struct Room {
    pub(crate) server: Server<MsgPack>,
    pub(crate) raws: Vec<RawPeer>,
    pub(crate) peers: Vec<Peer<MsgPack>>,
    transport: MemoryTransport,
}

impl Room {
    pub(crate) async fn of(count: usize) -> Self {
        Self::on(transport(), count, |format, transport| {
            Server::builder(format, transport).max_connections(1000)
        })
        .await
    }

    pub(crate) async fn on(
        transport: MemoryTransport,
        count: usize,
        settings: impl FnOnce(MsgPack, MemoryTransport) -> ipc_core::ServerBuilder<MsgPack>,
    ) -> Self {
        let server = settings(MsgPack::new(), transport.clone()).build();
        server.listen().await.unwrap();
        let mut room = Self { server, raws: Vec::new(), peers: Vec::new(), transport };
        for _ in 0..count {
            room.enter().await;
        }
        room
    }

    /// Connects one more.
    pub(crate) async fn enter(&mut self) {
        self.raws.push(RawPeer::dial(&self.transport).await);
        // They are numbered in the order in which they come.
        let id = PeerId::from(self.peers.len() as u64 + 1);
        let entered = soon(async {
            loop {
                match self.server.peer(id) {
                    Some(peer) => return peer,
                    None => tokio::task::yield_now().await,
                }
            }
        });
        let peer = entered.await;
        peer.join("all").unwrap();
        self.peers.push(peer);
    }

    /// Asks everyone in `all`.
    pub(crate) fn ask(&self) -> Survey<MsgPack, u64> {
        self.server.to("all").call("ask", &1).survey()
    }
}

/// Gathers the answers as text, by the numbers of the peers.
pub(crate) async fn texts(survey: Survey<MsgPack, u64>) -> Vec<(u64, String)> {
    let mut answers = soon(survey.gather()).await;
    answers.sort_by_key(|(peer, _)| *peer);
    let text = |answer: Result<u64, CallError>| match answer {
        Ok(answer) => answer.to_string(),
        Err(error) => kind(&error),
    };
    answers.into_iter().map(|(peer, answer)| (peer.get(), text(answer))).collect()
}

fn kind(error: &CallError) -> String {
    match error {
        CallError::Disconnected { sent } => format!("disconnected {sent:?}"),
        CallError::Closed { sent } => format!("closed {sent:?}"),
        CallError::Deadline { within } => format!("deadline {within:?}"),
        CallError::NotSent(EmitError::Full(_)) => "full".to_owned(),
        CallError::NotSent(EmitError::UnknownPeer(peer)) => format!("unknown {peer}"),
        error => error.code().to_owned(),
    }
}

/// Polls a survey once, which has no answer yet.
async fn poll_once(survey: &mut Survey<MsgPack, u64>) {
    poll_fn(|cx| {
        assert!(Pin::new(&mut *survey).poll_next(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

async fn each_member_answers_once() {
    let transport = transport();
    let server = Server::builder(MsgPack::new(), transport.clone()).build();
    server.on("enter", |groups: Vec<String>, peer| {
        for group in groups {
            peer.join(&group).unwrap();
        }
        peer.emit("entered", &()).unwrap();
    });
    server.listen().await.unwrap();
    let mut clients = Vec::new();
    for groups in [&["workers", "staff"][..], &["workers"], &["staff"], &["muted", "staff"], &[]] {
        let client = Client::builder(MsgPack::new(), transport.clone()).build();
        client.on_call("add", |args: (u64, u64), _| async move {
            if args.0 == 0 { Err(Failure::new("zero", "is zero")) } else { Ok(args.0 + args.1) }
        });
        let entered = Notes::new();
        let other = entered.clone();
        client.on("entered", move |(): (), _| other.note("entered"));
        client.emit("enter", groups).unwrap();
        entered.until("entered").await;
        clients.push(client);
    }
    let both = server.to("workers").to("staff").except("muted");
    let mut survey = both.call("add", &(1, 2)).within(60 * SECOND).survey::<u64>();
    let mut asked = Vec::new();
    for left in (1..=3).rev() {
        assert_eq!((survey.left(), survey.size_hint()), (left, (left, Some(left))));
        let (peer, sum) = soon(survey.next()).await.unwrap();
        assert_eq!(sum.unwrap(), 3);
        asked.push(peer.get());
    }
    assert!(soon(survey.next()).await.is_none() && soon(survey.next()).await.is_none());
    asked.sort_unstable();
    assert_eq!(asked, [1, 2, 3]);
    // Failures, results of another type and unknown methods are each peer's own.
    for (method, args, code) in
        [("add", (0, 1), "zero"), ("sub", (1, 1), "unknown_method"), ("add", (1, 1), "")]
    {
        let answers = soon(server.to("workers").call(method, &args).survey::<u64>().gather()).await;
        assert_eq!(answers.len(), 2);
        for (peer, answer) in answers {
            assert_eq!(answer.as_ref().err().map_or("", CallError::code), code, "{peer}");
        }
    }
    for (_, text) in soon(both.call("add", &(1, 2)).survey::<String>().gather()).await {
        assert!(matches!(text, Err(CallError::InvalidResult(_))), "{text:?}");
    }
    let nobody = server.to("empty").call("add", &(1, 2)).survey::<u64>();
    assert!(soon(nobody.gather()).await.is_empty());
}

async fn a_thousand_peers_answer() {
    let room = Room::of(1000).await;
    let server = room.server.clone();
    let mut tasks = tokio::task::JoinSet::new();
    for (n, mut raw) in (0..).zip(room.raws) {
        tasks.spawn(async move {
            for _ in 0..3 {
                assert_eq!(raw.hear().await, "call ask 1");
                raw.reply(n).await;
            }
            raw
        });
    }
    for _ in 0..3 {
        let survey = server.to("all").call("ask", &1).within(300 * SECOND).survey::<u64>();
        let answers: Vec<_> = texts(survey).await;
        let wanted: Vec<_> = (0..1000).map(|n| (n + 1, n.to_string())).collect();
        assert_eq!(answers, wanted);
    }
    soon(tasks.join_all()).await;
}

#[tokio::test(start_paused = true)]
async fn one_number_in_one_frame_goes_to_all() {
    let mut room = Room::of(3).await;
    let mut last = 0;
    for _ in 0..2 {
        let survey = room.ask();
        let mut numbers = Vec::new();
        for raw in &mut room.raws {
            assert_eq!(raw.hear().await, "call ask 1");
            assert_eq!(raw.left, Some(5 * SECOND));
            numbers.push(raw.number);
            raw.answer(raw.number, raw.number).await;
        }
        let first = numbers[0];
        assert!((1 << 52..1 << 53).contains(&first) && first != last, "{first}");
        assert_eq!(numbers, [first; 3]);
        let wanted: Vec<_> = (1..=3).map(|peer| (peer, first.to_string())).collect();
        assert_eq!(texts(survey).await, wanted);
        last = first;
    }
    // Calls of one peer are numbered apart.
    let call = tokio::spawn({
        let peer = room.peers[0].clone();
        async move { peer.call::<_, u64>("ask", &2).await }
    });
    assert_eq!(room.raws[0].hear().await, "call ask 2");
    assert!(room.raws[0].number < 1 << 52);
    room.raws[0].reply(7).await;
    assert_eq!(soon(call).await.unwrap().unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_ends_at_the_deadline_and_is_told_to_cancel() {
    let mut room = Room::of(3).await;
    let began = Instant::now();
    let survey = room.ask();
    assert_eq!(room.raws[1].hear().await, "call ask 1");
    room.raws[1].reply(7).await;
    let [deadline, answer] = ["deadline 5s", "7"].map(str::to_owned);
    assert_eq!(texts(survey).await, [(1, deadline.clone()), (2, answer), (3, deadline)]);
    assert_eq!(began.elapsed(), 5 * SECOND);
    for raw in [0, 2] {
        let raw = &mut room.raws[raw];
        assert_eq!(raw.hear().await, "call ask 1");
        assert_eq!(raw.hear().await, format!("cancel {}", raw.number));
        // Too late.
        raw.reply(8).await;
    }
    assert!(room.raws[1].is_silent().await);
    drop(room.raws);
    let report = soon(room.server.shutdown(60 * SECOND)).await;
    assert_eq!((report.cut, report.undelivered.len()), (0, 0));
    assert_eq!(began.elapsed(), 6 * SECOND, "a call is left open");
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_there_at_the_deadline_count() {
    let mut room = Room::of(2).await;
    let survey = room.ask();
    let raw = &mut room.raws[0];
    assert_eq!(raw.hear().await, "call ask 1");
    raw.reply(7).await;
    sleep(60 * SECOND).await;
    assert_eq!(texts(survey).await, [(1, "7".to_owned()), (2, "deadline 5s".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn who_goes_is_disconnected_at_once() {
    let mut room = Room::on(narrow(64), 3, Server::builder).await;
    // The third one does not read: its call is not written whole.
    room.peers[2].emit("fill", "x".repeat(100).as_str()).unwrap();
    let began = Instant::now();
    let mut survey = room.ask();
    poll_once(&mut survey).await;
    assert_eq!(room.raws[0].hear().await, "call ask 1");
    drop(room.raws.remove(0));
    let (peer, answer) = soon(survey.next()).await.unwrap();
    assert_eq!((peer.get(), kind(&answer.unwrap_err())), (1, "disconnected Maybe".to_owned()));
    drop(room.raws.remove(1));
    let (peer, answer) = soon(survey.next()).await.unwrap();
    let error = answer.unwrap_err();
    assert_eq!((peer.get(), kind(&error)), (3, "disconnected No".to_owned()));
    assert!(error.has_not_run());
    assert_eq!(began.elapsed(), Duration::ZERO);
    // A server that closes it itself has closed it.
    room.peers[1].disconnect();
    assert_eq!(texts(survey).await, [(2, "closed Maybe".to_owned())]);
    // Who is closed is not asked, and who was named is told of.
    let only = room.server.only([PeerId::from(2), PeerId::from(99)]);
    let ended = ["unknown 2", "unknown 99"].map(str::to_owned);
    let survey = only.call("ask", &1).survey();
    assert_eq!(texts(survey).await, [(2, ended[0].clone()), (99, ended[1].clone())]);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn dropping_it_cancels_the_others() {
    let mut room = Room::of(3).await;
    let mut survey = room.ask();
    for raw in &mut room.raws {
        assert_eq!(raw.hear().await, "call ask 1");
    }
    room.raws[0].reply(7).await;
    assert_eq!(soon(survey.next()).await.unwrap().1.unwrap(), 7);
    drop(survey);
    assert!(room.raws[0].is_silent().await);
    for raw in &mut room.raws[1..] {
        assert_eq!(raw.hear().await, format!("cancel {}", raw.number));
    }
}

#[tokio::test(start_paused = true)]
async fn later_ones_are_not_asked() {
    let mut room = Room::of(1).await;
    let survey = room.ask();
    room.enter().await;
    assert!(room.raws[1].is_silent().await);
    let raw = &mut room.raws[0];
    // It leaves the group, and was asked all the same.
    room.peers[0].leave("all");
    assert_eq!(raw.hear().await, "call ask 1");
    raw.reply(7).await;
    assert_eq!(texts(survey).await, [(1, "7".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn what_else_a_peer_answers_is_not_taken() {
    let mut room = Room::of(3).await;
    let survey = room.ask();
    for raw in &mut room.raws {
        assert_eq!(raw.hear().await, "call ask 1");
    }
    let number = room.raws[0].number;
    // Twice; an item, after which its call is cancelled; and to no call of this survey.
    room.raws[0].answer(number, 7).await;
    room.raws[0].answer(number, 8).await;
    room.raws[0].fail(number, "late").await;
    room.raws[1].item(number, 9).await;
    room.raws[2].answer(number + 1, 10).await;
    room.raws[2].answer(number - (1 << 52), 11).await;
    let answers = ["7", "unexpected_stream", "deadline 5s"].map(str::to_owned);
    let wanted: Vec<_> = (1..).zip(answers).collect();
    assert_eq!(texts(survey).await, wanted);
    assert_eq!(room.raws[1].hear().await, format!("cancel {number}"));
}

#[tokio::test(start_paused = true)]
async fn within_a_call_it_has_what_that_one_has_left() {
    let (pair, notes) = (pair().await, Notes::new());
    let other = notes.clone();
    pair.client.on_call("inner", move |(): (), call: Call<MsgPack>| {
        other.note(call.time_left().as_millis());
        async { Ok::<u64, Failure>(1) }
    });
    let server = pair.server.clone();
    pair.server.on_call("outer", move |(): (), _| {
        let server = server.clone();
        async move {
            let inner = server.all();
            let inner = || inner.call("inner", &());
            let mut sum = 0;
            for inner in [inner(), inner().within(SECOND), inner().detached()] {
                for (_, answer) in inner.survey::<u64>().gather().await {
                    sum += answer?;
                }
            }
            Ok::<u64, CallError>(sum)
        }
    });
    let sum: u64 = soon(pair.client.call("outer", &()).within(2 * SECOND)).await.unwrap();
    assert_eq!(sum, 3);
    assert_eq!(notes.lines(), ["2000", "1000", "5000"]);
}

#[tokio::test(start_paused = true)]
async fn a_notice_goes_to_each_member_and_is_not_answered() {
    let mut room = Room::of(3).await;
    room.peers[1].join("muted").unwrap();
    let named = room.server.to("all").to(PeerId::from(99)).except("muted");
    let report = named.notice("log", "text").unwrap();
    assert_eq!(report.sent, 2);
    let unknown = PeerId::from(99);
    assert_eq!(report.failed, [(unknown, EmitError::UnknownPeer(unknown))]);
    assert_eq!(room.server.all().notice("log", "more").unwrap().sent, 3);
    for raw in [0, 2] {
        assert_eq!(room.raws[raw].hear().await, "notice log text");
    }
    for raw in &mut room.raws {
        assert_eq!(raw.hear().await, "notice log more");
    }
}

both_runtimes!(each_member_answers_once, a_thousand_peers_answer);

#[tokio::test(start_paused = true)]
async fn it_can_move_to_another_task() {
    let mut room = Room::of(1).await;
    let mut survey = room.ask();
    poll_once(&mut survey).await;
    let gathering = tokio::spawn(survey.gather());
    assert_eq!(room.raws[0].hear().await, "call ask 1");
    room.raws[0].reply(7).await;
    let answers = soon(gathering).await.unwrap();
    assert!(matches!(answers[..], [(_, Ok(7))]), "{answers:?}");
}
