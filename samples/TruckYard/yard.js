import { open } from '/mailbox-client.js';
import { Lane } from './lane.js';
import { strategies } from './strategies.js';

const Idle = 60;
const Prefix = 'trucks-';

// Six mailboxes in one group, a backend that writes to the group, and the backend that hears what the browser says.
export class Yard {
  #road;
  #board;
  #group = `${Prefix}${newId()}`;
  #lanes = [];
  #taker = null;
  #run = 0;
  #written = 0;
  #said = 0;

  constructor(road, board) {
    this.#road = road;
    this.#board = board;
    this.#lanes = strategies.map(strategy => new Lane(strategy, `${this.#group}-${strategy.name}`, road));
    for (const lane of this.#lanes) document.querySelector('#lanes').append(lane.card);
    road.watch(name => this.#lanes.find(lane => lane.mailbox === name));
  }

  async open() {
    this.#rate();
    if (this.#run) return;
    const run = this.#run = newId();
    await this.#joinAtLast(run);
    if (run !== this.#run) return;
    await Promise.all(this.#lanes.map(lane => lane.open(Idle)));
    this.#work(run, () => this.#board.settings.rate, () => this.#write());
    this.#work(run, () => this.#board.settings.talk, () => this.#talk());
  }

  close() {
    this.#run = 0;
    for (const lane of this.#lanes) lane.close();
    this.#taker?.close();
    this.#taker = null;
    // Also where the page is left.
    fetch(`/webhooks/${this.#group}`, { method: 'DELETE', keepalive: true }).catch(() => {});
  }

  #rate() {
    for (const lane of this.#lanes) lane.pace(this.#board.settings);
  }

  async #joinAtLast(run) {
    for (; run === this.#run; await pause(Retry, () => run !== this.#run)) {
      try {
        await this.#join();
        return this.#board.greet();
      } catch {
        this.#board.say('The gateway is away, or lets nobody write without a key.');
      }
    }
  }

  async #join() {
    const names = this.#lanes.map(lane => lane.mailbox);
    await post(`/groups/${this.#group}/members`, { add: names });
    await this.#takeUplinks();
  }

  // What clients say is told by a webhook: the gateway calls itself, and the call is a letter of a mailbox that the page reads.
  async #takeUplinks() {
    await endStaleWebhooks();
    this.#taker?.close();
    const url = `${location.origin}/mailboxes/${this.#group}`;
    await fetch(`/webhooks/${this.#group}`, { method: 'PUT', headers: Json, body: JSON.stringify({ url, events: ['uplink'], secret: newId() }) });
    // A WebSocket is not one of the six connections.
    this.#taker = open('/', this.#group, { transport: 'websocket', share: false, idle: Idle });
    this.#taker.addEventListener('message', ({ detail }) => this.#hear(detail.data.data.mailbox));
  }

  #hear(mailbox) {
    this.#lanes.find(lane => lane.mailbox === mailbox)?.heard();
  }

  // As in life: independent of each other, on average so many a second. An answer that takes long is made up for.
  async #work(run, rate, act) {
    let due = performance.now();
    while (run === this.#run) {
      const pace = rate();
      if (pace) await act();
      const wait = pace ? Math.min(MostPause, -Math.log(1 - Math.random()) / pace * 1000) : IdlePause;
      due = Math.max(Math.min(due, performance.now()), performance.now() - MostLag) + wait;
      await pause(due - performance.now(), () => run !== this.#run || rate() !== pace);
    }
  }

  async #write() {
    const letter = { n: ++this.#written, at: performance.now() };
    document.body.dataset.written = this.#written;
    try {
      const { members } = await post(`/groups/${this.#group}`, letter);
      if (members) for (const lane of this.#lanes) lane.stored();
      // What was away for longer than mailboxes live unread has lost its memberships.
      else if (this.#run) await this.#join();
    } catch {
      // The server is away: the lanes show it.
    }
  }

  #talk() {
    const words = { n: ++this.#said };
    for (const lane of this.#lanes) lane.say(words);
    document.body.dataset.said = this.#said;
  }
}

const Json = { 'Content-Type': 'application/json' };
const IdlePause = 200;
const Retry = 3_000;
const MostPause = 60_000;
const MostLag = 1_000;

async function post(path, body) {
  const answer = await fetch(path, { method: 'POST', headers: Json, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// Of pages that ended without a word: nobody reads their mailboxes.
async function endStaleWebhooks() {
  const { webhooks } = await (await fetch('/webhooks')).json();
  for (const { name } of webhooks.filter(one => one.name.startsWith(Prefix))) {
    const state = await fetch(`/mailboxes/${name}/state`);
    if (state.ok && (await state.json()).connections) continue;
    await fetch(`/webhooks/${name}`, { method: 'DELETE' });
  }
}

// In short steps, because a slider may end it.
async function pause(milliseconds, isOver) {
  const end = performance.now() + milliseconds;
  for (let left = milliseconds; left > 0 && !isOver(); left = end - performance.now()) {
    await new Promise(done => setTimeout(done, Math.min(left, IdlePause)));
  }
}

function newId() {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), number => number.toString(36)).join('');
}
