//! Arguments in node-ipc's order, any of which may be left out, checked by the compiler.

use std::path::{Path, PathBuf};

use super::{Arg, Ipc, UdpType};

/// What [`Ipc::serve`] takes: `()`, `callback`, `path`, `(path, callback)`, or a list that is
/// looked at when it is given.
pub trait ServeArgs {
    /// Returns the arguments as a list.
    fn into_args(self) -> Vec<Arg>;
}

/// What [`Ipc::connect_to`] takes: `id`, `(id, callback)`, `(id, path)`, `(id, path, callback)`,
/// or a list that is looked at when it is given.
pub trait ConnectToArgs {
    /// Returns the arguments as a list.
    fn into_args(self) -> Vec<Arg>;
}

/// What [`Ipc::serve_net`] takes: any of host, port, type of UDP and callback, in this order, or a
/// list that is looked at when it is given. `()` leaves all out, and a single one needs no
/// parentheses.
///
/// A host is text; text in its place that says `udp4` or `udp6`, in any case, is the type of UDP
/// instead. The type of UDP is a [`UdpType`] or such a text.
pub trait ServeNetArgs {
    /// Returns the arguments as a list.
    fn into_args(self) -> Vec<Arg>;
}

/// What [`Ipc::connect_to_net`] takes: an id, then any of host, port and callback, in
/// this order, or a list that is looked at when it is given.
pub trait ConnectToNetArgs {
    /// Returns the arguments as a list.
    fn into_args(self) -> Vec<Arg>;
}

/// An id or a host.
trait TextArg: Into<Arg> {}

impl TextArg for &str {}
impl TextArg for String {}

/// Implements an argument trait for tuples: the brackets hold the arguments that are texts, the
/// parentheses after them the types that distinguish the forms.
macro_rules! ways {
    ($trait:ident: $([$($text:ident)*] ($($arg:ident: $type:ty),*);)*) => { $(
        impl<$($text: TextArg),*> $trait for ($($text,)* $($type,)*) {
            #[allow(non_snake_case, reason = "a text is called like its type")]
            fn into_args(self) -> Vec<Arg> {
                let ($($text,)* $($arg,)*) = self;
                vec![$($text.into(),)* $($arg.into()),*]
            }
        }
    )* };
}

/// The same with a callback as the last argument.
macro_rules! ways_with_callback {
    ($trait:ident: $([$($text:ident)*] ($($arg:ident: $type:ty),*);)*) => { $(
        impl<$($text: TextArg,)* Then: FnOnce(&Ipc) + Send + 'static> $trait
            for ($($text,)* $($type,)* Then)
        {
            #[allow(non_snake_case, reason = "a text is called like its type")]
            fn into_args(self) -> Vec<Arg> {
                let ($($text,)* $($arg,)* then) = self;
                vec![$($text.into(),)* $($arg.into(),)* Arg::callback(then)]
            }
        }
    )* };
}

/// The same with and without.
macro_rules! both_ways {
    ($trait:ident: $($way:tt)*) => {
        ways! { $trait: $($way)* }
        ways_with_callback! { $trait: $($way)* }
    };
}

/// Implements an argument trait for one argument without parentheses.
macro_rules! alone {
    ($trait:ident: $($type:ty),*) => {
        $(impl $trait for $type {
            fn into_args(self) -> Vec<Arg> {
                vec![self.into()]
            }
        })*
        impl $trait for Vec<Arg> {
            fn into_args(self) -> Self {
                self
            }
        }
    };
}

/// Implements an argument trait for no argument and for a callback alone.
macro_rules! none_or_callback {
    ($($trait:ident)*) => { $(
        impl $trait for () {
            fn into_args(self) -> Vec<Arg> {
                Vec::new()
            }
        }

        impl<Then: FnOnce(&Ipc) + Send + 'static> $trait for Then {
            fn into_args(self) -> Vec<Arg> {
                vec![Arg::callback(self)]
            }
        }
    )* };
}

none_or_callback! { ServeArgs ServeNetArgs }

alone! { ServeArgs: &str, String, &Path, PathBuf }
ways_with_callback! { ServeArgs:
    [] (path: &str);
    [] (path: String);
    [] (path: &Path);
    [] (path: PathBuf);
}

alone! { ConnectToArgs: &str, String }
ways_with_callback! { ConnectToArgs: [Id] (); }
both_ways! { ConnectToArgs:
    [Id] (path: &str);
    [Id] (path: String);
    [Id] (path: &Path);
    [Id] (path: PathBuf);
}

alone! { ServeNetArgs: &str, String, u16, i32, UdpType }
ways_with_callback! { ServeNetArgs:
    [Host] ();
    [] (port: u16);
    [] (port: i32);
    [] (udp: UdpType);
}
both_ways! { ServeNetArgs:
    [Host] (port: u16);
    [Host] (port: i32);
    [Host] (udp: UdpType);
    [Host] (udp: &str);
    [Host] (udp: String);
    [] (port: u16, udp: UdpType);
    [] (port: u16, udp: &str);
    [] (port: u16, udp: String);
    [] (port: i32, udp: UdpType);
    [] (port: i32, udp: &str);
    [] (port: i32, udp: String);
    [Host] (port: u16, udp: UdpType);
    [Host] (port: u16, udp: &str);
    [Host] (port: u16, udp: String);
    [Host] (port: i32, udp: UdpType);
    [Host] (port: i32, udp: &str);
    [Host] (port: i32, udp: String);
}

alone! { ConnectToNetArgs: &str, String }
ways_with_callback! { ConnectToNetArgs: [Id] (); }
both_ways! { ConnectToNetArgs:
    [Id] (port: u16);
    [Id] (port: i32);
    [Id] (host: &str);
    [Id] (host: String);
    [Id Host] (port: u16);
    [Id Host] (port: i32);
}
