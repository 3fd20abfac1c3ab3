// What answers a numbered question with a numbered answer.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);

ipc.config.id = 'world';

ipc.serve(
  function () {
    ipc.server.on(
      'length',
      function (data, socket) {
        ipc.log('got question ', data.text);
        ipc.server.emit(socket, 'length', { number: data.number, length: data.text.length });
      },
    );
  },
);

ipc.server.start();
