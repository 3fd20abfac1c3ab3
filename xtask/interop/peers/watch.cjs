// Listens to everything node-ipc publishes, lifecycle events apart from events of the wire.
//
// `on('*')` would be the documented way, but it is broken in 9.x on every Node since 10. So the
// one function through which node-ipc hands out events is wrapped; it still runs.
'use strict';

const dgram = require('node:dgram');
const net = require('node:net');

/**
 * Calls `lifecycle(name, args)` and `wire(type, data, hasSocket && socket)` for what `emitter`, a
 * client or a server of node-ipc, publishes.
 */
function watch(emitter, isServer, { lifecycle, wire, raw }) {
  const publish = emitter.publish;
  emitter.publish = function (type, ...args) {
    const own = isServer ? isServerEvent(type, args) : isClientEvent(type, args);
    if (type === 'data' && Buffer.isBuffer(args[0])) raw(args[0], args[1]);
    else if (!own) wire(type, args[0], args[1]);
    // First node-ipc's own handlers: 9.x publishes `socket.disconnected` inside of `close`.
    const result = publish.apply(this, [type, ...args]);
    if (own) lifecycle(type, args);
    return result;
  };
}

function isServerEvent(type, args) {
  switch (type) {
    case 'connect':
    case 'socket.disconnected':
      return args[0] instanceof net.Socket || args[0] instanceof dgram.Socket;
    // 9.x passes a boolean here, not the socket.
    case 'close':
    case 'start':
      return args.length < 2;
    default:
      return isError(type, args);
  }
}

function isClientEvent(type, args) {
  switch (type) {
    case 'connect':
    case 'disconnect':
    case 'destroy':
      return args.length === 0;
    default:
      return isError(type, args);
  }
}

// Classic wraps what JSON.parse threw into an object of its own.
function isError(type, args) {
  return type === 'error' && (args[0] instanceof Error || args[0]?.err instanceof Error);
}

/** Returns the line for an error node-ipc published. */
function errorLine(error) {
  if (error instanceof Error) {
    return { event: 'error', code: error.code ?? error.name, message: error.message };
  }
  return { event: 'error', code: 'ERR_IPC_INVALID_JSON', message: error.message };
}

module.exports = { watch, errorLine };
