// A member of a hub: registers with each connection, and says what it is told.
'use strict';

require('./start.cjs')((ipc, say, host, port, name) => {
  ipc.connectToNet('hub', host, Number(port), () => {
    const hub = ipc.of.hub;
    hub.on('connect', () => hub.emit('register', name));
    hub.on('disconnect', () => say('lost'));
    hub.on('note', (text) => say(`note ${text}`));
  });
});
