// A backend: letters of 200 bytes to each mailbox, in order, on connections of its own that are not counted.
import { Agent, request } from 'node:http';
import { poisson } from './random.mjs';

const Padding = 'x'.repeat(150);

export class Deliveries {
  #address;
  #names;
  #agent = new Agent({ keepAlive: true, maxSockets: 16 });
  #last;
  delivered;

  constructor(address, names) {
    this.#address = address;
    this.#names = names;
    this.delivered = names.map(() => 0);
    this.#last = names.map(() => Promise.resolve());
  }

  async run(rate, seconds) {
    await poisson({ count: this.#names.length, rate, seconds }, which => this.#deliver(which));
    await Promise.all(this.#last);
  }

  get count() {
    return this.delivered.reduce((sum, count) => sum + count, 0);
  }

  end() {
    this.#agent.destroy();
  }

  // One after the other to each mailbox: their order is the order of their numbers.
  #deliver(which) {
    const n = ++this.delivered[which];
    const url = `${this.#address}/mailboxes/${this.#names[which]}`;
    this.#last[which] = this.#last[which].then(() => post(this.#agent, url, JSON.stringify({ n, at: performance.now(), Padding })));
  }
}

function post(agent, url, body) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } }, answer => {
      answer.resume();
      answer.on('end', () => answer.statusCode === 201 ? resolve() : reject(new Error(`delivery: ${answer.statusCode}`)));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
