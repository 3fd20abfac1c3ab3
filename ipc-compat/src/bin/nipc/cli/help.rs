//! What `--help` says below the options.

pub(crate) const EXIT_STATUS: &str = "\
Exit status:
  0  done
  1  wrong usage; files of TLS, or data, that cannot be used
  2  cannot start, connect or bind, TLS refused it, the server does not let this
     client in, messages were not written, the server did not close within
     --flush, or ls could not look at a socket
  3  time ran out
  4  the peer broke the protocol
  5  the method that was called failed: its error is a line of JSON on stderr
  7  ls found a socket that clients cannot use, or should not, or that every user
     can connect to: whether its server refuses others, as with --user, shows
     only to those who connect";

pub(crate) const STDIN: &str = "\
stdin takes one JSON object per line:
  {\"type\":\"app.message\",\"data\":1}           to the server, or to every client
  {\"to\":1,\"type\":\"app.message\",\"data\":1}    to the client with this number
  {\"to\":{\"address\":\"127.0.0.1\",\"port\":1},\"type\":\"t\"}   over UDP: to that address
  {\"to\":{\"group\":\"x\"},\"type\":\"t\"}         serve: to the clients of a group
  {\"to\":{\"identity\":\"x\"},\"type\":\"t\"}      serve: to those that connected with --identity x
  {\"to\":\"subscribers\",\"type\":\"price.EUR\"} serve: to those that subscribed to it
  {\"do\":\"join\",\"peer\":1,\"group\":\"x\"}     serve: put a client into a group; leave: take it out
  {\"do\":\"kick\",\"peer\":1}                 serve: send a client away
  {\"hex\":\"00ff\"} {\"text\":\"hello\"}         with --raw; \"to\" works here too
  {\"do\":\"close\"} {\"do\":\"stop\"}              flush and exit
  {\"do\":\"stop-retrying\"}                    do not connect again";
