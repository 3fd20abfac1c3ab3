// Clients that ask in every layout that programs in use have, as they do it, and say what they were
// answered. The server of each layout has its name.
'use strict';

require('./start.cjs')((ipc, say) => {
  const answered = (layout, value) => say(`${layout}: ${JSON.stringify(value)}`);
  const connect = (layout, main) => ipc.connectTo(layout, () => main(ipc.of[layout]));

  connect('json', (peer) => {
    peer.on('connect', () => {
      for (const [id, name] of [['a-1', 'sum'], ['a-2', 'fail'], ['a-3', 'other']]) {
        peer.emit('message', JSON.stringify({ id, name, args: name === 'sum' ? [1, 2] : null }));
      }
    });
    peer.on('message', (text) => answered('json', JSON.parse(text)));
  });
  connect('requests', (peer) => {
    peer.on('connect', () => {
      peer.emit('request', { resource: 'sum', requestId: '1', body: [1, 2] });
      peer.emit('request', { resource: 'fail', requestId: '2', body: null });
      peer.emit('request', { resource: 'other', requestId: '3', body: null });
    });
    peer.on('response', (data) => answered('requests', data));
  });
  connect('by-id', (peer) => {
    peer.on('connect', () => {
      peer.emit('call', { id: 1, name: 'sum', parameters: [1, 2] });
      peer.emit('call', { id: 2, name: 'fail', parameters: null });
    });
    peer.on('R_1', (data) => answered('by-id', ['R_1', data]));
    peer.on('R_2', (data) => answered('by-id', ['R_2', data]));
  });
  connect('dmno', (peer) => {
    peer.on('connect', () => {
      peer.emit('request', { requestType: 'fail', payload: null, requestId: '1' });
      peer.emit('request', { requestType: 'sum', payload: [1, 2], requestId: '2' });
    });
    peer.on('request-response', (data) => answered('dmno', data));
  });
  connect('state', (peer) => {
    peer.on('connect', () => {
      peer.emit('request', { id: 's1', clientId: 'me', type: 'nothing' });
      peer.emit('request', { id: 's2', clientId: 'me', type: 'fail' });
    });
    peer.on('response', (data) => answered('state', data));
  });
  connect('done', (peer) => {
    peer.on('connect', () => {
      peer.emit('sum', [1, 2]);
      peer.emit('fail', null);
    });
    peer.on('sumDone', (data) => answered('done', ['sumDone', data]));
    peer.on('failDone', (data) => answered('done', ['failDone', data]));
  });
});
