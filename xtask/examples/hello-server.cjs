// The server of node-ipc's README.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);

ipc.config.id = 'world';
ipc.config.retry = 1500;

ipc.serve(
  function () {
    ipc.server.on(
      'message',
      function (data, socket) {
        ipc.log('got a message : ', data);
        ipc.server.emit(socket, 'message', data + ' world!');
      },
    );
    ipc.server.on(
      'socket.disconnected',
      function (socket, destroyedSocketID) {
        ipc.log('client ' + destroyedSocketID + ' has disconnected!');
      },
    );
  },
);

ipc.server.start();
