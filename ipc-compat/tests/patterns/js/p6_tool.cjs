// A tool: waits for the greeting, sends 5 MB and compares what comes back.
'use strict';

require('./start.cjs')((ipc, say, path) => {
  const large = 'aß雪🦀'.repeat(500000);
  ipc.config.maxRetries = 0;
  ipc.connectTo('program', path, () => {
    const program = ipc.of.program;
    program.on('hello', (text) => {
      say(`greeted: ${text}`);
      program.emit('echo', large);
    });
    program.on('echo', (text) => {
      const same = text === large ? 'as they were' : 'changed';
      say(`${Buffer.byteLength(text)} bytes came back ${same}`);
      ipc.disconnect('program');
    });
  });
});
