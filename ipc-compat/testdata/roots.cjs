// Environments whose default socket root record.cjs asks for. A variable that is not named is not set.
'use strict';

module.exports = [
    {},
    {XDG_RUNTIME_DIR: '/run/user/1000'},
    {XDG_RUNTIME_DIR: '/run/user/1000/'},
    {XDG_RUNTIME_DIR: '/run//user/./1000/../1001'},
    {XDG_RUNTIME_DIR: '/'},
    {XDG_RUNTIME_DIR: '/..'},
    {XDG_RUNTIME_DIR: '/a b/é'},
    {XDG_RUNTIME_DIR: 'run'},
    {XDG_RUNTIME_DIR: './run'},
    {XDG_RUNTIME_DIR: '../run'},
    {XDG_RUNTIME_DIR: 'a/../../b'},
    {XDG_RUNTIME_DIR: '.'},
    {XDG_RUNTIME_DIR: '..'},
    {XDG_RUNTIME_DIR: ''},
    {XDG_RUNTIME_DIR: '', TMPDIR: '/var/tmp'},
    {TMPDIR: '/var/tmp'},
    {TMPDIR: '/var/tmp/'},
    {TMPDIR: '/'},
    {TMPDIR: '', TMP: '/t1', TEMP: '/t2'},
    {TEMP: '/t2'},
    {TMPDIR: '/var/tmp', XDG_RUNTIME_DIR: '/run/user/1000'},
];
