// The server of node-ipc's own README: it answers `message` with the data plus ' world!'.
//
// Its calls are the README's; what is added prints a line that the case can read.
'use strict';

const { load, print } = require('./load.cjs');

load().then(({ ipc }) => {
  ipc.config.id = 'world';
  ipc.config.retry = 1500;
  ipc.config.silent = true;
  if (process.env.SOCKET_ROOT) ipc.config.socketRoot = process.env.SOCKET_ROOT;

  const started = () => {
    ipc.server.on('message', (data, socket) => {
      print({ event: 'message', type: 'message', data });
      ipc.server.emit(socket, 'message', data + ' world!');
    });
    ipc.server.on('socket.disconnected', (socket, destroyedSocketID) => {
      print({ event: 'socket.disconnected', id: destroyedSocketID });
    });
    print({ event: 'start' });
  };
  if (process.env.PORT) ipc.serveNet(Number(process.env.PORT), started);
  else ipc.serve(started);

  ipc.server.start();
});
