const AcknowledgeAfter = 1000;
const FirstRetry = 1000;
const LastRetry = 15000;
const Events = ['message', 'chat', 'price', 'mailbox.message'];

// Holds one mailbox open. `on` has: status(status), letter(type, data, position), acknowledged(), gap(gap, position), closed(closing).
export class Reader {
  // Replaces this page's own former connection at once, where the server has not noticed yet that it died.
  #client = newClient();
  #mailbox;
  #groups;
  #memory;
  #on;
  #source = null;
  #retry = 0;
  #retryTimer = 0;
  #acknowledgeTimer = 0;
  #position;
  #run = 0;

  #arrivals = 0;
  #confirmed = 0;

  constructor({ mailbox, groups, memory, on }) {
    this.#mailbox = `/mailboxes/${encodeURIComponent(mailbox)}`;
    this.#groups = groups.map(group => `/groups/${encodeURIComponent(group)}/members/${encodeURIComponent(mailbox)}`);
    this.#memory = memory;
    this.#on = on;
    this.#position = memory.position;
  }

  // How many letters this page has and the mailbox still keeps, because they are not acknowledged yet.
  get unconfirmed() {
    return this.#arrivals - this.#confirmed;
  }

  async open() {
    this.close();
    const run = this.#run;
    this.#on.status('connecting');
    try {
      await this.#join();
    } catch {
      if (run === this.#run) this.#later();
      return;
    }
    if (run === this.#run) this.#hold();
  }

  close() {
    this.#run++;
    clearTimeout(this.#retryTimer);
    this.#source?.close();
    this.#source = null;
    this.#acknowledge();
  }

  // Joining twice is one membership. A mailbox that expired meanwhile has lost it, so every opening joins.
  async #join() {
    const answers = await Promise.all(this.#groups.map(member => fetch(member, { method: 'PUT' })));
    if (answers.some(answer => !answer.ok)) throw new Error('not joined');
  }

  // With a position the reading goes on exactly behind it, and what it covers is acknowledged. Without one this browser has nothing,
  // so it asks for everything that is kept. `unread` would not do: it leaves out what was written to a connection that died before
  // the letter was read, or to the same name in another browser.
  #hold() {
    const where = this.#position ? `after=${encodeURIComponent(this.#position)}` : 'from=oldest';
    const source = new EventSource(`${this.#mailbox}?client=${this.#client}&${where}`);
    this.#source = source;
    source.onopen = () => this.#opened();
    source.onerror = () => this.#failed(source);
    for (const type of Events) source.addEventListener(type, event => this.#letter(type, event));
    source.addEventListener('mailbox.gap', event => this.#gap(event));
    source.addEventListener('mailbox.closed', event => this.#closed(JSON.parse(event.data)));
  }

  #opened() {
    this.#retry = 0;
    // Coming back with a position has acknowledged what an attempt to say so may have missed.
    if (!this.#acknowledgeTimer) this.#confirmed = this.#arrivals;
    this.#on.status('held');
    this.#join().catch(() => { /* The next opening joins again. */ });
  }

  // An EventSource comes back by itself, with the last id, after a lost connection; after a refusal it never does.
  #failed(source) {
    this.#on.status('reconnecting');
    if (source.readyState === EventSource.CLOSED) this.#later();
  }

  #later() {
    this.#source?.close();
    this.#retry = Math.min(LastRetry, Math.max(FirstRetry, this.#retry * 2));
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.open(), this.#retry * (0.5 + Math.random() / 2));
    this.#on.status('reconnecting');
  }

  #letter(type, event) {
    this.#arrivals++;
    this.#arrived(event.lastEventId);
    this.#on.letter(type, event.data, event.lastEventId);
  }

  #gap(event) {
    this.#arrived(event.lastEventId);
    this.#on.gap(JSON.parse(event.data), event.lastEventId);
  }

  #closed(closing) {
    if (!closing.reconnect) {
      this.close();
      // Who was told to stay away and is opened again on purpose is somebody new.
      this.#client = newClient();
    }
    this.#on.closed(closing);
  }

  #arrived(position) {
    this.#position = position;
    this.#acknowledgeTimer ||= setTimeout(() => this.#acknowledge(), AcknowledgeAfter);
  }

  // Kept here first, then acknowledged: the mailbox may forget only what this browser will remember.
  async #acknowledge() {
    clearTimeout(this.#acknowledgeTimer);
    this.#acknowledgeTimer = 0;
    const arrivals = this.#arrivals;
    if (arrivals === this.#confirmed) return;
    this.#memory.moveTo(this.#position);
    try {
      const answer = await fetch(`${this.#mailbox}/ack?position=${encodeURIComponent(this.#position)}`, { method: 'POST' });
      if (!answer.ok) return;
      this.#confirmed = Math.max(this.#confirmed, arrivals);
      this.#on.acknowledged();
    } catch {
      // The next opening says the same by its position.
    }
  }
}

function newClient() {
  return 'page-' + Array.from(crypto.getRandomValues(new Uint32Array(3)), number => number.toString(36)).join('');
}
