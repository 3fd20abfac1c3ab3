// A daemon that takes commands, answers `status`, and tells when it has heard so many commands.
'use strict';

require('./start.cjs')((ipc, say, count) => {
  ipc.config.id = 'daemon';
  const commands = new Set();
  ipc.serve(() => {
    ipc.server.on('command', (number) => {
      commands.add(number);
      if (commands.size === Number(count)) say(`${count} different commands`);
    });
    ipc.server.on('status', (data, socket) => ipc.server.emit(socket, 'status', { up: true }));
    say('up');
  });
  ipc.server.start();
});
