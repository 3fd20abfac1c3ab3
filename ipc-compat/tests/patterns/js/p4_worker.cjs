// A worker: registers when it is told to begin, and asks something when it gets work.
'use strict';

require('./start.cjs')((ipc, say, appspace, index) => {
  ipc.config.appspace = appspace;
  ipc.connectTo('coordinator', () => {
    const coordinator = ipc.of.coordinator;
    coordinator.on('begin', () => {
      coordinator.emit('registerWorker', { workerIndex: Number(index) });
    });
    coordinator.on('registerWorkerDone', (to) => say(`done ${to.for}`));
    coordinator.on('sessionStateUpdate', ({ workersCount }) => say(`update ${workersCount}`));
    coordinator.on('work', () => {
      coordinator.emit('question', {});
      say('asked');
    });
  });
});
