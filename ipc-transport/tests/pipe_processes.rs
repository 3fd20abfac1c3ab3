//! Tests of pipes that need a second process: one that is killed, and one that leaves at once.
//!
//! Started with `--play` it is that other process; otherwise it runs the tests.
#![expect(clippy::print_stdout, reason = "a test runner tells what it runs")]

#[cfg(all(windows, feature = "pipe"))]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    use ipc_transport::{PipeTransport, Transport};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    pub(crate) type Result<T = ()> =
        std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

    pub(crate) async fn a_killed_server_is_no_server() -> Result {
        let transport = transport("killed");
        let mut child = play("serve", &transport)?;
        let mut client = transport.dial().await?;
        assert_eq!(client.read_u8().await?, b'!');
        child.kill()?;
        child.wait()?;
        assert_eq!(client.read(&mut [0; 8]).await?, 0);
        drop(client);
        let error = transport.dial().await.map(drop).err().ok_or("somebody answered")?;
        assert_eq!(error.code(), "nobody_listening", "{error}");
        // And its name is free.
        transport.listen().await?.close().await?;
        Ok(())
    }

    pub(crate) async fn a_client_that_leaves_at_once_loses_nothing() -> Result {
        let transport = transport("leaves");
        let mut listener = transport.listen().await?;
        for _ in 0..20 {
            let mut child = play("leave", &transport)?;
            let mut server = listener.accept().await?;
            let mut received = Vec::new();
            server.read_to_end(&mut received).await?;
            assert_eq!(received.len(), LAST_WORDS);
            assert!(child.wait()?.success());
        }
        Ok(())
    }

    pub(crate) async fn a_server_that_leaves_at_once_loses_nothing() -> Result {
        for number in 0..5 {
            let transport = transport(&format!("greets{number}"));
            let mut child = play("greet", &transport)?;
            let mut client = transport.dial().await?;
            let mut received = Vec::new();
            client.read_to_end(&mut received).await?;
            assert_eq!(received.len(), LAST_WORDS);
            assert!(child.wait()?.success());
        }
        Ok(())
    }

    /// Plays the other process.
    pub(crate) async fn be(role: &str, name: &str) -> Result {
        let transport = PipeTransport::new(name);
        if role == "leave" {
            println!("ready");
            let mut stream = transport.dial().await?;
            stream.write_all(&[b'x'; LAST_WORDS]).await?;
            stream.shutdown().await?;
            // No turn of the event loop, no closing of anything: what is not written is lost.
            std::process::exit(0);
        }
        let mut listener = transport.listen().await?;
        println!("ready");
        let mut stream = listener.accept().await?;
        if role == "greet" {
            stream.write_all(&[b'x'; LAST_WORDS]).await?;
            stream.shutdown().await?;
            std::process::exit(0);
        }
        stream.write_all(b"!").await?;
        std::future::pending().await
    }

    fn transport(what: &str) -> PipeTransport {
        let id = std::process::id();
        PipeTransport::new(format!(r"\\.\pipe\ipc-transport-processes-{id}-{what}"))
            .with_busy_timeout(Duration::from_secs(30))
    }

    /// Starts the other process and waits until it is ready.
    fn play(role: &str, transport: &PipeTransport) -> Result<Child> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--play", role, transport.name()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
        assert_eq!(line.trim(), "ready");
        Ok(child)
    }

    /// More than any buffer between the two holds.
    const LAST_WORDS: usize = 300_000;
}

#[cfg(all(windows, feature = "pipe"))]
fn main() -> tests::Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let [play, role, name] = arguments.as_slice() {
        assert_eq!(play, "--play");
        return runtime.block_on(tests::be(role, name));
    }
    runtime.block_on(async {
        tests::a_killed_server_is_no_server().await?;
        println!("test a_killed_server_is_no_server ... ok");
        tests::a_client_that_leaves_at_once_loses_nothing().await?;
        println!("test a_client_that_leaves_at_once_loses_nothing ... ok");
        tests::a_server_that_leaves_at_once_loses_nothing().await?;
        println!("test a_server_that_leaves_at_once_loses_nothing ... ok");
        println!("\ntest result: ok. 3 passed; 0 failed");
        Ok(())
    })
}

#[cfg(not(all(windows, feature = "pipe")))]
fn main() {
    println!("test result: ok. 0 passed; 0 failed; there are no Windows pipes here");
}
