// What a reader costs in memory while nothing happens: bare sockets, because a client of each would be measured with them.
import { connect } from 'node:net';

const Fleet = 3;
const AtOnce = 100;
const Settle = 3_000;
const Warm = 200;

const requests = {
  poll: name => `GET /mailboxes/${name}?wait=0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  'slow-and-fast': name => `GET /mailboxes/${name}?wait=300 HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n`,
  fleet: exchange,
  'ping-pong': exchange,
  sse: name => `GET /mailboxes/${name} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n`,
  websocket: name => `GET /mailboxes/${name} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`
    + 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mailbox.v1\r\n\r\n',
};

// Bytes of the server's memory for each reader, its mailbox included. A fleet has all its trucks parked.
export async function hold(server, strategy, count) {
  const trucks = strategy === 'fleet' ? Fleet : 1;
  const readers = Math.floor(count / trucks);
  const warm = await open(server.port, strategy, 'warm', Warm, trucks);
  await settle();
  const before = server.memory();
  const held = await open(server.port, strategy, 'held', readers, trucks);
  await settle();
  const bytes = (server.memory() - before) / readers;
  for (const socket of [...warm, ...held]) socket.destroy();
  return bytes;
}

async function open(port, strategy, prefix, readers, trucks) {
  const all = Array.from({ length: readers * trucks }, (_, at) => ({ name: `${prefix}-${Math.floor(at / trucks)}`, truck: at % trucks }));
  const sockets = [];
  for (let from = 0; from < all.length; from += AtOnce) {
    sockets.push(...await Promise.all(all.slice(from, from + AtOnce).map(({ name, truck }) => ask(port, requests[strategy](name, truck), strategy))));
  }
  return sockets;
}

// A parked request says nothing: it is there when it has been written.
function ask(port, request, strategy) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request, () => strategy in answered || resolve(socket)));
    socket.once('data', () => resolve(socket));
    socket.on('error', reject);
    socket.resume();
  });
}

const answered = { poll: true, sse: true, websocket: true };

function exchange(name, truck) {
  const body = JSON.stringify({ client: `c${truck}`, wait: 300 });
  return `POST /mailboxes/${name}/exchange HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

const settle = () => new Promise(done => setTimeout(done, Settle));
