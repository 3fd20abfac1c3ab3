//! What unfinished frames of all peers may take together.

use ipc_core::Server;

use crate::support::{Lines, Log, Raw, memory};

#[tokio::test(start_paused = true)]
async fn unfinished_frames_of_all_peers_have_one_budget() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).receive_budget(10).build();
    let log = Log::of_server(&server);
    server.listen().await.unwrap();
    let mut one = Raw::dial(&transport).await;
    one.write("a 12345678").await;
    log.until("1 connect").await;
    let mut two = Raw::dial(&transport).await;
    two.write("b").await;
    log.until("2 disconnect receive_budget").await;
    one.write("\n").await;
    log.until("1 a 12345678").await;
    // What a peer had is given back with it.
    let mut three = Raw::dial(&transport).await;
    three.write("a 12345678").await;
    log.until("3 connect").await;
    drop(three);
    log.until("3 disconnect truncated at 10").await;
    one.write("b 12345678").await;
    one.write("\n").await;
    log.until("1 b 12345678").await;
}
