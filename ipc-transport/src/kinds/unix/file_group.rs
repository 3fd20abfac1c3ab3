//! The group a socket file is given to: found before the file is made, set before it is published.

use std::fmt;

/// A group of users: its number, or its name in the system's list.
///
/// A text is a name, also if it is made of digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Group {
    /// The group with this number.
    Id(u32),
    /// The group with this name.
    Name(String),
}

impl From<u32> for Group {
    fn from(id: u32) -> Self {
        Self::Id(id)
    }
}

impl From<&str> for Group {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for Group {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(unix)]
pub(super) use found::Found;

#[cfg(unix)]
mod found {
    use std::os::unix::fs::lchown;
    use std::path::Path;

    use super::Group;
    use crate::kinds::unix::sys;
    use crate::{Endpoint, TransportError};

    /// A group that exists.
    #[derive(Clone, Debug)]
    pub(in crate::kinds::unix) struct Found {
        group: Group,
        id: u32,
    }

    impl Found {
        /// Looks the group up, if it is a name.
        ///
        /// On a thread of its own, for the system may ask another machine.
        ///
        /// Cancel safe: the lookup goes on and its answer is dropped.
        pub(in crate::kinds::unix) async fn look_up(
            group: &Group,
            endpoint: &Endpoint,
        ) -> Result<Self, TransportError> {
            let id = match group.clone() {
                Group::Id(id) => Ok(Some(id)),
                Group::Name(name) => {
                    let looked_up = tokio::task::spawn_blocking(move || sys::group_id(&name)).await;
                    looked_up.unwrap_or_else(|error| Err(error.into()))
                }
            };
            match id {
                Ok(Some(id)) => Ok(Self { group: group.clone(), id }),
                Ok(None) => Err(TransportError::UnknownGroup { group: group.to_string() }),
                Err(source) => {
                    let endpoint = endpoint.clone();
                    Err(TransportError::Io { endpoint, op: "look up the group", source })
                }
            }
        }

        /// Gives the file to the group.
        pub(in crate::kinds::unix) fn own(&self, file: &Path) -> Result<(), TransportError> {
            lchown(file, None, Some(self.id)).map_err(|source| TransportError::GroupRefused {
                group: self.group.to_string(),
                source,
            })
        }
    }
}
