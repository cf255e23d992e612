import { open } from '/mailbox-client.js';

const JoinAgain = 1000;
const Told = new Set(['draining', 'moved', 'slow', 'unavailable']);

// Keeps one mailbox open and its groups joined. `on` has: status(status), letter(message), gap(gap), closed(closing).
export class Reader {
  #name;
  #members;
  #memory;
  #on;
  #mailbox = null;
  #wasHeld = false;

  constructor({ mailbox, groups, memory, on }) {
    this.#name = mailbox;
    this.#members = groups.map(group => `/groups/${encodeURIComponent(group)}/members/${encodeURIComponent(mailbox)}`);
    this.#memory = memory;
    this.#on = on;
  }

  // Up to where this page has everything.
  get position() {
    return this.#memory.position;
  }

  // With a position the reading goes on exactly behind it. Without one this browser has nothing, so it asks for everything that is kept.
  // `unread` would not do: it leaves out what was written to the same name in another browser.
  open() {
    this.close();
    const mailbox = this.#mailbox = open('/', this.#name, { from: this.#memory.position ?? 'oldest' });
    mailbox.addEventListener('message', ({ detail }) => this.#letter(detail));
    mailbox.addEventListener('gap', ({ detail }) => this.#gap(detail));
    mailbox.addEventListener('state', ({ detail }) => { if (mailbox === this.#mailbox) this.#changed(detail); });
    this.#on.status('connecting');
  }

  close() {
    const mailbox = this.#mailbox;
    this.#mailbox = null;
    this.#wasHeld = false;
    mailbox?.close();
  }

  #changed({ state, reason }) {
    if (state === 'open') return this.#join(this.#mailbox);
    if (state === 'closed') {
      this.#mailbox = null;
      return this.#on.closed({ reason, reconnect: false });
    }
    if (Told.has(reason)) this.#on.closed({ reason, reconnect: true });
    this.#on.status(this.#wasHeld ? 'reconnecting' : 'connecting');
  }

  // Joining twice is one membership. A mailbox that expired meanwhile has lost it, so every opening joins.
  async #join(mailbox) {
    try {
      const answers = await Promise.all(this.#members.map(member => fetch(member, { method: 'PUT' })));
      if (answers.some(answer => !answer.ok)) throw new Error('not joined');
    } catch {
      setTimeout(() => { if (this.#isOpen(mailbox)) this.#join(mailbox); }, JoinAgain);
      return;
    }
    if (!this.#isOpen(mailbox)) return;
    this.#wasHeld = true;
    this.#on.status('held');
  }

  #isOpen(mailbox) {
    return mailbox === this.#mailbox && mailbox.state === 'open';
  }

  // Kept here before the client acknowledges it: the mailbox may forget only what this browser will remember.
  #letter(message) {
    this.#on.letter(message);
    this.#memory.moveTo(message.position);
  }

  #gap(gap) {
    this.#on.gap(gap);
    this.#memory.moveTo(gap.to);
  }
}
