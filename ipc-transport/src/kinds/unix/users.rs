//! Users: the number of a name, and how a number is shown to people.

use std::io;

/// Returns the number of the user with this name, or `None` if this machine has none.
///
/// Blocks while the system looks, perhaps on another machine.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::Unsupported`] where users have no numbers (Windows).
pub fn user_id(name: &str) -> io::Result<Option<u32>> {
    #[cfg(unix)]
    return super::sys::user_id(name);
    #[cfg(not(unix))]
    {
        let _ = name;
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Returns the number of the group with this name, or `None` if this machine has none.
///
/// Blocks while the system looks, perhaps on another machine.
///
/// # Errors
///
/// As [`user_id`].
pub fn group_id(name: &str) -> io::Result<Option<u32>> {
    #[cfg(unix)]
    return super::sys::group_id(name);
    #[cfg(not(unix))]
    {
        let _ = name;
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Returns a user's number as errors show it: with a word on what it means if it is the number that
/// Linux shows, within a user namespace, for every user that has none there.
pub(crate) fn shown(uid: u32) -> String {
    if is_unmapped(uid) {
        format!("{uid} (which stands for everybody without a number in this user namespace)")
    } else {
        uid.to_string()
    }
}

#[cfg(target_os = "linux")]
fn is_unmapped(uid: u32) -> bool {
    use std::fs::read_to_string;

    let overflow = read_to_string("/proc/sys/kernel/overflowuid");
    let overflow = overflow.ok().and_then(|number| number.trim().parse().ok());
    let map = || read_to_string("/proc/self/uid_map").unwrap_or_default();
    uid == overflow.unwrap_or(OVERFLOW) && !maps_all(&map())
}

#[cfg(not(target_os = "linux"))]
const fn is_unmapped(_: u32) -> bool {
    false
}

/// Returns whether the map is that of a process outside any user namespace, or says nothing.
#[cfg(target_os = "linux")]
fn maps_all(map: &str) -> bool {
    let mut words = map.split_whitespace();
    map.trim().is_empty()
        || [words.next(), words.next(), words.next()] == [Some("0"), Some("0"), Some("4294967295")]
}

#[cfg(target_os = "linux")]
const OVERFLOW: u32 = 65534;

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_user_is_found_by_name() {
        assert!(matches!(user_id("root"), Ok(Some(0))));
        assert!(matches!(user_id("no such user"), Ok(None)));
        assert!(matches!(user_id("a\0b"), Ok(None)));
        assert!(matches!(group_id("daemon"), Ok(Some(1))));
        assert!(matches!(group_id("no such group"), Ok(None)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_the_map_of_the_first_namespace_maps_everybody() {
        assert!(maps_all("         0          0 4294967295\n"));
        assert!(!maps_all("         0     100000      65536\n"));
        assert!(!maps_all("      1000          0          1\n"));
    }

    #[test]
    fn an_ordinary_user_is_a_number() {
        assert_eq!(shown(1000), "1000");
    }
}
