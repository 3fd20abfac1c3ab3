//! `setters!`: a chained setter for each field of the options, on the options and on the builders.

/// Adds the setters of the options that are in the field at this path, such as `[options.]`, or in
/// `[]`, `self`. What an option means is documented at its field.
macro_rules! setters {
    (connection at $at:tt) => {
        $crate::options::setters! { watch_sent at $at }
        $crate::options::setters! { optional ConnectionOptions at $at = heartbeat: crate::Heartbeat }

        $crate::options::setters! { ConnectionOptions at $at =>
            limits: ipc_codec::Limits,
            frame_timeout: Option<std::time::Duration>,
            idle_timeout: Option<std::time::Duration>,
            on_malformed: crate::OnMalformed,
            queue: crate::protocol::queue::QueueLimits,
            overflow: crate::protocol::queue::OverflowPolicy,
            high_water_mark: Option<usize>,
            flush_policy: crate::FlushPolicy,
            spin: Option<crate::Spin>,
            close_timeout: std::time::Duration,
            linger: std::time::Duration,
            event_bytes: usize,
            calls: crate::CallOptions,
            name: Option<std::sync::Arc<str>>,
        }
    };
    (watch_sent at [$($at:tt)*]) => {
        /// Sets a function that is called with each message just before it is sent, whatever it is
        /// sent with, and with a broadcast once: for logs. Each message is encoded once more for
        /// that. Default: none, which costs nothing.
        #[must_use]
        pub fn watch_sent(
            mut self,
            watch: impl Fn(&crate::Message) + Send + Sync + 'static,
        ) -> Self {
            self.$($at)* sent = crate::observe::send_watch::SendWatch::to(watch);
            self
        }
    };
    // A program names what it wants, without `Some`; one that passes a setting on has an option.
    (optional $owner:ident at [$($at:tt)*] = $name:ident: $type:ty) => {
        #[doc = concat!(
            "Sets [`", stringify!($name), "`](crate::", stringify!($owner), "#structfield.",
            stringify!($name), "), with or without `Some`; `None` is none.",
        )]
        #[must_use]
        pub fn $name(mut self, $name: impl Into<Option<$type>>) -> Self {
            self.$($at)* $name = $name.into();
            self
        }
    };
    (tokens at [$($at:tt)*]) => {
        /// Lets in those whose token is in the table: sets the
        /// [`token_check`](crate::ServerOptions#structfield.token_check) that looks there.
        #[must_use]
        pub fn tokens(mut self, tokens: crate::Tokens) -> Self {
            self.$($at)* token_check = Some(tokens.into());
            self
        }
    };
    (client at $at:tt) => {
        $crate::options::setters! { optional ClientOptions at $at = hello: crate::Hello }

        $crate::options::setters! { ClientOptions at $at =>
            connection: crate::ConnectionOptions,
            reconnect: crate::protocol::session::ReconnectPolicy,
            connect_timeout: std::time::Duration,
            in_flight: crate::InFlight,
            when_dismissed: crate::WhenDismissed,
        }
    };
    (server at $at:tt) => {
        $crate::options::setters! { tokens at $at }
        $crate::options::setters! { optional ServerOptions at $at = rate: crate::Rate }

        $crate::options::setters! { ServerOptions at $at =>
            connection: crate::ConnectionOptions,
            max_connections: usize,
            access: crate::Access,
            allow: crate::Allow,
            on_denied: crate::OnDenied,
            same_identity: crate::SameIdentity,
            token_check: Option<crate::TokenCheck>,
            waiting_limits: crate::WaitingLimits,
            plain_peers: crate::PlainPeers,
        }
    };
    ($owner:ident at $at:tt => $($name:ident: $type:ty,)+) => {
        $($crate::options::setters! { $owner at $at = $name: $type })+
    };
    ($owner:ident at [$($at:tt)*] = $name:ident: $type:ty) => {
        #[doc = concat!(
            "Sets [`", stringify!($name), "`](crate::", stringify!($owner), "#structfield.",
            stringify!($name), ").",
        )]
        #[must_use]
        pub fn $name(mut self, $name: $type) -> Self {
            self.$($at)* $name = $name;
            self
        }
    };
}
pub(crate) use setters;
