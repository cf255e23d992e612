import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const part = async name => {
  const { outputFiles } = await build({ entryPoints: [`src/${name}.ts`], bundle: true, format: 'esm', write: false });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
};

test('the client is smaller than 8 KB', () => {
  const bytes = gzipSync(readFileSync('dist/index.js'), { level: 9 }).length;
  assert.ok(bytes < 8_000, `${bytes} bytes`);
});

test('the file that the gateway serves is what the sources build', () => {
  assert.equal(readFileSync('../src/Mailbox.Gateway/Pages/mailbox-client.js', 'utf8'), readFileSync('dist/index.js', 'utf8'));
});

test('a client has no dependency, and its lock file names no place to load from', () => {
  assert.equal(JSON.parse(readFileSync('package.json')).dependencies, undefined);
  assert.doesNotMatch(readFileSync('package-lock.json', 'utf8'), /"resolved"|https?:\/\/(?!github\.com|opencollective\.com)/);
});

test('positions are compared by number within an epoch, and another epoch is news', async () => {
  const { isAfter } = await part('position');
  assert.deepEqual(
    [['a1.10', 'a1.9'], ['a1.9', 'a1.10'], ['a1.9', 'a1.9'], ['b2.1', 'a1.9'], ['a1.1', null]].map(([one, other]) => isAfter(one, other)),
    [true, false, false, true, true]);
});

test('the delay is anything up to a bound that doubles', async () => {
  const { delayOf } = await part('backoff');
  assert.deepEqual([0, 1, 2, 20].map(failures => delayOf(failures, () => 1)), [500, 1_000, 2_000, 30_000]);
  assert.equal(delayOf(9, () => 0), 0);
});

test('the ladder goes down where a way fails, and stays where it is when nobody is there', async () => {
  const { Ladder } = await part('ladder');
  const ladder = new Ladder('auto', ['stream', 'long-poll', 'poll']);
  ladder.failed(true, 1);
  assert.equal(ladder.transport, 'stream');
  ladder.failed(false, 2);
  assert.equal(ladder.transport, 'long-poll');
  ladder.proved();
  ladder.failed(true, 1);
  assert.equal(ladder.transport, 'long-poll');
  ladder.climb();
  assert.equal(ladder.transport, 'stream');
  ladder.failed(false, 1);
  assert.equal(ladder.transport, 'long-poll');
});

test('a way that is cut again and again is left', async () => {
  const { Ladder } = await part('ladder');
  const ladder = new Ladder('auto', ['stream', 'long-poll']);
  ladder.proved();
  ladder.cut(100);
  ladder.cut(100);
  assert.equal(ladder.transport, 'stream');
  ladder.cut(100);
  assert.equal(ladder.transport, 'long-poll');
});
