import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { open } from '../dist/index.js';
import { at, FakeServer, json, ndjson, page, problem, status } from './server.mjs';

let server;
let mailbox;

beforeEach(async () => { server = await FakeServer.start(); });
afterEach(() => {
  mailbox.close();
  server.stop();
});

const begin = options => { mailbox = open(server.url, 'ada', options); };

// Answers uplinks by `answers`, one after the other, and opens with a stream.
const beside = (...answers) => server.say((response, request) =>
  (request.path.endsWith('/uplink') ? answers.length > 1 ? answers.shift() : answers[0] : ndjson({ position: at(0) }))(response, request));

const uplinks = () => server.requests.filter(({ path }) => path.endsWith('/uplink'));

test('an uplink beside a stream is one request, repeated under its key', async () => {
  beside(problem('overloaded', 503), status(202));
  begin({ transport: 'stream' });
  await Promise.all([mailbox.send({ x: 1 }), mailbox.send('text')]);
  assert.deepEqual(uplinks().map(({ body, headers }) => [body, headers['content-type']]),
    [['{"x":1}', 'application/json'], ['{"x":1}', 'application/json'], ['text', 'text/plain']]);
  const keys = uplinks().map(({ headers }) => headers['idempotency-key']);
  assert.equal(keys[0], keys[1]);
  assert.notEqual(keys[1], keys[2]);
});

test('an uplink whose answer is cut is repeated under its key', async () => {
  beside(response => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '9' });
    response.write('{"a"');
    setTimeout(() => response.destroy(), 20);
  }, json({ a: 1 }));
  begin({ transport: 'stream' });
  assert.deepEqual(await mailbox.send(1), { a: 1 });
  assert.equal(new Set(uplinks().map(({ headers }) => headers['idempotency-key'])).size, 1);
});

test('an uplink that is never answered is repeated under its key', async () => {
  beside(() => {}, status(202));
  begin({ transport: 'stream', wait: 0 });
  await mailbox.send(1);
  assert.equal(new Set(uplinks().map(({ headers }) => headers['idempotency-key'])).size, 1);
  assert.equal(uplinks().length, 2);
});

test('an uplink that is refused for good says why, and the next one goes', async () => {
  beside(problem('not-found', 404), status(202));
  begin({ transport: 'stream' });
  const first = mailbox.send(1);
  const second = mailbox.send(2);
  await assert.rejects(first, { name: 'MailboxError', reason: 'not-found', status: 404 });
  await second;
});

// A ping-pong server: answers the parked exchange when another one comes.
function pingPong() {
  let parked = null;
  let highest = 0;
  return (response, { body }) => {
    const { uplink, wait } = JSON.parse(body);
    highest = Math.max(highest, ...uplink.map(({ n }) => n));
    parked?.(highest);
    parked = null;
    const answer = uplink => json({ position: at(0), messages: [], uplink })(response);
    if (wait) parked = answer;
    else answer(highest);
  };
}

test('a ping-pong carries uplinks in the requests that are parked', async () => {
  server.begins = true;
  server.say(pingPong());
  begin({ transport: 'ping-pong' });
  await server.requested(2);
  const first = mailbox.send('a');
  await server.requested(3);
  const second = mailbox.send('b');
  await first;
  await server.requested(4);
  mailbox.send('c').catch(() => {});
  await second;
  const sent = server.requests.map(({ body }) => JSON.parse(body).uplink.map(({ n, data }) => `${n}${data}`).join());
  assert.deepEqual(sent.slice(0, 3), ['', '', '1a']);
  assert.ok(server.requests.every(({ path }) => path.endsWith('/exchange')));
});

test('a fleet sends a truck of its own for each uplink, up to its size', async () => {
  server.begins = true;
  server.say((response, { body }) => {
    const { uplink, wait, client } = JSON.parse(body);
    if (!wait || client.endsWith('.2')) json({ position: at(0), messages: [], uplink: uplink.at(-1)?.n })(response);
  });
  begin({ transport: 'fleet', trucks: 3 });
  await server.requested(2);
  mailbox.send('a').catch(() => {});
  await server.requested(3);
  await mailbox.send('b');
  const trucks = server.requests.slice(2, 4).map(({ body }) => JSON.parse(body).client.slice(-2));
  assert.deepEqual(trucks, ['.1', '.2']);
});

test('what was sent when the mailbox is closed is refused', async () => {
  beside(problem('overloaded', 503, { 'Retry-After': '60' }));
  begin({ transport: 'stream' });
  const sent = mailbox.send(1);
  await server.requested(2);
  mailbox.close();
  await assert.rejects(sent, { reason: 'closed' });
  await assert.rejects(mailbox.send(2), { reason: 'closed' });
});

const deep = levels => {
  let value = 0;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
};

test('what is no text or JSON is refused alone, whatever the transport', async () => {
  beside(status(202));
  begin({ transport: 'stream' });
  for (const bad of [undefined, () => 1, Symbol('s'), new Blob(['x']), new ArrayBuffer(1), new Uint8Array(1), 'cut \ud83d', { text: ['\ude00'] }, { '\\\ud83d': 1 }])
    await assert.rejects(mailbox.send(bad), { name: 'MailboxError', reason: 'bad-body', status: 400 });
  await mailbox.send('whole \u{1f600} \\ud83d');
  await mailbox.send({ text: '\u{1f600} \\ud83d', path: 'c:\\ud800' });
  assert.deepEqual(uplinks().map(({ body }) => body), ['whole \u{1f600} \\ud83d', '{"text":"\u{1f600} \\\\ud83d","path":"c:\\\\ud800"}']);
});

// Refuses what is too large or too deep as a whole, as a server does that cannot read what it carries, and a proxy that bounds bodies.
const refusing = (isTooMuch, refusal) => {
  const taken = [];
  server.begins = true;
  server.say((response, { body }) => {
    if (isTooMuch(body)) return refusal(response);
    const { uplink } = JSON.parse(body);
    for (const { n, data } of uplink) taken.push([n, data]);
    return json({ position: at(0), messages: [], uplink: taken.at(-1)?.[0] ?? 0 })(response);
  });
  return taken;
};

for (const [name, bad, isTooMuch, refusal] of [
  ['too large', 'x'.repeat(5_000), body => body.length > 4_000, problem('too-large', 413)],
  ['too large for a proxy', 'x'.repeat(5_000), body => body.length > 4_000, page(413)],
  ['too deep', deep(70), body => body.includes('['.repeat(64)), problem('bad-body', 400)],
]) {
  test(`a ping-pong whose request is ${name} finds the one that is at fault`, async () => {
    const taken = refusing(isTooMuch, refusal);
    begin({ transport: 'ping-pong' });
    const sends = ['a', bad, 'c', 'd'].map(data => mailbox.send(data));
    const ends = await Promise.allSettled(sends);
    assert.deepEqual(ends.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    assert.equal(ends[1].reason.name, 'MailboxError');
    assert.deepEqual([...new Set(taken.map(([, data]) => data))], ['a', 'c', 'd']);
    assert.notEqual(mailbox.state, 'closed');
  });
}

test('a ping-pong whose requests are only too large together sends all of them', async () => {
  const taken = refusing(body => body.length > 4_000, problem('too-large', 413));
  begin({ transport: 'ping-pong' });
  const sent = Array.from({ length: 5 }, (_, i) => `${i}${'x'.repeat(1_500)}`);
  await Promise.all(sent.map(data => mailbox.send(data)));
  assert.deepEqual([...new Set(taken.map(([, data]) => data[0]))], ['0', '1', '2', '3', '4']);
});

test('an uplink that an exchange refuses by its number is the one that is rejected', async () => {
  let taken = 0;
  server.begins = true;
  server.say((response, { body }) => {
    for (const { n, data } of JSON.parse(body).uplink) {
      if (data === 'bad') return json({ type: 'urn:mailbox:problem:bad-body', status: 400, detail: 'uplink[1]', uplink: taken }, 400)(response);
      taken = n;
    }
    return json({ position: at(0), messages: [], uplink: taken })(response);
  });
  begin({ transport: 'ping-pong' });
  const ends = await Promise.allSettled(['a', 'bad', 'c'].map(data => mailbox.send(data)));
  assert.deepEqual(ends.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled']);
});
