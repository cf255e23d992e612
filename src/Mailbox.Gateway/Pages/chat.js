import { newKey } from './outbox.js';

const Reasons = {
  overflow: 'The mailbox was full: its oldest letters were pushed out.',
  ttl: 'Some letters waited longer than they were meant to live.',
  acknowledged: 'Some letters were read elsewhere under this name.',
  lost: 'Some numbers were lost with weakly stored letters.',
  epoch: 'The mailbox was made anew. What was in the old one is gone.',
};

const Endings = {
  'deleted': 'The mailbox was removed.',
  'taken-over': 'The mailbox was opened elsewhere, and taken over.',
  'replaced': 'This page opened its mailbox a second time.',
  'draining': 'The server is shutting down.',
  'moved': 'The mailbox has moved.',
  'slow': 'This page read too slowly.',
  'unavailable': 'The mailbox cannot be read now.',
};

export class Chat {
  #list = document.querySelector('#lines');
  #name;
  #group;
  #memory;
  #outbox;

  constructor({ name, mailbox, memory, outbox }) {
    this.#name = name;
    this.#group = `/groups/chat?except=${encodeURIComponent(mailbox)}`;
    this.#memory = memory;
    this.#outbox = outbox;
    memory.onChange(() => this.show());
  }

  show() {
    // Until there is a line the page's own hint stays.
    if (!this.#memory.lines.length) return;
    this.#list.replaceChildren(...this.#memory.lines.map(line => this.#draw(line)));
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  // Lines that an earlier page could not send, with their keys.
  sendPending() {
    for (const line of this.#memory.lines) if (line.pending) this.#send(line);
  }

  // One's own line is shown at once; the group send excepts one's own mailbox, so it does not come a second time.
  say(text) {
    const line = { id: newKey(), from: this.#name, text, own: true, at: Date.now(), pending: true };
    this.#add(line);
    this.#send(line);
  }

  letter(message) {
    this.#add({ id: message.position, at: Date.now(), ...read(message) }, message.position);
  }

  gap({ to, reason }) {
    this.#add({ id: `gap ${to}`, note: Reasons[reason] ?? `A gap: ${reason}.` }, to);
  }

  closed(closing) {
    const why = Endings[closing.reason] ?? `The server ended the connection: ${closing.reason}.`;
    this.note(closing.reconnect ? `${why} The page comes back by itself.` : why);
  }

  // A server that refuses for a while says so at every attempt: once is enough.
  note(text) {
    if (this.#memory.lines.at(-1)?.note !== text) this.#add({ id: newKey(), note: text });
  }

  async #send(line) {
    const answer = await this.#outbox.post(this.#group, { from: line.from, text: line.text }, line.id);
    this.#memory.change(line.id, answer.failed ? { pending: false, failed: answer.failed } : { pending: false, stored: answer.stored });
    this.#redraw(line.id);
  }

  #add(line, position) {
    if (!this.#memory.add(line, position)) return;
    if (this.#memory.lines.length === 1) this.#list.replaceChildren();
    const atEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 40;
    this.#list.append(this.#draw(line));
    if (atEnd || line.own) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #redraw(id) {
    const line = this.#memory.lines.find(one => one.id === id);
    const drawn = [...this.#list.children].find(item => item.dataset.id === id);
    if (line && drawn) drawn.replaceWith(this.#draw(line));
  }

  #draw(line) {
    const item = document.createElement('p');
    item.dataset.id = line.id;
    item.className = line.note ? 'note' : line.own ? 'line own' : 'line';
    if (line.note) item.textContent = line.note;
    else item.append(...this.#parts(line));
    return item;
  }

  #parts(line) {
    const parts = [span('who', line.own ? 'You' : line.from), span('text', line.text), span('when', clock(line.at))];
    if (line.own) parts.push(fate(line));
    return parts;
  }
}

// A letter of another kind is a letter too: whatever a backend or a shell wrote is shown.
function read({ data, contentType, encoding }) {
  if (encoding) return { note: `A letter of the type ${contentType}.` };
  if (typeof data?.text === 'string') return { from: String(data.from ?? 'somebody'), text: data.text };
  return { from: 'a backend', text: typeof data === 'string' ? data : JSON.stringify(data) };
}

function fate(line) {
  if (line.failed) return span('fate failed', `refused (${line.failed})`);
  if (line.pending) return span('fate', 'sending');
  const others = line.stored === 1 ? '1 mailbox' : `${line.stored} mailboxes`;
  return span('fate', line.stored ? `stored in ${others}` : 'nobody else is here');
}

function clock(at) {
  return new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

function span(name, text) {
  const part = document.createElement('span');
  part.className = name;
  part.textContent = text;
  return part;
}
