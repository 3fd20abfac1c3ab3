// A client that says hello, wants topics, and is sent away.
'use strict';

const assert = require('node:assert');
const calls = require('../../../js/calls.cjs');

require('./start.cjs')((ipc, say) => {
  ipc.config.maxRetries = 0;
  ipc.connectTo('world', () => {
    const world = ipc.of.world;
    const byes = [];
    const { call } = calls(world, {}, { timeout: 20_000 });
    world.on('$call', ({ call: method, args }) => method === '$bye' && byes.push(args.code));
    world.on('you are', (name) => say(`you are ${name}`));
    world.on('disconnect', () => {
      say(`sent away: ${byes}`);
      process.exit(0);
    });
    world.on('connect', async () => {
      try {
        const { v, peer, features } = await call('$hello', { v: 1, name: 'alice' });
        assert.deepStrictEqual([v, peer, features], [1, 1, ['identities']]);
        for (const [method, code] of [
          ['$hello', 'invalid_args'],
          ['$sub', 'unknown_method'],
        ]) {
          await call(method, ['price.*']).then(
            () => assert.fail(`${method} was answered`),
            (error) => assert.strictEqual(error.code, code),
          );
        }
        say('known');
        world.emit('who am I', null);
      } catch (error) {
        say(error.stack.replaceAll('\n', ' '));
        process.exit(1);
      }
    });
  });
});
