import { Chat } from './chat.js';
import { Memory, rememberName, rememberedName } from './memory.js';
import { mailboxOf, nameOf } from './names.js';
import { Outbox, newKey } from './outbox.js';
import { Picture } from './picture.js';
import { Reader } from './reader.js';
import { Ticker } from './ticker.js';

const RoomInterval = 5000;
const Letters = ['The parcel is on its way.', 'Your report is ready.', 'Somebody voted.', 'Step 3 of 5 is done.', 'The kettle boils.'];

const find = selector => document.querySelector(selector);
const outbox = new Outbox();
const ticker = new Ticker();
let session = null;
let roomTimer = 0;

class Session {
  constructor(name, mailbox) {
    const memory = new Memory(mailbox);
    this.name = name;
    this.mailbox = mailbox;
    this.written = 0;
    this.chat = new Chat({ name, mailbox, memory, outbox });
    this.reader = new Reader({ mailbox, groups: ['chat', 'ticker'], memory, on: this });
    this.picture = new Picture(mailbox, this.reader);
  }

  start() {
    this.chat.show();
    this.chat.sendPending();
    this.reader.open();
  }

  status(status) {
    if (status === 'held') showRoom();
    this.picture.status = status;
    const online = status !== 'offline' && status !== 'closed';
    find('#online').setAttribute('aria-checked', online);
  }

  letter(message) {
    const isPrice = message.type === 'price';
    this.picture.received(isPrice ? 'price' : 'letter');
    if (isPrice) ticker.price(message.data);
    else this.chat.letter(message);
  }

  gap(gap) {
    this.chat.gap(gap);
  }

  closed(closing) {
    this.chat.closed(closing);
    if (!closing.reconnect) this.status('closed');
  }

  goOnline(online) {
    if (online) {
      this.reader.open();
    } else {
      this.reader.close();
      this.status('offline');
    }
  }

  // What any backend does: one POST, and no thought of whether somebody is connected.
  write() {
    const text = Letters[this.written++ % Letters.length];
    outbox.post(`/mailboxes/${encodeURIComponent(this.mailbox)}`, { from: 'a backend', text }, newKey());
  }

  stop() {
    this.reader.close();
    this.picture.stop();
  }
}

function join(name) {
  const mailbox = mailboxOf(name);
  const field = find('#name');
  field.setCustomValidity(mailbox ? '' : name ? 'This name is too long for a mailbox.' : 'A name, please.');
  if (!mailbox) return field.reportValidity();
  rememberName(name);
  session = new Session(name, mailbox);
  enter(session);
  session.start();
}

function enter({ name, mailbox }) {
  swap('#join', '#compose');
  find('#room').textContent = name;
  find('#rename').hidden = false;
  find('#command').textContent = `curl -d 'Hello' \\\n${location.origin}/mailboxes/${mailbox}`;
  for (const control of ['#online', '#write', '#copy']) find(control).disabled = false;
}

// The mailbox under the former name stays, and its letters wait until it expires.
function leave() {
  rememberName('');
  location.reload();
}

function swap(from, to) {
  find(from).hidden = true;
  find(to).hidden = false;
}

async function showRoom() {
  clearTimeout(roomTimer);
  roomTimer = setTimeout(showRoom, RoomInterval);
  if (document.hidden) return;
  try {
    const answer = await fetch('/groups/chat?limit=8');
    if (!answer.ok) return;
    const { count, members } = await answer.json();
    find('#room').textContent = `${session.name}, ${company(members, count)}`;
  } catch {
    // The picture says that the server cannot be reached.
  }
}

function company(members, count) {
  const others = members.filter(member => member !== session.mailbox).map(nameOf);
  const more = count - 1 - others.length;
  return others.length ? `with ${others.join(', ')}${more > 0 ? ` and ${more} more` : ''}` : 'alone in the room';
}

find('#join').addEventListener('submit', event => {
  event.preventDefault();
  join(find('#name').value.trim());
  if (session) find('#text').focus({ preventScroll: true });
});
find('#name').addEventListener('input', event => event.target.setCustomValidity(''));
find('#compose').addEventListener('submit', event => {
  event.preventDefault();
  const text = find('#text').value.trim();
  if (text) session.chat.say(text);
  find('#text').value = '';
});
find('#online').addEventListener('click', event => session.goOnline(event.currentTarget.getAttribute('aria-checked') !== 'true'));
find('#write').addEventListener('click', () => session.write());
find('#rename').addEventListener('click', leave);
find('#copy').addEventListener('click', async () => {
  await navigator.clipboard?.writeText(find('#command').textContent);
  find('#copy').textContent = 'Copied';
});

const known = rememberedName();
if (known) join(known);
