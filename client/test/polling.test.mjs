import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { open } from '../dist/index.js';
import { at, FakeServer, json, letter } from './server.mjs';

let server;
let mailbox;

beforeEach(async () => { server = await FakeServer.start(); });
afterEach(() => {
  mailbox.close();
  server.stop();
});

function begin(every) {
  mailbox = open(server.url, 'ada', { transport: 'poll', every });
  mailbox.addEventListener('message', () => {});
}

// As the server answers: with its length.
const whole = answer => response => {
  const body = JSON.stringify(answer);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
};

const nothing = n => json({ position: at(n), messages: [] });

test('a poll that could hold no more is asked again at once', async () => {
  const full = Array.from({ length: 100 }, (_, n) => letter(n + 1));
  const large = { ...letter(101), data: 'x'.repeat(200_000) };
  server.say(json({ position: at(100), messages: full }), whole({ position: at(101), messages: [large] }), nothing(101));
  begin(600);
  assert.equal((await server.requested(3)).query.after, at(101));
});

test('a poll that brought few letters rests before the next', async () => {
  server.say(json({ position: at(1), messages: [letter(1)] }), nothing(1));
  const from = performance.now();
  begin(0.3);
  await server.requested(2);
  assert.ok(performance.now() - from >= 300);
});
