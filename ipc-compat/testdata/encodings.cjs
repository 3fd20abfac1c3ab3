// Records what Node's Buffer makes of text and of lists, and which text it makes of bytes.
//
//     node encodings.cjs <node-ipc dir, not used> <out.jsonl>
//
// A line is one of these. The cases are random, but the same in every run.
//     ["from", encoding, text, hex of Buffer.from(text, encoding)]
//     ["list", [values], hex of Buffer.from([values])]
//     ["text", encoding, hex of bytes, Buffer.from(bytes).toString(encoding)]
'use strict';

const fs = require('node:fs');

const ENCODINGS = ['utf8', 'ascii', 'latin1', 'utf16le', 'base64', 'base64url', 'hex'];

// mulberry32: a random number below `n`.
let state = 20240229;
function below(n) {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
}
const pick = (list) => list[below(list.length)];
const times = (n, make) => Array.from({length: n}, make);

// Text by code unit, so that half surrogate pairs occur.
const UNITS = {
    ascii: () => below(0x80),
    latin1: () => below(0x100),
    any: () => below(0x10000),
    surrogate: () => 0xd800 + below(0x800),
    high: () => 0xd800 + below(0x400),
    low: () => 0xdc00 + below(0x400),
    hex: () => pick('0123456789abcdefABCDEF').charCodeAt(0),
    base64: () => pick('ABCXYZabcxyz0189+/-_').charCodeAt(0),
    pad: () => 0x3d,
    white: () => pick(' \t\n\r').charCodeAt(0),
    other: () => pick('!"#,.:;?@[]^`{|}~\0\x7f\xa0').charCodeAt(0),
    // A digit of hex or base64 in its low byte only.
    disguised: () => (1 + below(0xff)) * 0x100 + pick('0aF+/-_=Z ').charCodeAt(0),
};
const MIXES = {
    plain: ['ascii'],
    latin: ['latin1'],
    wide: ['any', 'ascii', 'surrogate', 'high', 'low'],
    pairs: ['high', 'low', 'high', 'low', 'ascii'],
    hex: ['hex'],
    hexish: [...times(12, () => 'hex'), 'other', 'white', 'disguised'],
    base64: ['base64'],
    base64ish: [...times(12, () => 'base64'), 'white', 'other', 'pad', 'disguised'],
    base64white: ['base64', 'base64', 'white'],
};

function text(mix, most) {
    return String.fromCharCode(...times(below(most + 1), () => UNITS[pick(MIXES[mix])]()));
}

// Base64 that ends as it should, or nearly.
function ended() {
    return text('base64', 12) + pick(['', '=', '==', '===', ' =', '= =', '\n', '=A', '==AAAA']);
}

const VALUES = [
    () => below(256),
    () => below(2000) - 1000,
    () => (below(1 << 20) - (1 << 19)) / 64,
    () => pick([0, -0, 255, 256, -1, -256, 1e21, -1e21, 2 ** 53, 2 ** 31, -(2 ** 31), 4294967295, 0.999, -0.999, 5e-324]),
    () => pick(['', ' ', '7', ' 8\n', '1.9', '-1', '+3', '1e2', '.5', '5.', '.', 'e1', '0x1F', '0XfF', '0x', '-0x1', '0b11',
        '0o17', '0b2', '\ufeff9', '\u00a04', 'Infinity', '-Infinity', 'inf', 'nan', 'NaN', '1_0', '1 2', 'abc', '007', '1e', '0x1g']),
    () => pick([true, false, null]),
    () => pick([[], [5], ['6'], [[7]], [[]], [null], [true], [1, 2], [''], [[1, 2]], ['x']]),
    () => pick([{}, {a: 1}, {length: 1, 0: 7}]),
];

const lines = [];
function from(encoding, value) {
    lines.push(['from', encoding, value, Buffer.from(value, encoding).toString('hex')]);
}

for (const encoding of ENCODINGS) {
    for (const mix of ['plain', 'latin', 'wide', 'pairs']) {
        times(100, () => from(encoding, text(mix, 8)));
    }
}
times(300, () => from('hex', text('hex', 12)));
times(700, () => from('hex', text('hexish', 12)));
for (const encoding of ['base64', 'base64url']) {
    times(200, () => from(encoding, text('base64', 14)));
    times(200, () => from(encoding, text('base64white', 14)));
    times(700, () => from(encoding, text('base64ish', 14)));
    times(200, () => from(encoding, ended()));
}
// Longer ones, since Node goes other ways there.
for (const encoding of ENCODINGS) {
    for (const mix of Object.keys(MIXES)) {
        from(encoding, text(mix, 150));
    }
}
times(1500, () => {
    const list = times(below(6), () => pick(VALUES)());
    lines.push(['list', list, Buffer.from(list).toString('hex')]);
});
for (const encoding of ENCODINGS) {
    times(200, () => {
        const bytes = Buffer.from(times(below(12), () => below(pick([128, 256]))));
        lines.push(['text', encoding, bytes.toString('hex'), bytes.toString(encoding)]);
    });
}

fs.writeFileSync(process.argv[3], lines.map((line) => JSON.stringify(line) + '\n').join(''));
console.log(`${lines.length} lines`);
