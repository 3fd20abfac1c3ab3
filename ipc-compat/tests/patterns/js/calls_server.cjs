// A server that answers calls, and asks who calls it back.
'use strict';

const calls = require('../../../js/calls.cjs');

require('./start.cjs')((ipc, say) => {
  ipc.config.id = 'world';
  ipc.serve(() => {
    const stopped = [];
    const served = calls(
      ipc.server,
      {
        sum: (numbers) => numbers.reduce((sum, n) => sum + n, 0),
        nothing: () => undefined,
        nil: () => null,
        fails: async () => {
          throw Object.assign(new Error('no such key'), { code: 'not_found', data: { key: 'a' } });
        },
        slow: (_, { signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              stopped.push('slow');
              resolve();
            });
          }),
        stopped: () => stopped,
        async *rows({ rows }) {
          for (let row = 0; row < rows; row += 1) yield row;
        },
        back: (_, { socket }) => served.call('whoami', null, { to: socket }),
        noted: () => served.notes,
        note: (text) => served.notes.push(text),
        die: () => process.exit(7),
      },
      { max: 64 },
    );
    served.notes = [];
    // Both are ordinary events to whoever listens for all.
    ipc.server.on('*', () => {});
    say('up');
  });
  ipc.server.start();
});
