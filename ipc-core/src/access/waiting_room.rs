//! `WaitingRoom`: the peers that have connected and are not let in yet, and which of them has to go for another.

use std::collections::BTreeMap;

/// The peers that have connected and are not let in yet. `W` says who one is as far as the system knows, `H` is
/// dropped when one has to go.
#[derive(Debug)]
pub(crate) struct WaitingRoom<W, H> {
    limit: usize,
    next: u64,
    /// In the order they came. Invariant: at most `limit`.
    places: BTreeMap<u64, Place<W, H>>,
}

#[derive(Debug)]
struct Place<W, H> {
    who: Option<W>,
    handle: H,
    has_said_hello: bool,
}

/// What a newcomer has got.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entered<H> {
    /// The number of its place.
    pub(crate) number: u64,
    /// The handle of the peer that has to go for it.
    pub(crate) instead_of: Option<H>,
}

impl<W: Ord, H> WaitingRoom<W, H> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, next: 0, places: BTreeMap::new() }
    }

    /// Gives a newcomer a place; `None` if there is none and none becomes free, since everybody has said hello.
    ///
    /// If the room is full, one that has not said hello goes: the oldest one of the user or address that has the
    /// most of them. So one user that fills the room displaces only itself, and one that says hello at once keeps
    /// its place whatever the others do.
    pub(crate) fn enter(&mut self, who: Option<W>, handle: H) -> Option<Entered<H>> {
        let goes = if self.is_full() { Some(self.goes_first()?) } else { None };
        let instead_of = goes.and_then(|number| self.places.remove(&number));
        let number = self.next;
        self.next += 1;
        self.places.insert(number, Place { who, handle, has_said_hello: false });
        Some(Entered { number, instead_of: instead_of.map(|place| place.handle) })
    }

    /// Handles that a peer has said hello. Returns `false` if it had to go just now.
    pub(crate) fn said_hello(&mut self, number: u64) -> bool {
        let place = self.places.get_mut(&number);
        place.map(|place| place.has_said_hello = true).is_some()
    }

    /// Removes a peer, if it has not had to go.
    pub(crate) fn leave(&mut self, number: u64) {
        self.places.remove(&number);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.places.len() >= self.limit
    }

    /// Returns the place of the peer that goes for another.
    fn goes_first(&self) -> Option<u64> {
        let silent = || self.places.iter().filter(|(_, place)| !place.has_said_hello);
        let mut like = BTreeMap::new();
        silent().for_each(|(_, place)| *like.entry(&place.who).or_insert(0) += 1);
        // Of several with as many the last one in this order, which is the oldest.
        silent().rev().max_by_key(|(_, place)| like.get(&place.who)).map(|(number, _)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Room = WaitingRoom<char, String>;

    /// Lets them in, and returns who had to go for each: `-` for none, `!` if it was not let in itself.
    fn enter(room: &mut Room, newcomers: &str) -> String {
        let entered = newcomers.chars().map(|who| {
            let handle = format!("{who}{}", room.next);
            match room.enter((who != '?').then_some(who), handle) {
                Some(Entered { instead_of: Some(handle), .. }) => handle,
                Some(_) => "-".to_owned(),
                None => "!".to_owned(),
            }
        });
        entered.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_oldest_goes_when_all_are_alike() {
        let mut room = Room::new(3);
        assert_eq!(enter(&mut room, "aaa"), "- - -");
        assert!(room.is_full());
        assert_eq!(enter(&mut room, "aaaa"), "a0 a1 a2 a3");
        room.leave(5);
        assert_eq!(enter(&mut room, "a"), "-");
        // It has had to go: its end frees no other place.
        room.leave(0);
        assert!(room.is_full());
    }

    #[test]
    fn one_user_displaces_only_itself() {
        let mut room = Room::new(4);
        assert_eq!(enter(&mut room, "baaa"), "- - - -");
        assert_eq!(enter(&mut room, "aaa"), "a1 a2 a3");
        // Another newcomer displaces those that are many, too.
        assert_eq!(enter(&mut room, "c"), "a4");
        // As many of each: the oldest of all.
        assert_eq!(enter(&mut room, "b"), "a5");
        assert_eq!(enter(&mut room, "c"), "b0");
        // Those that are not known are alike.
        let mut room = Room::new(3);
        assert_eq!(enter(&mut room, "a???"), "- - - ?1");
    }

    #[test]
    fn who_has_said_hello_keeps_its_place() {
        let mut room = Room::new(2);
        assert_eq!(enter(&mut room, "aa"), "- -");
        assert!(room.said_hello(0));
        assert_eq!(enter(&mut room, "bb"), "a1 b2");
        assert!(!room.said_hello(1), "it has had to go");
        assert!(room.said_hello(3));
        assert_eq!(enter(&mut room, "c"), "!");
        room.leave(0);
        assert_eq!(enter(&mut room, "cc"), "- c4");
    }

    #[test]
    fn a_waiting_room_of_size_zero_refuses_everybody() {
        assert_eq!(enter(&mut Room::new(0), "a"), "!");
    }
}
