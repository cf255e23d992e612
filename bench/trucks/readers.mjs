// So many mailboxes, each read by a client of its own.
import { open } from './client.mjs';
import { poisson } from './random.mjs';

const Patience = 30_000;
let run = 0;

export class Readers {
  latencies = [];
  names;
  #mailboxes = [];
  #counts;
  #fault = null;
  #said = [];

  static async open(address, strategy, count) {
    const readers = new Readers();
    readers.names = Array.from({ length: count }, (_, which) => `${strategy}-${run}-${which}`);
    readers.#counts = readers.names.map(() => 0);
    run++;
    if (strategy !== 'nobody') await Promise.all(readers.names.map((name, which) => readers.#open(address, strategy, name, which)));
    return readers;
  }

  // Every letter once, in order, at every reader.
  async have(delivered) {
    if (!this.#mailboxes.length) return;
    if (this.#fault) throw new Error(this.#fault);
    const end = performance.now() + Patience;
    while (this.#counts.some((count, which) => count !== delivered[which])) {
      if (performance.now() > end) throw new Error('Letters are missing.');
      await new Promise(done => setTimeout(done, 50));
    }
  }

  // What clients say to the backend.
  async talk(rate, seconds) {
    await poisson({ count: this.#mailboxes.length, rate, seconds }, which => {
      const at = performance.now();
      this.#said.push(this.#mailboxes[which].send({ text: 'hello' }).then(() => performance.now() - at));
    });
    return { messages: this.#said.length };
  }

  // How long it took until the client knew that it is stored.
  known() {
    return Promise.all(this.#said);
  }

  close() {
    for (const mailbox of this.#mailboxes) mailbox.close();
  }

  #open(address, transport, name, which) {
    const mailbox = open(address, name, { transport, share: false, from: 'oldest' });
    this.#mailboxes[which] = mailbox;
    mailbox.addEventListener('message', ({ detail }) => this.#receive(detail.data, which));
    return new Promise(resolve => mailbox.addEventListener('state', ({ detail }) => { if (detail.state === 'open') resolve(); }));
  }

  #receive(data, which) {
    const { n, at } = typeof data === 'string' ? JSON.parse(data) : data;
    if (n !== ++this.#counts[which]) this.#fault ??= `Letter ${n} came as number ${this.#counts[which]}.`;
    this.latencies.push(performance.now() - at);
  }
}
