//! `Wire`: as much of each server's protocol as a receiver needs, by hand.

use ipc_benches::frame_with;
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Socket;
use crate::Result;

/// What the server speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wire {
    /// Node-ipc's frames.
    NodeIpc,
    /// The text protocol of NATS; what is published are node-ipc's frames.
    Nats,
    /// Socket.IO 5 over a WebSocket, without HTTP long-polling before.
    SocketIo,
}

impl Wire {
    /// Returns the byte that each message of a broadcast has once, and nothing else that the server sends then.
    pub(super) const fn mark(self) -> u8 {
        match self {
            Self::NodeIpc | Self::Nats => 0x0c,
            Self::SocketIo => b']',
        }
    }

    /// Makes a connection known to the server, and returns when it says so.
    pub(super) async fn open(self, stream: &mut impl Socket) -> Result<()> {
        match self {
            Self::NodeIpc => {
                stream.write_all(&frame_with("echo", 0, "")).await?;
                until(stream, &[self.mark()]).await
            }
            Self::Nats => {
                stream
                    .write_all(b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n")
                    .await?;
                until(stream, PONG).await
            }
            Self::SocketIo => {
                stream.write_all(UPGRADE).await?;
                // The last member of the packet that opens an Engine.IO session.
                until(stream, b"\"maxPayload\"").await?;
                stream.write_all(&text_frame("40")).await?;
                until(stream, b"40{\"sid\"").await
            }
        }
    }

    /// Makes a connection a member of the group, and returns when the server says so.
    pub(super) async fn join(self, stream: &mut impl Socket) -> Result<()> {
        match self {
            Self::NodeIpc => {
                stream.write_all(&frame_with("join", 0, "")).await?;
                until(stream, &[self.mark()]).await
            }
            Self::Nats => {
                stream.write_all(b"SUB members 1\r\nPING\r\n").await?;
                until(stream, PONG).await
            }
            Self::SocketIo => {
                stream.write_all(&text_frame(r#"42["join"]"#)).await?;
                until(stream, &[self.mark()]).await
            }
        }
    }

    /// Returns the bytes with which a receiver orders a broadcast.
    pub(super) fn order(self, event: &str, messages: u64, text: &str) -> Vec<u8> {
        let body = format!("{{\"seq\":{messages},\"body\":\"{text}\"}}");
        match self {
            Self::NodeIpc => frame_with(event, messages, text),
            Self::Nats => format!("PUB order {}\r\n{body}\r\n", body.len()).into(),
            Self::SocketIo => text_frame(&format!("42[\"{event}\",{body}]")),
        }
    }
}

/// Returns when the server has sent this. What follows it in the same read is left out.
async fn until(stream: &mut impl Socket, wanted: &[u8]) -> Result<()> {
    let mut read = Vec::with_capacity(512);
    while memmem::find(&read, wanted).is_none() {
        if stream.read_buf(&mut read).await? == 0 || read.len() > LONGEST {
            return Err(format!("no {:?} came", String::from_utf8_lossy(wanted)).into());
        }
    }
    Ok(())
}

/// Returns a text as a client's WebSocket frame, masked with nothing but zeros.
fn text_frame(text: &str) -> Vec<u8> {
    const MASKED: u8 = 0x80;
    let mut frame = vec![0x81];
    match u8::try_from(text.len()) {
        Ok(short @ ..126) => frame.push(MASKED | short),
        _ => {
            frame.push(MASKED | 126);
            frame.extend_from_slice(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

const PONG: &[u8] = b"PONG\r\n";

const UPGRADE: &[u8] = b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n\
    Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// More than a server says before it has said it.
const LONGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use ipc_benches::{FIRST_SEQ, frame_with, text};

    use super::{Wire, text_frame};

    #[test]
    fn a_message_of_a_broadcast_has_the_mark_once() {
        for bytes in [64, 1024] {
            let text = text(bytes);
            let count = |bytes: &[u8], mark| bytes.iter().filter(|byte| **byte == mark).count();
            let frame = frame_with("news", FIRST_SEQ, &text);
            assert_eq!(count(&frame, Wire::NodeIpc.mark()), 1);
            let nats = [format!("MSG members 1 {}\r\n", frame.len()).as_bytes(), &frame].concat();
            assert_eq!(count(&nats, Wire::Nats.mark()), 1);
            let event = format!("42[\"news\",{{\"seq\":{FIRST_SEQ},\"body\":\"{text}\"}}]");
            assert_eq!(count(&text_frame(&event), Wire::SocketIo.mark()), 1);
        }
    }

    #[test]
    fn a_frame_says_how_long_it_is() {
        assert_eq!(text_frame("40"), b"\x81\x82\0\0\0\x0040");
        assert_eq!(text_frame(&"x".repeat(125))[..2], [0x81, 0xfd]);
        assert_eq!(text_frame(&"x".repeat(126))[..4], [0x81, 0xfe, 0, 126]);
        assert_eq!(text_frame(&"x".repeat(1100)).len(), 1100 + 8);
    }
}
