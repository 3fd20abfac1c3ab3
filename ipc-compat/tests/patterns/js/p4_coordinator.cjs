// A coordinator: registers its workers when all are there, gives them work, and cleans up after one
// that is gone.
'use strict';

require('./start.cjs')((ipc, say, appspace, workers) => {
  Object.assign(ipc.config, { id: 'coordinator', appspace });
  const indexes = new Map();
  let connected = 0;
  const update = () =>
    ipc.server.broadcast('sessionStateUpdate', { workersCount: indexes.size });
  ipc.serve(() => {
    ipc.server.on('connect', () => {
      connected += 1;
      if (connected === Number(workers)) ipc.server.broadcast('begin', {});
    });
    ipc.server.on('registerWorker', ({ workerIndex }, socket) => {
      indexes.set(socket, workerIndex);
      ipc.server.emit(socket, 'registerWorkerDone', { for: workerIndex });
      update();
      if (indexes.size === Number(workers)) ipc.server.broadcast('work', {});
    });
    ipc.server.on('socket.disconnected', (socket) => {
      say(`cleaned up after ${indexes.get(socket)}`);
      indexes.delete(socket);
      update();
    });
    say('up');
  });
  ipc.server.start();
});
