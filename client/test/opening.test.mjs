import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { open } from '../dist/index.js';
import { at, FakeServer, letter, ndjson } from './server.mjs';

const { WebSocket } = globalThis;
let server;

beforeEach(async () => { server = await FakeServer.start(); });
afterEach(() => {
  globalThis.WebSocket = WebSocket;
  server.stop();
});

for (const transport of ['websockets', 'WebSocket', 'toString', '', 7]) {
  test(`the transport '${transport}' is refused`, () => {
    assert.throws(() => open(server.url, 'ada', { transport }),
      { name: 'TypeError', message: `transport: '${transport}' is no strategy.` });
  });
}

test('a runtime without WebSocket says so at once', () => {
  delete globalThis.WebSocket;
  assert.throws(() => open(server.url, 'ada', { transport: 'websocket' }), { name: 'TypeError', message: /^transport: .*no WebSocket/ });
});

test('a runtime with WebSocket uses it', async () => {
  const opened = new Promise(done => { globalThis.WebSocket = class { constructor(url) { done(url.protocol); } close() {} }; });
  const mailbox = open(server.url, 'ada', { transport: 'websocket' });
  assert.equal(await opened, 'ws:');
  mailbox.close();
});

test('a runtime without WebSocket goes another way by itself', async () => {
  delete globalThis.WebSocket;
  server.say(ndjson({ position: at(0) }, letter(1)));
  const mailbox = open(server.url, 'ada');
  for await (const { data } of mailbox) {
    assert.equal(data, 1);
    mailbox.close();
  }
  assert.equal(mailbox.status.transport, 'stream');
});
