// The scripts that transcripts.cjs plays. Each line is a step; the pause between attempts is 200 ms unless the script
// says otherwise. Steps are at multiples of 100 ms that no event falls on.
'use strict';

module.exports = {
    no_server: `
        config {"maxRetries":2}
        connect
        at 900`,
    no_retries: `
        config {"maxRetries":0}
        connect
        at 500`,
    no_retries_false: `
        config {"maxRetries":false}
        connect
        at 500`,
    server_comes_late: `
        connect
        at 300
        listen
        at 700
        emit told 1
        at 900`,
    server_dies_and_comes_back: `
        listen
        connect
        at 300
        die
        at 800
        listen
        at 1300
        emit told 1
        at 1500`,
    server_refuses: `
        config {"maxRetries":1}
        listen
        die
        connect
        at 700`,
    server_cuts_the_connection: `
        listen
        connect
        at 300
        drop
        at 700
        drop
        at 1100`,
    retries_run_out_after_a_connection: `
        config {"maxRetries":2}
        listen
        connect
        at 300
        die
        at 1100`,
    a_connection_resets_the_count: `
        config {"maxRetries":1}
        connect
        at 100
        listen
        at 500
        drop
        at 900
        drop
        at 1300`,
    stop_retrying_while_waiting: `
        config {"retry":600}
        connect
        at 300
        config {"stopRetrying":true}
        at 1500`,
    stop_retrying_while_connected: `
        listen
        connect
        at 300
        config {"stopRetrying":true}
        at 500
        drop
        at 900`,
    stop_retrying_is_a_number: `
        listen
        connect
        at 300
        config {"stopRetrying":5}
        at 500
        drop
        at 900`,
    stop_retrying_taken_back: `
        listen
        connect
        at 300
        config {"stopRetrying":true}
        config {"stopRetrying":0}
        at 500
        drop
        at 900`,
    retry_changes: `
        connect
        at 300
        config {"retry":400}
        at 1100`,
    max_retries_changes: `
        listen
        connect
        at 300
        config {"maxRetries":0}
        drop
        at 700
        drop
        at 1100`,
    disconnect_connected: `
        listen
        connect
        at 300
        disconnect
        at 700`,
    disconnect_waiting: `
        config {"retry":600}
        connect
        at 300
        disconnect
        at 1000`,
    connect_twice: `
        listen
        connect
        at 300
        connect
        at 500`,
    connect_after_the_end: `
        config {"maxRetries":0}
        connect
        at 300
        listen
        connect
        at 500`,
    client_leaves: `
        serve
        at 200
        dial a
        at 400
        kill a
        at 600`,
    client_with_an_id: `
        config {"identifyPeer":true}
        serve
        at 200
        dial a
        write a {"type":"id","data":{"id":"me"}}
        at 400
        kill a
        at 600`,
    two_clients_with_one_id: `
        config {"identifyPeer":true}
        serve
        at 200
        dial a
        dial b
        write a {"type":"id","data":{"id":"me"}}
        at 300
        write b {"type":"id","data":{"id":"me"}}
        at 400
        kill a
        at 600
        kill b
        at 800`,
    an_id_without_identify_peer: `
        serve
        at 200
        dial a
        write a {"type":"id","data":{"id":"me"}}
        at 400
        kill a
        at 600`,
    stop_with_clients: `
        serve
        at 200
        dial a
        at 400
        stop
        at 800`,
    stop_with_our_client: `
        serve
        at 200
        connect
        at 400
        stop
        at 900`,
    answers: `
        serve
        at 200
        dial a
        write a {"type":"ask","data":{"a":1}}
        at 600
        broadcast told 2
        at 800
        dial b
        write b {"type":"told","data":3}
        at 1000
        kill a
        at 1200
        broadcast told 4
        at 1400`,
    hello: `
        serve
        at 200
        connect
        at 400
        emit ask {"a":1}
        at 800
        broadcast told 2
        at 1000`,
    sync_with_a_slow_server: `
        config {"sync":true}
        serve
        at 200
        connect
        at 300
        emit ask 1
        emit ask 2
        emit ask 3
        at 1200`,
    sync_without_an_answer: `
        config {"sync":true}
        serve
        at 200
        connect
        at 300
        emit told 1
        emit told 2
        at 700`,
    broken_frame_for_a_client: `
        listen
        connect
        at 300
        say nonsense
        at 500
        say {"type":"told","data":1}
        at 900`,
    broken_frame_for_a_server: `
        serve
        at 200
        dial a
        write a nonsense
        at 400
        write a {"type":"told","data":1}
        at 700`,
    handlers_in_order: `
        listen
        connect
        at 200
        on m one
        on * any
        on m two
        say {"type":"m","data":{}}
        at 400`,
    once: `
        listen
        connect
        at 200
        once m one
        on m two
        say {"type":"m"}
        at 300
        say {"type":"m"}
        at 500`,
    off: `
        listen
        connect
        at 200
        on m one
        on m two
        off m one
        say {"type":"m"}
        at 300
        off m *
        say {"type":"m"}
        at 500`,
    a_handler_removes_itself: `
        listen
        connect
        at 200
        on m one off one
        on m two
        on m three
        say {"type":"m"}
        at 300
        say {"type":"m"}
        at 500`,
    a_handler_removes_the_next: `
        listen
        connect
        at 200
        on m one off two
        on m two
        on m three
        say {"type":"m"}
        at 500`,
    a_handler_removes_all: `
        listen
        connect
        at 200
        on m one off *
        on m two
        say {"type":"m"}
        at 300
        say {"type":"m"}
        at 500`,
    a_handler_adds_another: `
        listen
        connect
        at 200
        on m one on two
        say {"type":"m"}
        at 500`,
    a_handler_emits: `
        listen
        connect
        at 200
        on m one emit told
        on m two
        say {"type":"m"}
        at 500`,
};
