//! Membership and selection against a model: a set of pairs.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use proptest::prelude::*;

use super::error::GroupError;
use super::event::GroupEvent;
use super::limits::GroupLimits;
use super::members::Members;
use super::selection::{Addressee, Selection};
use crate::PeerId;

const PEERS: u64 = 6;
const NAMES: [&str; 5] = ["", "room", "room.1", "*", "Zürich 🚆"];
const MAX_GROUPS: usize = 4;
const MAX_OF_PEER: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Join(u64, usize),
    Leave(u64, usize),
    Remove(u64),
    Send { to: Option<Vec<Whom>>, except: Vec<Whom> },
}

#[derive(Debug, Clone)]
enum Whom {
    Peer(u64),
    Group(usize),
}

fn whom() -> impl Strategy<Value = Whom> {
    prop_oneof![(1..=PEERS).prop_map(Whom::Peer), (0..NAMES.len()).prop_map(Whom::Group)]
}

fn step() -> impl Strategy<Value = Step> {
    let several = || prop::collection::vec(whom(), 0..4);
    prop_oneof![
        4 => (1..=PEERS, 0..NAMES.len()).prop_map(|(peer, name)| Step::Join(peer, name)),
        2 => (1..=PEERS, 0..NAMES.len()).prop_map(|(peer, name)| Step::Leave(peer, name)),
        1 => (1..=PEERS).prop_map(Step::Remove),
        3 => (prop::option::of(several()), several())
            .prop_map(|(to, except)| Step::Send { to, except }),
    ]
}

/// Who is in what.
type Pairs = BTreeSet<(PeerId, &'static str)>;

fn of_group(model: &Pairs, group: &str) -> BTreeSet<PeerId> {
    model.iter().filter(|(_, name)| *name == group).map(|(peer, _)| *peer).collect()
}

fn of_peer(model: &Pairs, peer: PeerId) -> Vec<&'static str> {
    model.iter().filter(|(member, _)| *member == peer).map(|(_, name)| *name).collect()
}

fn names(model: &Pairs) -> BTreeSet<&'static str> {
    model.iter().map(|(_, name)| *name).collect()
}

/// Returns what a join of a peer that is not in the group comes to.
fn verdict(model: &Pairs, peer: PeerId, group: &str) -> Result<bool, GroupError> {
    let actual = of_peer(model, peer).len() + 1;
    if actual > MAX_OF_PEER {
        return Err(GroupError::TooManyOfPeer { limit: MAX_OF_PEER, actual });
    }
    let all = names(model);
    if all.len() == MAX_GROUPS && !all.contains(group) {
        return Err(GroupError::TooManyOfServer { limit: MAX_GROUPS, actual: MAX_GROUPS + 1 });
    }
    Ok(true)
}

/// Applies events as a listener would, which knows nothing else: each has to fit what was before.
fn listen(heard: &mut BTreeMap<Arc<str>, BTreeSet<PeerId>>, events: &mut VecDeque<GroupEvent>) {
    for event in events.drain(..) {
        match event {
            GroupEvent::Created { group } => assert!(heard.insert(group, [].into()).is_none()),
            GroupEvent::Joined { group, peer } => {
                assert!(heard.get_mut(&group).is_some_and(|members| members.insert(peer)));
            }
            GroupEvent::Left { group, peer } => {
                assert!(heard.get_mut(&group).is_some_and(|members| members.remove(&peer)));
            }
            GroupEvent::Empty { group } => assert_eq!(heard.remove(&group), Some([].into())),
        }
    }
    assert!(heard.values().all(|members| !members.is_empty()));
}

fn has(whom: &[Whom], model: &Pairs, peer: PeerId) -> bool {
    whom.iter().any(|whom| match whom {
        Whom::Peer(id) => PeerId(*id) == peer,
        Whom::Group(name) => model.contains(&(peer, NAMES[*name])),
    })
}

fn addressee(whom: &Whom) -> Addressee<'static> {
    match whom {
        Whom::Peer(id) => PeerId(*id).into(),
        Whom::Group(name) => NAMES[*name].into(),
    }
}

/// Selects from the peers with even numbers, of which the sixth is not known.
fn check_selection(members: &Members, model: &Pairs, to: Option<&[Whom]>, except: &[Whom]) {
    let mut selection = match to {
        Some(to) => Selection::of(to.iter().map(addressee).collect()),
        None => Selection::all(),
    };
    except.iter().map(addressee).for_each(|addressee| selection.except(addressee));
    let connected: BTreeMap<_, _> = (2..=PEERS).step_by(2).map(|id| (PeerId(id), id)).collect();
    let selected = selection.select(Some(members), &connected, |id| *id != 6);
    let wanted =
        |peer: PeerId| !has(except, model, peer) && to.is_none_or(|to| has(to, model, peer));
    let expected: Vec<_> = connected
        .values()
        .copied()
        .filter(|id| wanted(PeerId(*id)) && (to.is_some() || *id != 6))
        .collect();
    assert_eq!(selected.peers, expected);
    let named = |id: &u64| {
        let is_named = |whom: &Whom| matches!(whom, Whom::Peer(named) if named == id);
        to.is_some_and(|to| to.iter().any(is_named))
    };
    let missing: Vec<_> = (1..=PEERS)
        .filter(|id| named(id) && wanted(PeerId(*id)) && !connected.contains_key(&PeerId(*id)))
        .map(PeerId)
        .collect();
    assert_eq!(selected.missing, missing);
    let uses_groups =
        to.into_iter().flatten().chain(except).any(|whom| matches!(whom, Whom::Group(_)));
    assert_eq!(selection.has_groups(), uses_groups);
}

proptest! {
    #[test]
    fn members_and_selections_are_those_of_a_set_of_pairs(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let limits = GroupLimits::default()
            .with_total(MAX_GROUPS)
            .with_per_peer(MAX_OF_PEER);
        let mut members = Members::new(limits);
        let (mut model, mut heard) = (Pairs::new(), BTreeMap::new());
        let mut events = VecDeque::new();
        for step in steps {
            match step {
                Step::Join(peer, name) => {
                    let (peer, group) = (PeerId(peer), NAMES[name]);
                    let expected = if model.contains(&(peer, group)) {
                        Ok(false)
                    } else {
                        verdict(&model, peer, group)
                    };
                    prop_assert_eq!(members.join(peer, group, &mut events), expected.clone());
                    if expected == Ok(true) {
                        model.insert((peer, group));
                    }
                }
                Step::Leave(peer, name) => {
                    let (peer, group) = (PeerId(peer), NAMES[name]);
                    let left = members.leave(peer, group, &mut events);
                    prop_assert_eq!(left, model.remove(&(peer, group)));
                }
                Step::Remove(peer) => {
                    members.remove(PeerId(peer), &mut events);
                    model.retain(|(member, _)| *member != PeerId(peer));
                }
                Step::Send { to, except } => {
                    check_selection(&members, &model, to.as_deref(), &except);
                }
            }
            listen(&mut heard, &mut events);
            let expected: Vec<_> = names(&model).into_iter().collect();
            prop_assert_eq!(members.names(), expected);
            for group in NAMES {
                let expected = of_group(&model, group);
                prop_assert_eq!(heard.get(group).cloned().unwrap_or_default(), expected.clone());
                prop_assert_eq!(members.of_group(group).cloned().unwrap_or_default(), expected);
            }
            for peer in (1..=PEERS).map(PeerId) {
                prop_assert_eq!(members.of_peer(peer), of_peer(&model, peer));
            }
        }
        for peer in 1..=PEERS {
            members.remove(PeerId(peer), &mut events);
        }
        // Nothing is kept of whoever has gone.
        prop_assert!(members.is_empty());
    }
}

#[test]
fn the_length_of_a_name_is_counted_in_units() {
    let mut members = Members::new(GroupLimits::default());
    let mut join = |name: &str| members.join(PeerId(1), name, &mut VecDeque::new());
    for (unit, units) in [("x", 1), ("ü", 1), ("€", 1), ("🚆", 2)] {
        let longest = GroupLimits::MAX_NAME / units;
        assert_eq!(join(&unit.repeat(longest - 1)), Ok(true));
        assert_eq!(join(&unit.repeat(longest)), Ok(true));
        let actual = (longest + 1) * units;
        let error = GroupError::NameTooLong { limit: 256, actual };
        assert_eq!(join(&unit.repeat(longest + 1)), Err(error));
    }
}

#[test]
fn the_limits_are_exact() {
    let limits = GroupLimits::default();
    let mut members = Members::new(limits);
    let mut events = VecDeque::new();
    let mut joined = 0;
    for peer in 1..=64 {
        for _ in 0..1024 {
            let name = joined.to_string();
            assert_eq!(members.join(PeerId(peer), &name, &mut events), Ok(true));
            joined += 1;
        }
        let error = GroupError::TooManyOfPeer { limit: 1024, actual: 1025 };
        assert_eq!(
            members.join(PeerId(peer), "0", &mut events),
            if peer == 1 { Ok(false) } else { Err(error) }
        );
    }
    assert_eq!(joined, limits.total);
    let error = GroupError::TooManyOfServer { limit: 65_536, actual: 65_537 };
    assert_eq!(members.join(PeerId(65), "another", &mut events), Err(error));
    // One that exists has room for further peers, and one that ends makes room for another.
    assert_eq!(members.join(PeerId(65), "0", &mut events), Ok(true));
    assert!(members.leave(PeerId(2), "1024", &mut events));
    assert_eq!(members.join(PeerId(65), "another", &mut events), Ok(true));
}
