// "Server with the cluster Module" of node-ipc's README, with two workers, at a path of its settings.
'use strict';

const fs = require('fs');
const ipc = require(process.env.NODE_IPC_DIR);
const cluster = require('cluster');
const socketPath = ipc.config.socketRoot + ipc.config.appspace + 'world';

ipc.config.unlink = false;

if (cluster.isMaster) {
  if (fs.existsSync(socketPath)) {
    fs.unlinkSync(socketPath);
  }

  for (let i = 0; i < 2; i++) {
    cluster.fork();
  }
} else {
  ipc.serve(
    socketPath,
    function () {
      ipc.server.on(
        'currentDate',
        function (data, socket) {
          console.log(`pid ${process.pid} got: `, data);
        },
      );
    },
  );

  ipc.server.start();
  console.log(`pid ${process.pid} listening on ${socketPath}`);
}
