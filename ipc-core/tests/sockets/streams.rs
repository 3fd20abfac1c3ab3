//! Typed streams over real sockets: no answer is missed between a question and its `next`.

use ipc_core::{Client, Server};

use crate::rig::{KINDS, Rig};
use crate::support::{Lines, soon};

both_runtimes!(a_thousand_questions_have_their_answers);
async fn a_thousand_questions_have_their_answers() {
    for kind in KINDS {
        let rig = Rig::new(kind, |server| server).await;
        let client: Client<Lines> = rig.client();
        for n in 0..1000_u32 {
            let answer = client.next::<String>("echo");
            let text = n.to_string();
            client.emit("say", text.as_str()).unwrap();
            assert_eq!(soon(answer).await.unwrap(), text, "{kind:?}");
        }
    }
}

both_runtimes!(a_server_takes_the_messages_of_all_its_peers_from_a_stream);
async fn a_server_takes_the_messages_of_all_its_peers_from_a_stream() {
    for kind in KINDS {
        let rig = Rig::new(kind, |server| server).await;
        let server: &Server<Lines> = &rig.server;
        let mut jobs = server.stream::<u64>("job");
        let clients = [rig.client(), rig.client()];
        for n in 0..500_u64 {
            for client in &clients {
                client.emit("job", n.to_string().as_str()).unwrap();
            }
        }
        let mut last = std::collections::BTreeMap::new();
        for _ in 0..1000 {
            let (n, peer) = soon(jobs.next_with_peer()).await.unwrap().unwrap();
            let before = last.insert(peer.id(), n);
            assert_eq!(before.map_or(0, |before| before + 1), n, "in order for each peer");
        }
        assert_eq!(last.values().copied().collect::<Vec<_>>(), [499, 499]);
    }
}
