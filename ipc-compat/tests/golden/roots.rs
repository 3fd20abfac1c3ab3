//! Every recorded environment against the socket root we compute for it.

use std::path::PathBuf;

use ipc_compat::{Config, Environment, Platform};

use crate::table::{RootRow, Table};

// Tests W31
#[test]
fn socket_roots_are_those_of_node() {
    for row in Table::read().roots {
        let environment = environment(&row);
        assert_eq!(Config::classic_in(&environment).socket_root, PathBuf::from(&row.classic));
        let mut expected = row.v14.replace("%uid", "1000");
        if row
            .env
            .get("XDG_RUNTIME_DIR")
            .is_some_and(|root| !root.is_empty() && !root.starts_with('/'))
        {
            // A relative path does not count here.
            assert!(row.env.len() == 1 && !expected.starts_with('/'));
            expected = "/tmp/node-ipc-1000/".to_owned();
        }
        let root = Config::v14_in(&environment).socket_root;
        // As text: paths compare equal with and without the separator at the end.
        assert_eq!(root.to_str(), Some(expected.as_str()), "{:?}", row.env);
    }
}

fn environment(row: &RootRow) -> Environment {
    let variable = |name: &str| row.env.get(name).map(Into::into);
    let mut environment = Environment::from_variables(Platform::Unix, variable);
    environment.user_id = Some(1000);
    environment
}
