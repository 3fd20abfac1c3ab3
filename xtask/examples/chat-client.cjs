// The counterpart of chat_client.rs: a member of a chat room.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);
const me = 'Grace';

ipc.connectTo('world', function () {
  const { world } = ipc.of;
  world.on('connect', () => world.emit('Join', { room: 'kitchen', name: me }));
  world.on('Joined', ({ name, members }) => {
    ipc.log(name, 'is here, of', members);
    if (members === 2) world.emit('Say', `hello from ${me}`);
  });
  world.on('Said', ({ name, text }) => {
    ipc.log(`${name}: ${text}`);
    ipc.disconnect('world');
  });
});
