// Loaded before an example of node-ipc runs: gives its sockets a directory of their own.
//
//     NODE_IPC_DIR=.../node_modules/node-ipc SOCKET_ROOT=/tmp/x/ node -r ./preload.cjs EXAMPLE.js
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);
ipc.config.socketRoot = process.env.SOCKET_ROOT;
ipc.config.logInColor = false;
