//! Who may open a pipe, written down as Windows writes it.

use std::io;

use super::Options;
use super::sys::{self, SecurityDescriptor};

/// The access list of a pipe: our own user, and all users where the settings say so.
#[derive(Debug)]
pub(super) struct Access(SecurityDescriptor);

impl Access {
    /// Returns the list for these options.
    ///
    /// # Errors
    ///
    /// What the system says, if it does not tell who we are.
    pub(super) fn new(options: Options) -> io::Result<Self> {
        SecurityDescriptor::parse(&text(&sys::own_user()?, options)).map(Self)
    }

    pub(super) const fn descriptor(&self) -> &SecurityDescriptor {
        &self.0
    }
}

/// Returns the list in the security descriptor definition language: `D:` a list, `P` that inherits
/// nothing, `A` allow, `GA`, `GR` and `GW` everything, reading and writing, `WD` all users.
///
/// Without a list of our own, Windows would let every user read.
fn text(user: &str, Options { readable_all, writable_all, .. }: Options) -> String {
    let everybody = match (readable_all, writable_all) {
        (false, false) => "",
        (true, false) => "(A;;GR;;;WD)",
        (false, true) => "(A;;GW;;;WD)",
        (true, true) => "(A;;GRGW;;;WD)",
    };
    format!("D:P(A;;GA;;;{user}){everybody}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PipeTransport;

    #[test]
    fn a_list_names_us_and_whoever_was_asked_for() {
        let transport = PipeTransport::new("");
        let options = transport.options;
        assert_eq!(text("S-1-5-18", options), "D:P(A;;GA;;;S-1-5-18)");
        for (readable, writable, end) in [
            (true, false, "(A;;GR;;;WD)"),
            (false, true, "(A;;GW;;;WD)"),
            (true, true, "(A;;GRGW;;;WD)"),
        ] {
            let transport =
                transport.clone().with_readable_all(readable).with_writable_all(writable);
            assert_eq!(text("S-1-5-18", transport.options), format!("D:P(A;;GA;;;S-1-5-18){end}"));
        }
    }

    #[test]
    fn the_system_takes_every_list() -> io::Result<()> {
        assert!(sys::own_user()?.starts_with("S-1-"));
        let transport = PipeTransport::new("").with_readable_all(true);
        Access::new(transport.options)?;
        Access::new(transport.with_writable_all(true).options)?;
        assert!(SecurityDescriptor::parse("no list").is_err());
        Ok(())
    }
}
