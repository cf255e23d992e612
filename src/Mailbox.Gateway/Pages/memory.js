const NameKey = 'mailbox.name';
const KeptLines = 100;

export function rememberedName() {
  return read(NameKey) ?? '';
}

export function rememberName(name) {
  write(NameKey, name);
}

// What this browser keeps of one mailbox: the lines it shows and the position that they reach. Both are one item, because a position
// says "I have everything up to here": stored without its lines it would lose them, lines without it would come twice.
export class Memory {
  #key;
  #state = { position: null, lines: [] };

  constructor(mailbox) {
    this.#key = `mailbox.of:${mailbox}`;
  }

  get position() {
    return this.#load().position;
  }

  get lines() {
    return this.#load().lines;
  }

  // True where the line is new: another tab with the same name shares this memory and may have kept it already.
  add(line, position) {
    const { position: before, lines } = this.#load();
    const known = lines.some(one => one.id === line.id);
    this.#save({ position: position ?? before, lines: known ? lines : [...lines, line].slice(-KeptLines) });
    return !known;
  }

  change(id, what) {
    const { position, lines } = this.#load();
    this.#save({ position, lines: lines.map(line => line.id === id ? { ...line, ...what } : line) });
  }

  moveTo(position) {
    this.#save({ ...this.#load(), position });
  }

  // Another tab of this browser has changed what is kept.
  onChange(handler) {
    addEventListener('storage', event => { if (event.key === this.#key) handler(); });
  }

  #load() {
    try {
      this.#state = JSON.parse(read(this.#key)) ?? this.#state;
    } catch {
      // Not ours: start again from what this tab knows.
    }
    return this.#state;
  }

  #save(state) {
    this.#state = state;
    write(this.#key, JSON.stringify(state));
  }
}

// A browser may refuse storage (private windows, full quota): then the page remembers as long as it is open.
function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}
