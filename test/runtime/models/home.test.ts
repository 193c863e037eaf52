import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { holdfastHome, type Machine } from '../../../src/runtime/models/home.ts';

const machine = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv = {}): Machine => ({
  env,
  platform,
  userHome: path.resolve('/home/ada'),
});
const home = path.resolve('/home/ada');

test('lives in the cache folder of each platform', () => {
  assert.equal(holdfastHome(machine('linux')).root, path.join(home, '.cache', 'holdfast'));
  assert.equal(holdfastHome(machine('darwin')).root, path.join(home, 'Library', 'Caches', 'holdfast'));
  assert.equal(holdfastHome(machine('win32')).root, path.join(home, 'AppData', 'Local', 'holdfast'));
});

test('follows XDG_CACHE_HOME and LOCALAPPDATA', () => {
  const folder = path.resolve('/var/fast');
  assert.equal(holdfastHome(machine('linux', { XDG_CACHE_HOME: folder })).root, path.join(folder, 'holdfast'));
  assert.equal(holdfastHome(machine('win32', { LOCALAPPDATA: folder })).root, path.join(folder, 'holdfast'));
});

test('HOLDFAST_HOME is the folder itself, and ~ in it is the user home', () => {
  assert.deepEqual(holdfastHome(machine('linux', { HOLDFAST_HOME: '~/h', XDG_CACHE_HOME: '/x' })), {
    root: path.join(home, 'h'),
    models: path.join(home, 'h', 'models'),
    graphs: path.join(home, 'h', 'graphs'),
    results: path.join(home, 'h', 'results'),
    stamps: path.join(home, 'h', 'stamps'),
  });
});

test('an empty variable counts as unset', () => {
  assert.equal(
    holdfastHome(machine('linux', { HOLDFAST_HOME: '', XDG_CACHE_HOME: '' })).root,
    path.join(home, '.cache', 'holdfast'),
  );
});
