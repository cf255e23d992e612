const Interval = 1000;
const EnvelopeWidth = 30;
const Rows = 2;
const MostFlying = 6;
const Svg = 'http://www.w3.org/2000/svg';

// Draws what the mailbox holds, from its /state: the view of an operator, which an ordinary reader never needs.
export class Picture {
  #way = document.querySelector('.way');
  #pile = document.querySelector('#pile');
  #mailbox;
  #reader;
  #timer = 0;
  #received = 0;
  #last = null;
  #acknowledged = null;
  #status = 'idle';
  #opened = false;
  #stopped = false;

  constructor(mailbox, reader) {
    this.#mailbox = mailbox;
    this.#reader = reader;
    document.addEventListener('visibilitychange', () => this.refresh());
  }

  set status(status) {
    this.#status = status;
    this.#way.dataset.status = status;
    // Before the first opening there may be no mailbox to look at.
    this.#opened ||= status === 'held';
    this.refresh();
  }

  received(kind) {
    this.#received++;
    document.querySelector('#received').textContent = this.#received;
    for (const leg of [1, 2, 3]) this.#fly(leg, kind);
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  // One request after the other, and none while nobody looks.
  async refresh() {
    clearTimeout(this.#timer);
    if (document.hidden || this.#stopped || !this.#opened) return;
    const timer = this.#timer = setTimeout(() => this.refresh(), Interval);
    const state = await stateOf(this.#mailbox);
    if (timer === this.#timer && !this.#stopped) this.#draw(state);
  }

  #draw(state) {
    const waiting = waitingIn(state, this.#reader.position);
    if (this.#status === 'offline' && this.#last && state.last !== this.#last) this.#fly(1, 'letter');
    if (this.#acknowledged && state.acknowledged !== this.#acknowledged) for (const leg of [3, 2]) this.#fly(leg, 'back');
    [this.#last, this.#acknowledged] = [state.last, state.acknowledged];
    document.querySelector('#waiting').textContent = waiting;
    document.querySelector('#connections').textContent = state.connections;
    this.#way.classList.toggle('has-waiting', waiting > 0);
    this.#say(state, waiting);
    this.#stack(waiting, state.messages);
    for (const [fact, text] of Object.entries(factsOf(this.#mailbox, state))) this.#fact(fact, text);
  }

  #say(state, waiting) {
    const text = state.unreachable ? 'The server cannot be reached. This page keeps trying.'
      : sentences[this.#status]?.(waiting) ?? '';
    const sentence = document.querySelector('#sentence');
    // Only a change is read aloud.
    if (sentence.textContent !== text) sentence.textContent = text;
  }

  #stack(waiting, messages) {
    // The last place is for the number of those that are not drawn.
    const places = Math.floor(this.#pile.clientWidth / EnvelopeWidth) * Rows - 2;
    const shown = Math.min(messages, places);
    while (this.#pile.childElementCount > shown) this.#pile.lastElementChild.remove();
    while (this.#pile.childElementCount < shown) this.#pile.append(envelope());
    [...this.#pile.children].forEach((one, at) => one.classList.toggle('waits', at < waiting));
    this.#pile.dataset.more = messages > shown ? `+ ${messages - shown}` : '';
    this.#pile.setAttribute('aria-label', messages ? `${messages} letters, ${waiting} of them waiting` : 'No letters');
  }

  #fact(name, text) {
    const place = document.querySelector(`[data-fact="${name}"]`);
    place.textContent = text;
    place.title = text;
  }

  #fly(leg, kind) {
    const track = this.#way.querySelector(`[data-leg="${leg}"]`);
    if (document.hidden || track.childElementCount >= MostFlying) return;
    const flight = document.createElement('span');
    flight.className = `flight ${kind}`;
    flight.append(envelope());
    flight.addEventListener('animationend', () => flight.remove());
    track.append(flight);
  }
}

const sentences = {
  connecting: () => 'Opening the mailbox.',
  held: waiting => waiting ? 'Connected. What waited is being handed over.' : 'Connected. Every letter goes straight through.',
  reconnecting: () => 'The connection is lost. Letters wait until it is back.',
  offline: waiting => waiting ? 'Offline. Letters wait here, and no backend needs to know.'
    : 'Offline. Whatever is written now will wait in the mailbox.',
  closed: () => 'The server ended this connection. Go online to open again.',
};

const nothing = { messages: 0, bytes: 0, connections: 0, groups: [], first: null, last: null, acknowledged: null, expires: null };

async function stateOf(mailbox) {
  try {
    const answer = await fetch(`/mailboxes/${encodeURIComponent(mailbox)}/state`);
    return answer.ok ? await answer.json() : nothing;
  } catch {
    return { ...nothing, unreachable: true };
  }
}

function factsOf(mailbox, state) {
  return {
    mailbox,
    holds: `${state.messages.toLocaleString('en')} (${state.bytes.toLocaleString('en')} bytes)`,
    epoch: state.epoch ?? '–',
    first: numberOf(state.first),
    last: numberOf(state.last),
    acknowledged: numberOf(state.acknowledged),
    groups: [...state.groups].sort().join(', ') || '–',
    expires: state.expires ? `in ${span(new Date(state.expires) - Date.now())}` : '–',
  };
}

// How much of what is kept the page does not have yet; the rest is about to be acknowledged.
function waitingIn({ messages, last }, position) {
  if (!messages || !position || epochOf(position) !== epochOf(last)) return messages;
  return Math.min(messages, Math.max(0, numberOf(last) - numberOf(position)));
}

// A position is opaque to a reader; only this picture looks inside, because all of them share the epoch beside them.
function numberOf(position) {
  return position?.slice(position.indexOf('.') + 1) ?? '–';
}

function epochOf(position) {
  return position?.slice(0, position.indexOf('.'));
}

function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map(part => String(part).padStart(2, '0')).join(':');
}

function envelope() {
  const svg = document.createElementNS(Svg, 'svg');
  const use = document.createElementNS(Svg, 'use');
  use.setAttribute('href', '#letter');
  svg.setAttribute('class', 'envelope');
  svg.append(use);
  return svg;
}
