#!/usr/bin/env -S node --experimental-websocket --no-warnings
// Measures each strategy of the browser client at three rates: see docs/trucks.md.
//   bench/trucks/run.mjs                          everything, about ten minutes; the table goes to standard output
//   bench/trucks/run.mjs --only poll,websocket --short
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { fetched } from './client.mjs';
import { Deliveries } from './deliveries.mjs';
import { hold } from './holding.mjs';
import { Readers } from './readers.mjs';
import { Relay } from './relay.mjs';
import { Server } from './server.mjs';
import { show } from './table.mjs';

const { values: options } = parseArgs({ options: { only: { type: 'string' }, short: { type: 'boolean' }, 'no-build': { type: 'boolean' } } });

const Strategies = ['nobody', 'poll', 'slow-and-fast', 'fleet', 'ping-pong', 'sse', 'websocket'];
// Rare letters need many readers, so that there is something to measure; for frequent ones the client is the bound.
const Rates = [
  { rate: 50, readers: 8, seconds: 10 },
  { rate: 1, readers: 200, seconds: 10 },
  { rate: 0.1, readers: 400, seconds: 20 },
];
const Words = { rate: 0.5, readers: 50, seconds: 12 };
const WarmUp = { rate: 50, readers: 8, seconds: 3 };
const WarmWords = { rate: 10, readers: 8, seconds: 3 };
// Before that the letters of a poll are still on their way.
const Steady = 5;
const Held = 3_000;

const say = text => process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${text}\n`);
const pause = milliseconds => new Promise(done => setTimeout(done, milliseconds));
const lengthOf = cell => options.short ? { ...cell, seconds: Math.min(cell.seconds, 4) } : cell;

async function withServer(act) {
  const server = await Server.start();
  const relay = await Relay.start(server.port);
  try {
    return await act(server, relay);
  } finally {
    await relay.stop();
    await server.stop();
  }
}

// Everything since a moment, of the server, the wire and the client.
function since(server, relay) {
  const before = { cpu: server.cpuSeconds(), bytes: relay.bytes, requests: fetched() };
  return () => ({ cpu: server.cpuSeconds() - before.cpu, bytes: relay.bytes - before.bytes, requests: fetched() - before.requests });
}

async function letters(server, relay, strategy, { rate, readers: count, seconds }) {
  const readers = await Readers.open(relay.address, strategy, count);
  const deliveries = new Deliveries(server.address, readers.names);
  const run = deliveries.run(rate, Steady + seconds);
  await pause(Steady * 1_000);
  const [measured, before] = [since(server, relay), deliveries.count];
  await run;
  const result = { ...measured(), messages: deliveries.count - before };
  await readers.have(deliveries.delivered);
  readers.close();
  deliveries.end();
  return { ...result, latencies: readers.latencies };
}

async function words(server, relay, strategy, { rate, readers: count, seconds }) {
  await server.takeUplinks();
  const readers = await Readers.open(relay.address, strategy, count);
  await pause(1_000);
  const measured = since(server, relay);
  const said = await readers.talk(rate, seconds);
  const result = { ...measured(), ...said, latencies: await readers.known() };
  readers.close();
  return result;
}

async function measureStrategy(strategy) {
  const result = await withServer(async (server, relay) => {
    await letters(server, relay, strategy, lengthOf(WarmUp));
    const cells = {};
    for (const cell of Rates) cells[cell.rate] = await letters(server, relay, strategy, lengthOf(cell));
    if (strategy === 'nobody') return { cells };
    await words(server, relay, strategy, lengthOf(WarmWords));
    return { cells, words: await words(server, relay, strategy, lengthOf(Words)) };
  });
  const memory = strategy === 'nobody' ? null : await withServer(server => hold(server, strategy, Held));
  return { strategy, ...result, memory };
}

if (!options['no-build']) Server.build();
say(`load ${loadavg().map(load => load.toFixed(2)).join(' ')}, ${cpus().length} × ${cpus()[0].model}`);
const chosen = options.only ? ['nobody', ...options.only.split(',')] : Strategies;
const results = [];
for (const strategy of chosen) {
  results.push(await measureStrategy(strategy));
  say(`${strategy}: done, load ${loadavg()[0].toFixed(2)}`);
}
console.log(show(results));
process.exit(0);
