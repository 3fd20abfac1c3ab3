// The client of node-ipc's README.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);

ipc.config.id = 'hello';
ipc.config.retry = 1500;

ipc.connectTo(
  'world',
  function () {
    ipc.of.world.on(
      'connect',
      function () {
        ipc.log('## connected to world ##', ipc.config.delay);
        ipc.of.world.emit('message', 'hello');
      },
    );
    ipc.of.world.on(
      'disconnect',
      function () {
        ipc.log('disconnected from world');
      },
    );
    ipc.of.world.on(
      'message',
      function (data) {
        ipc.log('got a message from world : ', data);
      },
    );
  },
);
