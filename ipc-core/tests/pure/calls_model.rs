//! Calls in random schedules: each ends exactly once, and none that ran is called unsent.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use ipc_core::protocol::calls::{
    Abandoned, Admission, Answer, AnswerLimits, Answered, Answerer, AskLimits, Asker, CallNumber,
    Sent,
};

/// How many schedules are tried; more by the environment variable `CALLS_MODEL_SEEDS`.
const SEEDS: u64 = 2_000;

/// A frame of the asking side, in its send queue or on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    Call(u64),
    Cancel(u64),
}

/// Two sides and what is between them.
struct World {
    random: u64,
    now: Instant,
    asker: Asker,
    answerer: Answerer,
    /// The send queue, each frame with its number. `written` is how many have left it.
    queue: VecDeque<(u64, Frame)>,
    entered: u64,
    half_written: bool,
    /// The calls' frames and answers on their way.
    there: VecDeque<Frame>,
    back: VecDeque<(u64, Answer)>,
    /// The calls that run over there, by the id of that side.
    running: BTreeMap<u64, u64>,
    streams: BTreeSet<u64>,
    /// Those that do not wait for another connection.
    bound: BTreeSet<u64>,
    open: BTreeSet<u64>,
    ended: BTreeSet<u64>,
    ran: BTreeSet<u64>,
    /// The calls whose cancel is owed: abandoned or expired, and written on this connection.
    cancelled: BTreeMap<u64, u32>,
    /// Whether so many were owed that the oldest was forgotten.
    forgot: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut limits = AskLimits::default();
        limits.max_open = 6;
        limits.deadline = Duration::from_secs(5);
        let mut answers = AnswerLimits::default();
        answers.max_running = 4;
        answers.max_time = Duration::from_secs(20);
        Self {
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            now: tokio::time::Instant::now().into_std(),
            asker: Asker::new(limits),
            answerer: Answerer::new(answers),
            queue: VecDeque::new(),
            entered: 0,
            half_written: false,
            there: VecDeque::new(),
            back: VecDeque::new(),
            running: BTreeMap::new(),
            streams: BTreeSet::new(),
            bound: BTreeSet::new(),
            open: BTreeSet::new(),
            ended: BTreeSet::new(),
            ran: BTreeSet::new(),
            cancelled: BTreeMap::new(),
            forgot: false,
        }
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % limit
    }

    fn pick(&mut self, from: &BTreeSet<u64>) -> Option<u64> {
        let at = self.below(from.len().max(1) as u64);
        from.iter().nth(usize::try_from(at).unwrap()).copied()
    }

    fn written(&self) -> u64 {
        self.entered - self.queue.len() as u64
    }

    fn end(&mut self, number: u64) {
        assert!(self.open.remove(&number), "{number} ended, and was not open");
        assert!(self.ended.insert(number), "{number} ended twice");
    }

    fn enter(&mut self, frame: Frame) -> u64 {
        let number = self.entered;
        self.entered += 1;
        self.queue.push_back((number, frame));
        number
    }

    fn ask(&mut self) {
        let stream = self.below(3) == 0;
        let number = if stream {
            self.asker.ask_stream(self.now, Duration::from_secs(2))
        } else {
            self.asker.ask(self.now)
        };
        let Ok(number) = number else {
            assert_eq!(self.asker.len(), 6);
            return;
        };
        assert!(self.open.insert(number) && !self.ended.contains(&number), "a number came twice");
        if stream {
            self.streams.insert(number);
        }
        if self.below(3) == 0 {
            self.bound.insert(number);
            self.asker.bind(number);
        }
        let frame = self.enter(Frame::Call(number));
        self.asker.queued(number, frame);
    }

    fn write(&mut self) {
        if self.queue.is_empty() {
            return;
        }
        if self.below(4) == 0 {
            self.half_written = true;
            return;
        }
        self.half_written = false;
        if let Some((_, frame)) = self.queue.pop_front() {
            self.there.push_back(frame);
        }
    }

    fn arrive(&mut self) {
        let frame = self.there.pop_front();
        match frame {
            Some(Frame::Call(number)) => {
                let twice = self.below(10) == 0;
                for _ in 0..=u8::from(twice) {
                    let name = CallNumber::integer(number).unwrap();
                    let left = Some(Duration::from_secs(4));
                    let admission = if self.streams.contains(&number) {
                        self.answerer.call_stream(self.now, name, left)
                    } else {
                        self.answerer.call(self.now, Some(name), left)
                    };
                    match admission {
                        Admission::Run { id, deadline } => {
                            assert!(deadline > self.now && self.ran.insert(number), "{number}");
                            self.running.insert(id, number);
                        }
                        Admission::Busy { limit } => {
                            assert_eq!(limit, self.answerer.len());
                            self.back.push_back((number, Answer::Last));
                            break;
                        }
                        Admission::Duplicate => assert!(twice),
                    }
                }
            }
            Some(Frame::Cancel(number)) => {
                if let Some(id) = self.answerer.cancel(&CallNumber::integer(number).unwrap()) {
                    assert_eq!(self.running.remove(&id), Some(number));
                }
            }
            None => {}
        }
    }

    fn answer(&mut self) {
        let ids: BTreeSet<u64> = self.running.keys().copied().collect();
        let Some(id) = self.pick(&ids) else { return };
        let number = CallNumber::integer(self.running[&id]).unwrap();
        if self.below(2) == 0 && self.answerer.item(id, self.now) == Some(&number) {
            self.back.push_back((self.running[&id], Answer::Item));
            return;
        }
        let asked = self.running.remove(&id).unwrap();
        assert_eq!(self.answerer.done(id), Some(number));
        assert_eq!(self.answerer.done(id), None);
        // A peer that does not keep to the rules sends an item of a call for one answer.
        let rude = self.below(20) == 0;
        self.back.push_back((asked, if rude { Answer::Item } else { Answer::Last }));
    }

    fn hear(&mut self) {
        let Some((number, answer)) = self.back.pop_front() else { return };
        let late = self.asker.late_answers();
        match self.asker.answer(number, answer, self.now) {
            Some(Answered::Done) => self.end(number),
            Some(Answered::Item) => assert!(self.streams.contains(&number)),
            Some(Answered::Unexpected) => {
                assert!(!self.streams.contains(&number));
                self.end(number);
                *self.cancelled.entry(number).or_default() += 1;
            }
            None => assert_eq!(
                (self.asker.late_answers(), self.open.contains(&number)),
                (late + 1, false)
            ),
        }
    }

    fn abandon(&mut self) {
        let open = self.open.clone();
        let Some(number) = self.pick(&open) else { return };
        let first_unsent = self.written() + u64::from(self.half_written);
        let at = self.queue.iter().position(|(_, frame)| *frame == Frame::Call(number));
        match self.asker.abandon(number, first_unsent) {
            Abandoned::TakeBack { frame } => {
                let at = at.unwrap();
                assert_eq!(self.queue[at].0, frame);
                // Only the newest frame can be taken back.
                if at + 1 == self.queue.len() {
                    self.queue.pop_back();
                    self.entered -= 1;
                    assert!(!self.ran.contains(&number));
                } else {
                    self.asker.owe_cancel(number, frame);
                    *self.cancelled.entry(number).or_default() += 1;
                }
            }
            Abandoned::Cancel => {
                assert!(at.is_none_or(|at| at == 0 && self.half_written));
                *self.cancelled.entry(number).or_default() += 1;
            }
            Abandoned::Nothing => panic!("{number} was queued"),
        }
        self.end(number);
    }

    fn cancel(&mut self) {
        let Some(owed) = self.asker.next_cancel() else { return };
        let number = owed.number;
        if let Some((frame, _)) = self.queue.iter().find(|(_, frame)| *frame == Frame::Call(number))
        {
            assert_eq!(owed.frame, *frame);
        }
        if self.below(3) == 0 {
            // No capacity: later.
            self.asker.owe_cancel(number, owed.frame);
            return;
        }
        let owed = self.cancelled.remove(&number);
        assert_eq!(owed, Some(1), "{number} is cancelled once, and only when it was owed");
        self.enter(Frame::Cancel(number));
    }

    fn tick(&mut self) {
        let ahead = self.below(3000);
        self.now += Duration::from_millis(ahead);
        assert_eq!(self.asker.next_deadline().is_some(), !self.open.is_empty());
        for number in self.asker.expire(self.now) {
            self.end(number);
            *self.cancelled.entry(number).or_default() += 1;
        }
        assert!(self.asker.next_deadline().is_none_or(|at| at > self.now));
        for expired in self.answerer.expire(self.now) {
            let number = self.running.remove(&expired.id).unwrap();
            assert_eq!(expired.number, CallNumber::integer(number));
            self.back.push_back((number, Answer::Last));
        }
    }

    /// The queue drops its oldest frame of which nothing is written.
    fn evict(&mut self) {
        let at = usize::from(self.half_written);
        let Some((frame, dropped)) = self.queue.get(at).copied() else { return };
        if at > 0 {
            // The numbers of what is behind it would move: the model drops the front only.
            return;
        }
        self.queue.pop_front();
        let evicted = self.asker.evicted(frame..frame + 1);
        match dropped {
            Frame::Call(number) if self.open.contains(&number) => {
                assert_eq!(evicted, [number]);
                assert!(!self.ran.contains(&number), "{number} ran, and was not sent");
                self.end(number);
            }
            _ => assert!(evicted.is_empty()),
        }
    }

    fn lose(&mut self, for_ever: bool) {
        let written = self.written();
        let lost = if for_ever {
            self.asker.closed(written)
        } else {
            let lost = self.asker.connection_lost(written);
            self.take_out(&lost.frames);
            lost.calls
        };
        assert!(
            lost.is_sorted_by_key(|(number, _)| *number),
            "in the order in which they were made"
        );
        for (number, sent) in lost {
            let waits = self.queue.iter().any(|(_, frame)| *frame == Frame::Call(number));
            assert_eq!(waits, for_ever && sent == Sent::No, "{number} is {sent:?}");
            if sent == Sent::No {
                assert!(for_ever || self.bound.contains(&number));
                assert!(!self.ran.contains(&number), "{number} ran, and was not sent");
            }
            self.end(number);
        }
        // A call that is still to be sent is followed by its cancel; of the others the peer knows
        // nothing any more.
        let waiting = |number: &u64| {
            !for_ever && self.queue.iter().any(|(_, frame)| *frame == Frame::Call(*number))
        };
        self.cancelled.retain(|number, _| waiting(number));
        assert!(self.forgot || self.asker.owes_cancels() != self.cancelled.is_empty());
        self.forgot &= !self.cancelled.is_empty();
        let stopped = self.answerer.connection_lost();
        assert!(stopped.iter().eq(self.running.keys()));
        self.running.clear();
        self.there.clear();
        self.back.clear();
        self.half_written = false;
    }

    /// Removes frames of the queue; those behind count one less for each.
    fn take_out(&mut self, frames: &[u64]) {
        let before = self.queue.len();
        self.queue.retain(|(frame, _)| !frames.contains(frame));
        assert_eq!(self.queue.len(), before - frames.len());
        let first = self.entered - before as u64;
        for (frame, number) in self.queue.iter_mut().zip(first..) {
            frame.0 = number;
        }
        self.entered -= frames.len() as u64;
        self.asker.taken_out(frames);
    }

    fn step(&mut self) {
        match self.below(24) {
            0..=4 => self.ask(),
            5..=9 => self.write(),
            10..=13 => self.arrive(),
            14..=16 => self.answer(),
            17..=19 => self.hear(),
            20 => self.abandon(),
            21 => self.cancel(),
            22 => self.tick(),
            _ => match self.below(6) {
                0 => self.lose(false),
                1 => self.evict(),
                _ => {}
            },
        }
        self.forgot |= self.cancelled.len() > 6;
        assert_eq!(self.asker.len(), self.open.len());
        assert_eq!(self.answerer.len(), self.running.len());
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how many schedules are tried is a variable")]
fn each_call_ends_once_and_none_that_ran_is_called_unsent() {
    let seeds = std::env::var("CALLS_MODEL_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    for seed in 0..seeds.unwrap_or(SEEDS) {
        let mut world = World::new(seed);
        for _ in 0..300 {
            world.step();
        }
        world.lose(true);
        assert!(world.asker.is_empty() && world.answerer.is_empty(), "seed {seed}");
        assert_eq!(world.asker.next_deadline(), None);
        assert_eq!(world.answerer.next_deadline(), None);
        assert!(world.open.is_empty(), "seed {seed}");
    }
}
