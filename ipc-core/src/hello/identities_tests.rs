//! The table of identities, without a server.

use std::time::{Duration, Instant};

use super::{Identities, Identity, NotEntered, SameIdentity};
use crate::PeerId;
use crate::runtime::clock;

fn enter(
    table: &mut Identities<u64>,
    peer: u64,
    name: &str,
    now: Instant,
) -> Result<Vec<u64>, NotEntered> {
    let identity = (!name.is_empty()).then(|| Identity::claimed(name));
    table.enter(PeerId(peer), identity.as_ref(), peer, now)
}

fn named(table: &Identities<u64>, name: &str) -> Vec<u64> {
    table.named(name).map(PeerId::get).collect()
}

#[test]
fn several_may_share_a_name_and_leave_nothing() {
    let (mut table, now) = (Identities::new(SameIdentity::Allow), clock::now());
    for (peer, name) in [(2, "a"), (1, "a"), (3, "b"), (4, "")] {
        assert_eq!(enter(&mut table, peer, name, now), Ok(vec![]));
    }
    assert_eq!(enter(&mut table, 3, "c", now), Err(NotEntered::Repeated));
    assert_eq!(enter(&mut table, 4, "c", now), Err(NotEntered::Repeated));
    assert_eq!((named(&table, "a"), named(&table, "b")), (vec![1, 2], vec![3]));
    assert_eq!((named(&table, "c"), table.all().len()), (vec![], 4));
    for peer in 1..=5 {
        table.remove(PeerId(peer));
    }
    assert_eq!(table.sizes(), (0, 0, 0));
}

#[test]
fn a_claimed_name_replaces_no_proven_one() {
    let (mut table, now) = (Identities::new(SameIdentity::ReplaceOld), clock::now());
    let proven = Identity::by_token("a");
    assert_eq!(enter(&mut table, 1, "a", now), Ok(vec![]));
    assert_eq!(table.enter(PeerId(2), Some(&proven), 2, now), Ok(vec![1]));
    assert_eq!(enter(&mut table, 3, "a", now), Err(NotEntered::InUse));
    assert_eq!(table.enter(PeerId(4), Some(&proven), 4, now), Ok(vec![2]));
    assert_eq!(named(&table, "a"), [4]);
}

#[test]
fn a_new_one_is_refused_until_the_old_one_has_gone() {
    let (mut table, now) = (Identities::new(SameIdentity::RefuseNew), clock::now());
    assert_eq!(enter(&mut table, 1, "a", now), Ok(vec![]));
    assert_eq!(enter(&mut table, 2, "a", now), Err(NotEntered::InUse));
    table.remove(PeerId(2));
    assert_eq!(named(&table, "a"), [1]);
    table.remove(PeerId(1));
    assert_eq!(enter(&mut table, 2, "a", now), Ok(vec![]));
}

#[test]
fn an_old_one_is_replaced_once() {
    let (mut table, now) = (Identities::new(SameIdentity::ReplaceOld), clock::now());
    assert_eq!(enter(&mut table, 1, "a", now), Ok(vec![]));
    assert_eq!(enter(&mut table, 2, "a", now), Ok(vec![1]));
    assert_eq!(enter(&mut table, 3, "a", now), Ok(vec![2]));
    // The old ones leave without taking the name from the new one.
    table.remove(PeerId(1));
    table.remove(PeerId(2));
    assert_eq!(named(&table, "a"), [3]);
    table.remove(PeerId(3));
    assert_eq!(table.sizes(), (0, 0, 0));
}

#[test]
fn names_are_refused_for_their_time_and_not_without_bound() {
    let (mut table, start) = (Identities::new(SameIdentity::Allow), clock::now());
    let after = |seconds| start + Duration::from_secs(seconds);
    table.refuse("a".into(), after(10), start);
    let left = Duration::from_secs(7);
    assert_eq!(enter(&mut table, 1, "a", after(3)), Err(NotEntered::Refused(left)));
    assert_eq!(enter(&mut table, 1, "a", after(10)), Ok(vec![]));
    assert_eq!(table.sizes(), (1, 1, 0));
    for n in 0..1024 {
        table.refuse(format!("{n}").into(), after(100 + n), start);
    }
    // The one that ends first gives its place.
    table.refuse("late".into(), after(200), start);
    assert_eq!(table.sizes().2, 1024);
    assert_eq!(enter(&mut table, 2, "0", start), Ok(vec![]));
    assert!(matches!(enter(&mut table, 3, "late", start), Err(NotEntered::Refused(_))));
    // Those whose time is over go together.
    table.refuse("later".into(), after(10_000), after(9_000));
    assert_eq!(table.sizes().2, 1);
}
