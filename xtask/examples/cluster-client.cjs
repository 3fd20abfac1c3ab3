// The client of "Server with the cluster Module" of node-ipc's README, at a path of its settings.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);

const socketPath = ipc.config.socketRoot + ipc.config.appspace + 'world';

// loop forever so you can see the pid of the cluster sever change in the logs
setInterval(
  function () {
    ipc.connectTo(
      'world',
      socketPath,
      connecting,
    );
  },
  2000,
);

function connecting(socket) {
  ipc.of.world.on(
    'connect',
    function () {
      ipc.of.world.emit(
        'currentDate',
        {
          message: new Date().toISOString(),
        },
      );
      ipc.disconnect('world');
    },
  );
}
