// A server that answers `sum` in every layout that programs in use have, as they do it. It says what it
// was asked, with the layout's own frame.
'use strict';

const sum = (args) => {
  if (!Array.isArray(args)) throw Object.assign(new Error('no list'), { code: 'E_LIST' });
  return args.reduce((all, n) => all + n, 0);
};

require('./start.cjs')((ipc, say) => {
  ipc.config.id = 'backend';
  ipc.serve(() => {
    const { server } = ipc;
    const message = (socket, data) => server.emit(socket, 'message', JSON.stringify(data));
    server.on('message', (text, socket) => {
      const { id, name, args } = JSON.parse(text);
      if (name !== 'sum') return message(socket, { type: 'reply', id, result: null });
      try { message(socket, { type: 'reply', id, result: sum(args) }); }
      catch (e) { message(socket, { type: 'error', id }); }
      message(socket, { type: 'push', name: 'asked', args: id });
    });

    const requests = ({ resource, requestId, body }, socket) => {
      const respond = (response) => server.emit(socket, 'response', { requestId, ...response });
      const refuse = ({ message, name, code }) => respond({ status: 'error', error: { message, name, code } });
      if (resource !== 'sum') return refuse({ message: `no ${resource}`, name: 'Error', code: 'ERR_IPC_MISSING_ROUTE' });
      try { respond({ status: 'success', body: sum(body) }); } catch (e) { refuse(e); }
    };
    const dmno = ({ requestType, payload, requestId }, socket) => {
      if (requestType !== 'sum') return;
      server.emit(socket, 'request-response', { requestId, response: sum(payload) });
    };
    const state = ({ id, clientId, type }, socket) => {
      const error = type === 'whoami' ? undefined : `no ${type}`;
      server.emit(socket, 'response', { id, type, result: error ? undefined : clientId, error });
    };
    server.on('request', (data, socket) => {
      if (typeof (data.requestId ?? data.id) !== 'string') throw new Error('the id is no text');
      if (data.resource) requests(data, socket);
      else if (data.requestType) dmno(data, socket);
      else state(data, socket);
    });

    server.on('call', ({ id, name, parameters }, socket) => {
      try {
        if (name !== 'sum') throw new Error(`no ${name}`);
        server.emit(socket, `R_${id}`, { status: 'success', data: sum(parameters) });
      } catch (e) { server.emit(socket, `R_${id}`, { status: 'error', error: e.message }); }
    });

    server.on('sum', (args, socket) => {
      try { server.emit(socket, 'sumDone', sum(args)); }
      catch (e) { server.emit(socket, 'sumDone', { error: e.message }); }
    });
    say('up');
  });
  ipc.server.start();
});
