// What calls methods: two at a time, one that fails, and one that answers with a stream.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);
const calls = require('../../ipc-compat/js/calls.cjs');

ipc.connectTo(
  'world',
  function () {
    const { call } = calls(ipc.of.world);
    ipc.of.world.on(
      'connect',
      async function () {
        const texts = ['four', 'twenty-two characters.'];
        const lengths = await Promise.all(texts.map((text) => call('length', text)));
        ipc.log(lengths.join(' and '), 'characters');
        await call('length', '').catch((error) => ipc.log('failed:', error.message, error.code));
        const onItem = (word) => ipc.log('word:', word);
        await call('words', 'one two three', { onItem });
      },
    );
  },
);
