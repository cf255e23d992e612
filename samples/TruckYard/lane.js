import { Scene } from './scene.js';
import { Tally } from './tally.js';
import { Trip } from './trip.js';

const words = { connecting: 'setting out', waiting: 'coming back', closed: 'closed' };

// One strategy: a mailbox of its own, the client that reads it, and the card that shows both.
export class Lane {
  #strategy;
  #client;
  #mailbox = null;
  #position;
  #scene;
  #tally;
  #state;
  #patience = 0;
  #waiting = 0;

  constructor(strategy, mailbox, road) {
    this.#strategy = strategy;
    this.mailbox = mailbox;
    this.card = document.querySelector('#lane').content.cloneNode(true).firstElementChild;
    this.card.dataset.lane = strategy.name;
    this.card.querySelector('h2').textContent = strategy.title;
    this.card.querySelector('.says').textContent = strategy.says;
    this.#state = this.card.querySelector('.state');
    this.#scene = new Scene(this.card.querySelector('.scene'), strategy.belts, road);
    this.#tally = new Tally(this.card);
    // A module of its own for each lane: what one learns of the proxy the others do not know.
    this.#client = import(`/mailbox-client.js?${strategy.name}`);
  }

  // Requests without credentials have connections of their own: twice six to the same gateway.
  get isApart() {
    return this.#strategy.apart ?? false;
  }

  async open(idle) {
    const { open } = await this.#client;
    if (this.#mailbox) return;
    const { name, options } = this.#strategy;
    this.#mailbox = open('/', this.mailbox, { transport: name, share: false, idle, from: this.#position ?? 'oldest', ...options });
    this.#mailbox.addEventListener('message', ({ detail }) => this.#receive(detail.data));
    this.#mailbox.addEventListener('state', ({ detail }) => this.#show(detail.state));
  }

  close() {
    this.#position = this.#mailbox?.position ?? this.#position;
    this.#mailbox?.close();
    this.#mailbox = null;
    this.#scene.clear();
  }

  pace({ rate, timeout }) {
    this.#scene.pace(rate);
    this.#scene.watch(timeout);
  }

  say(text) {
    this.#mailbox?.send(text).catch(() => { /* Where nobody takes what clients say the counter stays. */ });
  }

  // The backend has heard what the browser said.
  heard() {
    this.#tally.add('words');
  }

  // A letter is in the mailbox.
  stored() {
    this.#waiting++;
    this.#stack();
  }

  leaves(freight, bytes) {
    this.#patience = freight.wait ?? this.#patience;
    if (freight.wait) this.#show(this.#mailbox?.status.state);
    return new Trip(freight, bytes, this.#scene, this.#tally);
  }

  #receive(data) {
    this.#waiting--;
    this.#stack();
    const { at } = typeof data === 'string' ? JSON.parse(data) : data;
    this.#tally.letter(performance.now() - at);
    if (this.#strategy.belts) this.#scene.slide('down', 'letter');
  }

  // A letter may come before its sender has heard that it is stored.
  #stack() {
    const stack = this.card.querySelector('.stack');
    stack.classList.toggle('high', this.#waiting > 0);
    if (this.#waiting > 0) stack.textContent = this.#waiting;
  }

  #show(state) {
    this.card.dataset.state = state;
    const waits = this.#patience === Infinity ? 'stays' : this.#patience ? `waits up to ${this.#patience} s` : 'goes round';
    this.#state.textContent = words[state] ?? waits;
  }
}
