// Counts every byte between the client and the server, in both directions. It is a thread of its own: it costs the client's none.
import { connect, createServer } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export class Relay {
  #worker;
  #count;

  static start(port) {
    const relay = new Relay();
    const shared = new SharedArrayBuffer(8);
    relay.#count = new BigInt64Array(shared);
    relay.#worker = new Worker(new URL(import.meta.url), { workerData: { port, shared } });
    return new Promise(resolve => relay.#worker.once('message', listening => {
      relay.address = `http://127.0.0.1:${listening}`;
      resolve(relay);
    }));
  }

  get bytes() {
    return Number(Atomics.load(this.#count, 0));
  }

  stop() {
    return this.#worker.terminate();
  }
}

function serve({ port, shared }) {
  const count = new BigInt64Array(shared);
  const pass = (from, to) => {
    from.setNoDelay();
    from.on('data', chunk => {
      Atomics.add(count, 0, BigInt(chunk.length));
      to.write(chunk);
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
  };
  const server = createServer(client => {
    const upstream = connect(port, '127.0.0.1');
    pass(client, upstream);
    pass(upstream, client);
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
}

if (!isMainThread) serve(workerData);
