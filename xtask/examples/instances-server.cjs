// Two objects in one process, from "Multiple IPC Instances" in node-ipc's README.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);
const someOtherExplicitIPC = new ipc.IPC();
Object.assign(someOtherExplicitIPC.config, ipc.config);

ipc.config.id = 'world';
someOtherExplicitIPC.config.id = 'rawworld';

// make one a raw binary and the other json based ipc
ipc.config.rawBuffer = false;

someOtherExplicitIPC.config.rawBuffer = true;
someOtherExplicitIPC.config.encoding = 'hex';

ipc.serve(
  function () {
    ipc.server.on(
      'message',
      function (data, socket) {
        ipc.log('got a message : ', data);
        ipc.server.emit(socket, 'message', data + ' world!');
      },
    );
    someOtherExplicitIPC.server.start();
  },
);

someOtherExplicitIPC.serve(
  function () {
    someOtherExplicitIPC.server.on(
      'data',
      function (data, socket) {
        ipc.log('got bytes : ', data.toString('hex'));
        someOtherExplicitIPC.server.emit(socket, data);
      },
    );
    // The first of the two says that it listens before the second does.
    console.log('both serve');
  },
);

ipc.server.start();
