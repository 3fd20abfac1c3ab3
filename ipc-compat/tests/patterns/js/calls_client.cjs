// A client that asks, answers, cancels, and is left in the middle of a call.
'use strict';

const assert = require('node:assert');
const calls = require('../../../js/calls.cjs');

require('./start.cjs')((ipc, say, server) => {
  ipc.config.maxRetries = 0;
  ipc.connectTo('world', () => {
    const world = ipc.of.world;
    let tries = 0;
    const { call, notify } = calls(world, { whoami: () => 'a client' }, { timeout: 20_000 });
    const refused = (code, promise) =>
      promise.then(
        (answer) => assert.fail(`${code} was answered: ${answer}`),
        (error) => {
          assert.strictEqual(error.code, code);
          return error;
        },
      );
    const parts = {
      answers: async () => {
        assert.strictEqual(await call('sum', [1, 2, 3]), 6);
        // A result of Rust is never absent.
        if (server !== 'rust') assert.strictEqual(await call('nothing'), undefined);
        assert.strictEqual(await call('nil'), null);
        assert.strictEqual(await call('back', null), 'a client');
      },
      errors: async () => {
        const error = await refused('not_found', call('fails'));
        assert.deepStrictEqual([error.message, error.data], ['no such key', { key: 'a' }]);
        for (const method of ['no_such', '__proto__', 'constructor', 'toString']) {
          await refused('unknown_method', call(method));
        }
      },
      'ends of calls': async () => {
        await refused('deadline', call('slow', null, { ms: 50 }));
        const abort = new AbortController();
        const slow = call('slow', null, { signal: abort.signal });
        setImmediate(() => abort.abort());
        await refused('cancelled', slow);
        await refused('cancelled', call('slow', null, { signal: AbortSignal.abort() }));
        while ((await call('stopped')).length < 2) tries += 1;
      },
      streams: async () => {
        const rows = [];
        await call('rows', { rows: 1000 }, { onItem: (row) => rows.push(row) });
        assert.deepStrictEqual(rows, Array.from({ length: 1000 }, (_, row) => row));
        await refused('needs_stream', call('rows', { rows: 1 }));
        const few = [];
        const abort = new AbortController();
        const cut = call('rows', { rows: 1e9 }, {
          signal: abort.signal,
          onItem: (row) => {
            few.push(row);
            if (row === 99) abort.abort();
          },
        });
        await refused('cancelled', cut);
        assert.strictEqual(few.length, 100);
      },
      'a thousand at a time': async () => {
        const busy = (error) => error.code;
        const all = Array.from({ length: 1000 }, (_, n) => call('sum', [n, 1]).catch(busy));
        const answers = await Promise.all(all);
        answers.forEach((answer, n) => assert.ok(answer === n + 1 || answer === 'busy', `${answer}`));
        assert.ok(answers.filter((answer) => answer !== 'busy').length >= 64);
      },
      notices: async () => {
        notify('note', 'x');
        notify('no_such', 'y');
        while ((await call('noted')).length < 1) tries += 1;
        assert.deepStrictEqual(await call('noted'), ['x']);
      },
      'the end of the peer': async () => {
        const open = call('slow');
        notify('die');
        await refused('disconnected', open);
      },
    };
    world.on('connect', async () => {
      for (const [name, part] of Object.entries(parts)) {
        try {
          await part();
          say(`${name}: ok`);
        } catch (error) {
          say(`${name}: ${error.stack.replaceAll('\n', ' ')}`);
        }
      }
      process.exit(0);
    });
  });
});
