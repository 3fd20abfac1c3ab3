// What answers calls: one with a result or an error, one with a stream of items.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);
const calls = require('../../ipc-compat/js/calls.cjs');

ipc.config.id = 'world';

ipc.serve(
  function () {
    calls(
      ipc.server,
      {
        length(text) {
          ipc.log('got question ', text);
          if (text === '') {
            throw Object.assign(new Error('there is no text'), { code: 'empty' });
          }
          return text.length;
        },
        async *words(text) {
          yield* text.split(' ');
        },
      },
    );
  },
);

ipc.server.start();
