//! `Task`: what a client is asked to do in one round, and the words it is told it with.

use std::fmt;
use std::str::FromStr;

/// What a client is asked to do in one round.
///
/// It travels as words on a command line, so that a client in any language can be asked:
/// `echo body=64 in_flight=1 messages=5000 warm_up=500`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Task {
    /// What is done.
    pub work: Work,
    /// The bytes of text in each message.
    pub body: usize,
    /// How many messages are on their way at a time.
    pub in_flight: u64,
    /// How many messages are measured.
    pub messages: u64,
    /// How many messages go before them, unmeasured.
    pub warm_up: u64,
    /// The messages of a second, if the pace is fixed.
    pub rate: u64,
    /// How many connections there are.
    pub connections: usize,
    /// How many of them do not read.
    pub stalled: usize,
    /// How many more connections there are which nothing is sent to: the first ones are a group.
    pub others: usize,
    /// The bytes that arrive at a time, where there is no socket.
    pub chunk: usize,
}

/// What is done with messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Work {
    /// Each message comes back, then the next is sent.
    Echo,
    /// Messages go one way as fast as they are taken; the end is acknowledged.
    Flood,
    /// Messages are sent at a fixed pace, whatever comes back; each comes back.
    Paced,
    /// As `Paced`, and every connection has its turn.
    Shared,
    /// As `Echo`, where messages may be lost: one that has not come back in time is.
    LossyEcho,
    /// As `Flood`, where messages may be lost: the end says how many have arrived.
    LossyFlood,
    /// The server sends to every connection; the end is seen by each that reads.
    Broadcast,
    /// Each call is answered with its arguments, then the next is made.
    Call,
    /// One call is answered with a stream of items.
    Stream,
    /// Connections that do nothing, beside some that echo.
    Idle,
    /// Messages at a fixed pace while the server is killed and started again.
    Restart,
    /// No socket: frames are decoded in memory, envelope included.
    Decode,
    /// No socket: messages are encoded into frames in memory.
    Encode,
    /// No socket: frames are only told apart.
    Scan,
}

impl Task {
    /// Returns a task with one message of 64 bytes at a time, a tenth of them to warm up.
    #[must_use]
    pub fn new(work: Work, messages: u64) -> Self {
        Self {
            work,
            body: 64,
            in_flight: 1,
            messages,
            warm_up: messages / 10,
            rate: 0,
            connections: 1,
            stalled: 0,
            others: 0,
            chunk: 64 * 1024,
        }
    }

    /// Returns the task with so many messages, and as many to warm up as before.
    #[must_use]
    pub fn messages(mut self, messages: u64) -> Self {
        self.messages = messages;
        self
    }

    /// Returns the task with so many bytes of text in each message.
    #[must_use]
    pub fn body(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    /// Returns the task with so many messages on their way at a time.
    #[must_use]
    pub fn in_flight(mut self, messages: u64) -> Self {
        self.in_flight = messages;
        self
    }

    /// Returns the task at this pace, in messages a second.
    #[must_use]
    pub fn rate(mut self, rate: u64) -> Self {
        self.rate = rate;
        self
    }

    /// Returns the task over so many connections, of which so many do not read.
    #[must_use]
    pub fn connections(mut self, connections: usize, stalled: usize) -> Self {
        (self.connections, self.stalled) = (connections, stalled);
        self
    }

    /// Returns the task with so many more connections, beside the group that the first ones are.
    #[must_use]
    pub fn others(mut self, connections: usize) -> Self {
        self.others = connections;
        self
    }

    /// Returns the task with so many bytes arriving at a time.
    #[must_use]
    pub fn chunk(mut self, bytes: usize) -> Self {
        self.chunk = bytes;
        self
    }

    /// Returns the task with so many messages to warm up.
    #[must_use]
    pub fn warm_up(mut self, messages: u64) -> Self {
        self.warm_up = messages;
        self
    }

    /// Returns the number of the measured and the unmeasured messages.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.messages + self.warm_up
    }
}

impl Work {
    const ALL: [(Self, &'static str); 14] = [
        (Self::Echo, "echo"),
        (Self::Flood, "flood"),
        (Self::Paced, "paced"),
        (Self::Shared, "shared"),
        (Self::LossyEcho, "lossy-echo"),
        (Self::LossyFlood, "lossy-flood"),
        (Self::Broadcast, "broadcast"),
        (Self::Call, "call"),
        (Self::Stream, "stream"),
        (Self::Idle, "idle"),
        (Self::Restart, "restart"),
        (Self::Decode, "decode"),
        (Self::Encode, "encode"),
        (Self::Scan, "scan"),
    ];

    /// Returns its name on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(work, _)| *work == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { work, body, in_flight, messages, warm_up, rate, .. } = self;
        let Self { connections, stalled, others, chunk, .. } = self;
        write!(f, "{} body={body} in_flight={in_flight} messages={messages}", work.name())?;
        write!(f, " warm_up={warm_up} rate={rate} connections={connections} stalled={stalled}")?;
        write!(f, " others={others} chunk={chunk}")
    }
}

impl FromStr for Task {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let name = words.next().unwrap_or_default();
        let work = Work::ALL.into_iter().find(|(_, known)| *known == name);
        let (work, _) = work.ok_or_else(|| format!("no work is called {name:?}"))?;
        let mut task = Self::new(work, 0);
        for word in words {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let value: u64 = value.parse().map_err(|_| format!("{word}: not a whole number"))?;
            let size = usize::try_from(value).map_err(|error| format!("{word}: {error}"))?;
            match name {
                "body" => task.body = size,
                "in_flight" => task.in_flight = value,
                "messages" => task.messages = value,
                "warm_up" => task.warm_up = value,
                "rate" => task.rate = value,
                "connections" => task.connections = size,
                "stalled" => task.stalled = size,
                "others" => task.others = size,
                "chunk" => task.chunk = size,
                _ => return Err(format!("{name} is not known")),
            }
        }
        Ok(task)
    }
}

#[cfg(test)]
mod tests {
    use super::{Task, Work};

    #[test]
    fn a_task_is_understood_as_it_is_written() {
        let task = Task::new(Work::Paced, 5000).body(1024).in_flight(64).rate(7).connections(9, 1);
        let task = task.others(3);
        assert_eq!(task.to_string().parse(), Ok(task));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in ["", "dance", "echo body", "echo body=x", "echo size=1"] {
            assert!(text.parse::<Task>().is_err(), "{text}");
        }
    }
}
