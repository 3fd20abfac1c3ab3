// The command line of the JavaScript peer: the part of nipc's that the cases use.
'use strict';

const FLAGS = new Set([
  '--raw', '--echo', '--no-unlink', '--sync', '--json', '-q', '-v', '--insecure', '--request-cert',
]);
const VALUES = new Set([
  '--path', '--tcp', '--tls', '--udp4', '--udp6', '--socket-root', '--appspace', '--dialect',
  '--delimiter', '--encoding', '--retry', '--max-retries', '--max-connections', '--count',
  '--timeout', '--key', '--cert', '--server-name', '--profile', '--calls', '--max', '--heartbeat',
]);
const LISTS = new Set(['--ca', '--allow']);

/** Returns `{ command, id, event, data, options }` of the words of a command line. */
function parse(words) {
  const plain = [];
  const options = {};
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (FLAGS.has(word)) options[word.replace(/^-+/, '')] = true;
    else if (VALUES.has(word)) options[word.slice(2)] = words[(at += 1)];
    else if (LISTS.has(word)) (options[word.slice(2)] ??= []).push(words[(at += 1)]);
    else if (word.startsWith('--')) throw new Error(`unknown option ${word}`);
    else plain.push(word);
  }
  const [command, id = 'world', event, data] = plain;
  return { command, id, event, data, options };
}

/** Sets node-ipc's config as the options say. */
function configure(config, { command, id, options }) {
  config.silent = true;
  config.id = id;
  // Sending one message and leaving is no reason to try for ever.
  config.maxRetries = command === 'emit' || command === 'request' ? 0 : Infinity;
  const set = (name, option, convert) => {
    if (options[option] !== undefined) config[name] = convert(options[option]);
  };
  set('socketRoot', 'socket-root', (dir) => (dir.endsWith('/') ? dir : `${dir}/`));
  set('appspace', 'appspace', String);
  set('delimiter', 'delimiter', unescape);
  set('encoding', 'encoding', String);
  set('rawBuffer', 'raw', Boolean);
  set('sync', 'sync', Boolean);
  set('retry', 'retry', Number);
  set('maxRetries', 'max-retries', (n) => (n === 'inf' ? Infinity : Number(n)));
  set('maxConnections', 'max-connections', Number);
  set('unlink', 'no-unlink', () => false);
  set('parser', 'profile', String);
  set('allowedEvents', 'allow', (names) => names);
  if (options.tls) config.tls = tls(options);
}

/**
 * Returns `config.tls`. The paths of key and certificate are always given to a server: without
 * them 9.x serves with a key that anybody can take from its npm package.
 */
function tls(options) {
  const config = {};
  const set = (name, value) => {
    if (value !== undefined) config[name] = value;
  };
  set('private', options.key);
  set('public', options.cert);
  set('trustedConnections', options.ca);
  set('requestCert', options['request-cert']);
  set('servername', options['server-name']);
  config.rejectUnauthorized = !options.insecure;
  return config;
}

/** Returns the text with \n, \r, \t, \f and \xHH replaced by the characters they denote. */
function unescape(text) {
  const short = { n: '\n', r: '\r', t: '\t', f: '\f', '\\': '\\' };
  return text.replace(/\\(x[0-9a-fA-F]{2}|.)/g, (all, code) =>
    code[0] === 'x' ? String.fromCharCode(parseInt(code.slice(1), 16)) : (short[code] ?? all));
}

/** Returns `{ path }` or `{ kind, host, port }` or, for the default endpoint, `{}`. */
function endpoint({ options }) {
  const kind = ['tcp', 'tls', 'udp4', 'udp6'].find((name) => options[name] !== undefined);
  if (kind === undefined) return { path: options.path };
  const [, host, port] = /^(?:\[?([^\]]*)\]?:)?(\d+)$/.exec(options[kind]);
  return { kind, host: host || (kind === 'udp6' ? '::1' : '127.0.0.1'), port: Number(port) };
}

module.exports = { parse, configure, endpoint };
