// What asks numbered questions over one event.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);

const waiting = new Map();
let last = 0;

function lengthOf(text) {
  return new Promise(
    function (answered) {
      waiting.set(++last, answered);
      ipc.of.world.emit('length', { number: last, text });
    },
  );
}

ipc.connectTo(
  'world',
  function () {
    ipc.of.world.on(
      'length',
      function (data) {
        waiting.get(data.number)(data.length);
        waiting.delete(data.number);
      },
    );
    ipc.of.world.on(
      'connect',
      async function () {
        const texts = ['four', 'twenty-two characters.'];
        ipc.log((await Promise.all(texts.map(lengthOf))).join(' and '), 'characters');
      },
    );
  },
);
