#!/usr/bin/env -S node --experimental-websocket --no-warnings
// How soon clients are back: after cuts of single connections, and when all lose their gateway at once.
//   bench/reconnect.mjs                      200 clients cut ten times, 10,000 clients whose gateway is killed and started again
//   bench/reconnect.mjs --clients 2000
import { connect, createServer } from 'node:net';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { fetched, open } from './trucks/client.mjs';
import { Server } from './trucks/server.mjs';

const { values: options } = parseArgs({ options: { clients: { type: 'string', default: '10000' }, 'no-build': { type: 'boolean' } } });

const Cut = 200;
const Cuts = 10;
const Abreast = 200;
const Second = 1_000;
const Settle = 3_000;
// For each request Node looks through all its connections to the same address; browsers are many.
const Addresses = 50;

const pause = milliseconds => new Promise(done => setTimeout(done, milliseconds));
const at = (sorted, part) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]);
const spread = times => {
  const sorted = times.toSorted((one, other) => one - other);
  return `p50 ${at(sorted, 0.5)}, p90 ${at(sorted, 0.9)}, p99 ${at(sorted, 0.99)}, last ${at(sorted, 1)} ms`;
};

class Client {
  #mailbox;
  #opened = withResolvers();

  constructor(address, name) {
    this.#mailbox = open(address, name, { transport: 'stream', share: false });
    this.#mailbox.addEventListener('message', () => {});
    this.#mailbox.addEventListener('state', ({ detail }) => { if (detail.state === 'open') this.#opened.resolve(performance.now()); });
  }

  get opened() {
    return this.#opened.promise;
  }

  // From now on `opened` is the next time.
  expect() {
    this.#opened = withResolvers();
  }

  close() {
    this.#mailbox.close();
  }
}

function withResolvers() {
  const one = {};
  one.promise = new Promise((resolve, reject) => Object.assign(one, { resolve, reject }));
  return one;
}

async function openAll(addresses, count) {
  const clients = [];
  while (clients.length < count) {
    const some = Array.from({ length: Math.min(Abreast, count - clients.length) }, (_, n) => new Client(addresses[n % addresses.length], `c${clients.length + n}`));
    await Promise.all(some.map(client => client.opened));
    clients.push(...some);
  }
  return clients;
}

// Passes everything on, until its connections are cut.
class Wire {
  #sockets = new Set();
  #server;

  async start(port) {
    this.#server = createServer(client => {
      const upstream = connect(port, '127.0.0.1');
      for (const [from, to] of [[client, upstream], [upstream, client]]) {
        this.#sockets.add(from.pipe(to) && from);
        from.on('error', () => to.destroy());
        from.on('close', () => this.#sockets.delete(from) && to.destroy());
      }
    });
    await new Promise(done => this.#server.listen(0, '127.0.0.1', done));
    this.address = `http://127.0.0.1:${this.#server.address().port}`;
  }

  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  stop() {
    this.#server.close();
    this.cut();
  }
}

async function cuts(server) {
  const wire = new Wire();
  await wire.start(server.port);
  const clients = await openAll([wire.address], Cut);
  const times = [];
  for (let round = 0; round < Cuts; round++) {
    clients.forEach(client => client.expect());
    const from = performance.now();
    wire.cut();
    times.push(...(await Promise.all(clients.map(client => client.opened))).map(time => time - from));
    await pause(Second);
  }
  clients.forEach(client => client.close());
  wire.stop();
  return `${Cut} clients cut ${Cuts} times: open again after ${spread(times)}`;
}

// Requests of all clients in each second, for as long as they are not all back.
function watchRequests() {
  const counts = [];
  let before = fetched();
  const timer = setInterval(() => {
    counts.push(fetched() - before);
    before = fetched();
  }, Second);
  return () => {
    clearInterval(timer);
    return counts;
  };
}

async function gatewayLost(server, count) {
  const clients = await openAll(server.addresses, count);
  await pause(Settle);
  clients.forEach(client => client.expect());
  const requests = watchRequests();
  const from = performance.now();
  await server.kill();
  const back = await server.startAgain();
  const times = await Promise.all(clients.map(client => client.opened));
  const inSeconds = requests();
  clients.forEach(client => client.close());
  return `${count} clients lost their gateway, which was back after ${Math.round(back - from)} ms: open again, from the loss, after ${spread(times.map(time => time - from))}; `
    + `requests in each second: ${inSeconds.join(' ')}`;
}

if (!options['no-build']) Server.build();
const server = await Server.start(Addresses);
console.log(`load average at the start ${loadavg()[0].toFixed(1)}`);
console.log(await cuts(server));
console.log(await gatewayLost(server, Number(options.clients)));
await server.stop();
process.exit(0);
