import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { open } from '../dist/index.js';
import { at, FakeServer, json, letter, ndjson, page, problem, silence, status, thenCut } from './server.mjs';

let server;
let mailbox;

beforeEach(async () => { server = await FakeServer.start(); });
afterEach(() => {
  mailbox?.close();
  server.stop();
});

const begin = (options = {}) => mailbox = open(server.url, 'ada', { transport: 'stream', ...options });

async function read(count) {
  const got = [];
  for await (const message of mailbox) if (got.push(message.data) === count) break;
  return got;
}

async function until(state) {
  while (mailbox.state !== state) await new Promise(done => mailbox.addEventListener('state', done, { once: true }));
  return mailbox.status.reason;
}

test('what was received before a cut is not given a second time', async () => {
  server.say(thenCut(ndjson({ position: at(0) }, letter(1), letter(2))), ndjson({ position: at(1) }, letter(2), letter(3)));
  begin();
  assert.deepEqual(await read(3), [1, 2, 3]);
  assert.equal(server.requests[1].query.client, server.requests[0].query.client);
});

test('a connection goes on where the reader was, not where the wire was', async () => {
  server.say(thenCut(ndjson({ position: at(0) }, letter(1), letter(2), letter(3))), ndjson({ position: at(1) }, letter(2), letter(3), letter(4)));
  begin();
  const got = [];
  for await (const { data } of mailbox) {
    got.push(data);
    if (data === 2) await server.requested(2);
    if (data === 4) break;
  }
  assert.deepEqual(got, [1, 2, 3, 4]);
  assert.equal(server.requests[1].query.after, at(1));
});

test('a position by hand is the only one that is acknowledged', async () => {
  server.say(thenCut(ndjson({ position: at(0) }, letter(1), letter(2))), ndjson({ position: at(0) }, letter(1), letter(2), letter(3)));
  begin({ ack: 'manual' });
  assert.deepEqual(await read(3), [1, 2, 3]);
  assert.equal(server.requests[1].query.after, at(0));
});

test('a line that comes in pieces, cut inside a character, is one message', async () => {
  const bytes = Buffer.from(`${JSON.stringify({ position: at(0) })}\r\n\r\n${JSON.stringify({ ...letter(1), data: 'grüß 📬' })}\r\n`);
  server.say(async response => {
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    for (const byte of bytes) {
      response.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
  });
  begin();
  assert.deepEqual(await read(1), ['grüß 📬']);
});

test('an event stream is read by its rules', async () => {
  server.say(response => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(':ok\n\nretry: 100\nid: a1.0\n\nid: a1.1\nevent: note\ndata:  two\ndata:lines\n\n');
    response.write('id: a1.3\nevent: mailbox.gap\ndata: {"from":"a1.1","to":"a1.3","reason":"ttl"}\n\nid:a1.4\ndata\n\n');
  });
  const gaps = [];
  begin({ transport: 'sse', onGap: gap => gaps.push(gap) });
  const got = [];
  for await (const message of mailbox) if (got.push(message) === 2) break;
  assert.deepEqual(got, [{ position: 'a1.1', type: 'note', data: ' two\nlines' }, { position: 'a1.4', data: '' }]);
  assert.deepEqual(gaps, [{ from: 'a1.1', to: 'a1.3', reason: 'ttl' }]);
});

test('a long-poll carries the position of the answer before', async () => {
  server.say(json({ position: at(2), messages: [letter(1), letter(2)] }), json({ position: at(3), messages: [letter(3)] }), silence);
  begin({ transport: 'long-poll', from: 'oldest' });
  mailbox.addEventListener('message', () => {});
  await server.requested(3);
  assert.deepEqual(server.requests.map(({ query }) => [query.wait, query.from, query.after]),
    [['0', 'oldest', undefined], ['25', undefined, at(2)], ['25', undefined, at(3)]]);
});

test('a gap is told in its place', async () => {
  server.say(ndjson({ position: at(0) }, letter(1), { gap: { from: at(1), to: at(5), reason: 'overflow' } }, letter(6)));
  const told = [];
  begin({ onGap: ({ to }) => told.push(to) });
  mailbox.addEventListener('message', ({ detail }) => told.push(detail.data));
  while (told.length < 3) await new Promise(setImmediate);
  assert.deepEqual(told, [1, at(5), 6]);
});

for (const [what, answer, reason] of [
  ['an ending that is final', ndjson({ position: at(0) }, { closed: { reason: 'deleted', reconnect: false, after: 0 } }), 'deleted'],
  ['a refusal of the server', problem('bad-name', 400), 'bad-name'],
  ['a ticket that is not taken', problem('unauthorized', 401), 'unauthorized'],
  ['an answer without a content', status(204), 'stay-away'],
]) {
  test(`${what} closes the mailbox`, async () => {
    server.say(answer);
    begin();
    assert.deepEqual(await read(1), []);
    assert.equal(mailbox.status.reason, reason);
    assert.equal(server.requests.length, 1);
  });
}

for (const [what, answer] of [
  ['a page of a proxy', page(502)],
  ['a page of a proxy that calls itself a success', page(200)],
  ['a refusal for a while', problem('draining', 503)],
  ['a proxy that does not know the way', page(404)],
]) {
  test(`after ${what} it tries again`, async () => {
    server.say(answer, ndjson({ position: at(0) }, letter(1)));
    begin();
    assert.deepEqual(await read(1), [1]);
  });
}

test('an ending that asks to come back later is obeyed', async () => {
  server.say(ndjson({ position: at(0) }, { closed: { reason: 'unavailable', reconnect: true, after: 600 } }));
  begin();
  assert.equal(await until('waiting'), 'unavailable');
  assert.equal(server.requests.length, 1);
});

test('Retry-After is obeyed', async () => {
  server.say(problem('overloaded', 503, { 'Retry-After': '600' }));
  begin();
  assert.equal(await until('waiting'), 'overloaded');
});

test('a stream that is silent is given up', async () => {
  server.say(ndjson({ position: at(0) }), ndjson({ position: at(0) }, letter(1)));
  begin({ heartbeat: 0.1 });
  assert.deepEqual(await read(1), [1]);
});

test('a ticket that has ended is asked for anew, in place', async () => {
  const tickets = ['old', 'new'];
  server.say(problem('unauthorized', 401), ndjson({ position: at(0) }, letter(1)));
  begin({ ticket: async () => tickets.shift() });
  assert.deepEqual(await read(1), [1]);
  assert.deepEqual(server.requests.map(({ headers }) => headers.authorization), ['Bearer old', 'Bearer new']);
});

test('what nobody takes waits in the mailbox', async () => {
  server.say(ndjson({ position: at(0) }, ...Array.from({ length: 1_200 }, (_, n) => letter(n + 1))));
  begin();
  assert.equal(await until('waiting'), 'busy');
});

test('where a reader begins that has no position is asked in a way that can be repeated', async () => {
  server.begins = true;
  server.say(thenCut(silence), json({ position: at(2), messages: [letter(1), letter(2)], uplink: 0 }), ndjson({ position: at(2) }, letter(3)));
  begin();
  assert.deepEqual(await read(3), [1, 2, 3]);
  assert.deepEqual(server.requests.map(({ path }) => path.split('/').at(-1)), ['exchange', 'exchange', 'ada']);
});

test('a request that was cut and repeated on its way does not end the mailbox', async () => {
  server.say(ndjson({ position: at(0) }, { closed: { reason: 'replaced', reconnect: false, after: 0 } }), ndjson({ position: at(0) }, letter(1)));
  begin();
  assert.deepEqual(await read(1), [1]);
});
