// A command: sends one event, asks for the status, and is gone.
'use strict';

require('./start.cjs')((ipc, say) => {
  ipc.config.maxRetries = 0;
  ipc.connectTo('daemon', () => {
    const daemon = ipc.of.daemon;
    daemon.on('connect', () => {
      daemon.emit('command', 7);
      daemon.emit('status', { verbose: true });
    });
    daemon.on('status', (data) => {
      say(`status ${JSON.stringify(data)}`);
      ipc.disconnect('daemon');
    });
  });
});
