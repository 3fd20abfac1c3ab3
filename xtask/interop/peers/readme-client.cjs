// The client of node-ipc's own README: it says 'hello' as soon as it is connected.
//
// Its calls are the README's; what is added prints a line that the case can read.
'use strict';

const { load, print } = require('./load.cjs');

load().then(({ ipc }) => {
  ipc.config.id = 'hello';
  ipc.config.retry = 1500;
  ipc.config.silent = true;
  if (process.env.SOCKET_ROOT) ipc.config.socketRoot = process.env.SOCKET_ROOT;

  const created = () => {
    ipc.of.world.on('connect', () => {
      print({ event: 'connect' });
      ipc.of.world.emit('message', 'hello');
    });
    ipc.of.world.on('disconnect', () => {
      print({ event: 'disconnect' });
    });
    ipc.of.world.on('message', (data) => {
      print({ event: 'message', type: 'message', data });
    });
  };
  if (process.env.PORT) ipc.connectToNet('world', Number(process.env.PORT), created);
  else ipc.connectTo('world', created);
});
