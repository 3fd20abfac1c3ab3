// A sensor: sends a reading to the hub from its own port, and says what it hears.
'use strict';

require('./start.cjs')((ipc, say, kind, host, own, port, sensor) => {
  const hub = { address: host, port: Number(port) };
  ipc.serveNet(host, Number(own), kind, () => {});
  ipc.server.on('thanks', (name) => say(`thanks ${JSON.stringify(name)}`));
  ipc.server.on('all', (number) => say(`all ${number}`));
  // Published once, with the server itself, when it is bound.
  ipc.server.on('connect', () => {
    ipc.server.emit(hub, 'reading', { sensor, note: sensor.repeat(30000) });
  });
  ipc.server.start();
});
