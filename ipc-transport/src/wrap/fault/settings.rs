//! Which faults, how often, and the seeded dice that decide when.

/// Which ends of a connection a [`FaultTransport`](crate::FaultTransport) disturbs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultSide {
    /// Dialed and accepted connections.
    #[default]
    Both,
    /// Dialed connections only.
    Dialed,
    /// Accepted connections only.
    Accepted,
}

/// Settings of a [`FaultTransport`](crate::FaultTransport).
///
/// A rate is a "one in n" chance: 0 is never, 1 is always, 10 is about every tenth time.
///
/// # Defaults
///
/// No fault at all, on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults {
    pub(super) seed: u64,
    pub(super) side: FaultSide,
    pub(super) short_reads: u32,
    pub(super) one_byte_writes: u32,
    pub(super) refusals: u32,
    pub(super) cut_after: Option<u64>,
    pub(super) refused_dials: u32,
}

impl Faults {
    /// Returns settings without faults; the seed decides when those added later strike.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            side: FaultSide::Both,
            short_reads: 0,
            one_byte_writes: 0,
            refusals: 0,
            cut_after: None,
            refused_dials: 0,
        }
    }

    /// Sets the ends of a connection that are disturbed, by default both.
    #[must_use]
    pub const fn with_side(mut self, side: FaultSide) -> Self {
        self.side = side;
        self
    }

    /// Makes one read in `one_in` return at most 16 bytes, by default none.
    #[must_use]
    pub const fn with_short_reads(mut self, one_in: u32) -> Self {
        self.short_reads = one_in;
        self
    }

    /// Makes one write in `one_in` take a single byte, by default none.
    #[must_use]
    pub const fn with_one_byte_writes(mut self, one_in: u32) -> Self {
        self.one_byte_writes = one_in;
        self
    }

    /// Makes one read or write in `one_in` pretend to be not ready, by default none.
    ///
    /// The task is woken at once, and the next poll of the same direction is not refused.
    #[must_use]
    pub const fn with_refusals(mut self, one_in: u32) -> Self {
        self.refusals = one_in;
        self
    }

    /// Cuts each connection when this many bytes have crossed it, both directions counted
    /// together; by default never.
    ///
    /// Our side's reads then fail with `ConnectionReset` and its writes with `BrokenPipe`; the
    /// other side sees what it sees when a process dies.
    #[must_use]
    pub const fn with_cut_after(mut self, bytes: u64) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// Makes the first `count` dials fail as if no server listened, by default 0.
    #[must_use]
    pub const fn with_refused_dials(mut self, count: u32) -> Self {
        self.refused_dials = count;
        self
    }
}

/// Seeded random numbers for one direction of one connection.
#[derive(Debug)]
pub(super) struct Dice {
    state: u64,
    refused: bool,
}

impl Dice {
    pub(super) fn new(seed: u64, connection: u64, direction: u64) -> Self {
        let mut dice = Self { state: seed, refused: false };
        // Mixed in one after the other, so that neighbouring seeds share no sequence.
        dice.state = dice.next() ^ connection;
        dice.state = dice.next() ^ direction;
        dice
    }

    /// Returns whether a "one in n" chance came up.
    pub(super) fn strikes(&mut self, one_in: u32) -> bool {
        self.next().checked_rem(u64::from(one_in)) == Some(0)
    }

    /// Returns whether to refuse this poll; never twice in a row, so that something moves.
    pub(super) fn refuses(&mut self, one_in: u32) -> bool {
        self.refused = !self.refused && self.strikes(one_in);
        self.refused
    }

    /// Returns a number from 1 to `most`, which is at least 1.
    pub(super) fn up_to(&mut self, most: u64) -> u64 {
        self.next().checked_rem(most).unwrap_or(0) + 1
    }

    /// SplitMix64: one line of state, no dependency, good enough to scatter faults.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
