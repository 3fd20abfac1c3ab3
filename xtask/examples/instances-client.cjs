// The other side of instances-server.cjs: two objects in one process, too.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);
const someOtherExplicitIPC = new ipc.IPC();
Object.assign(someOtherExplicitIPC.config, ipc.config);

someOtherExplicitIPC.config.rawBuffer = true;
someOtherExplicitIPC.config.encoding = 'hex';

ipc.connectTo(
  'world',
  function () {
    ipc.of.world.on(
      'connect',
      function () {
        ipc.of.world.emit('message', 'hello');
      },
    );
    ipc.of.world.on(
      'message',
      function (data) {
        ipc.log('got ', data);
      },
    );
  },
);

someOtherExplicitIPC.connectTo(
  'rawworld',
  function () {
    someOtherExplicitIPC.of.rawworld.on(
      'connect',
      function () {
        someOtherExplicitIPC.of.rawworld.emit('0dee');
      },
    );
    someOtherExplicitIPC.of.rawworld.on(
      'data',
      function (data) {
        ipc.log('got ', data.toString('hex'));
      },
    );
  },
);
