import type { Address } from './address.js';
import { catchUp } from './catch-up.js';
import type { Reason } from './endings.js';
import { Leadership } from './leadership.js';
import { Link } from './link.js';
import type { Outbox } from './outbox.js';
import { isAfter } from './position.js';
import { Presence } from './presence.js';
import { type Linked, Recent } from './recent.js';
import type { Listener, Source } from './source.js';
import type { OpenOptions, Status } from './types.js';

const AskEvery = 3_000;
const Misses = 3;

type Note =
  | { kind: 'item'; linked: Linked }
  | { kind: 'status'; status: Status }
  | { kind: 'ask'; tab: string; after: string | null }
  | { kind: 'recent'; tab: string; items: Linked[] | null; position: string | null; status: Status }
  | { kind: 'ack'; position: string };

/**
 * One connection for all tabs of an origin: the tab that holds the lock has it and passes on what comes. Each item says what came before
 * it, so a tab knows when it missed something, and asks. A leader that answers no question has lost its lock to who asked.
 */
export class Tabs implements Source {
  readonly #address: Address;
  readonly #tab: string;
  readonly #options: OpenOptions;
  readonly #outbox: Outbox;
  readonly #listener: Listener;
  readonly #leadership: Leadership;
  readonly #presence: Presence;
  readonly #recent = new Recent();
  #channel: BroadcastChannel | null = null;
  #link: Link | null = null;
  #status: Status;
  #received: string | null;
  #handled: string | null;
  /** What came while this tab learns what it missed; null where it has missed nothing. */
  #behind: Linked[] | null = [];
  #asking: ReturnType<typeof setInterval> | undefined;
  #unanswered = 0;
  #held = false;

  constructor(address: Address, tab: string, options: OpenOptions, outbox: Outbox, listener: Listener, position: string | null) {
    this.#address = address;
    this.#tab = tab;
    this.#options = options;
    this.#outbox = outbox;
    this.#listener = listener;
    this.#received = this.#handled = position;
    this.#status = { state: 'connecting', reason: 'opened', transport: options.transport ?? 'auto' };
    this.#leadership = new Leadership(`mailbox:${address.key}`, () => this.#lead(), () => this.#follow());
    this.#presence = new Presence(away => away === 'frozen' ? this.#leave() : this.#join(), () => {});
    outbox.post();
    this.#join();
  }

  reached(position: string) {
    this.#handled = position;
    if (this.#link) this.#link.reached(position);
    else if (this.#options.ack === 'manual') this.#post({ kind: 'ack', position });
  }

  hold(reason: Reason | null) {
    if (this.#held === Boolean(reason)) return;
    this.#held = Boolean(reason);
    if (reason) this.#behind ??= [];
    else this.#ask();
  }

  retry() {
    this.#link?.retry();
  }

  close() {
    this.#end({ ...this.#status, state: 'closed', reason: 'closed' });
  }

  #join() {
    if (this.#channel || this.#status.state === 'closed') return;
    this.#channel = new BroadcastChannel(`mailbox:${this.#address.key}`);
    this.#channel.onmessage = ({ data }) => this.#hear(data as Note);
    this.#asking = setInterval(() => this.#watch(), AskEvery);
    this.#leadership.seek();
    this.#ask();
  }

  // A frozen tab, or one in the back-forward cache, hears nothing: another one leads meanwhile.
  #leave() {
    clearInterval(this.#asking);
    this.#leadership.give();
    this.#follow();
    this.#channel?.close();
    this.#channel = null;
    this.#behind ??= [];
  }

  #lead() {
    const link: Link = new Link(this.#address, this.#tab, this.#options, this.#outbox, {
      item: item => { if (link === this.#link) this.#pass({ prev: this.#recent.last, item }); },
      status: status => { if (link === this.#link) this.#say(status); },
    }, this.#handled ?? this.#received);
    this.#link = link;
    this.#ask();
  }

  #follow() {
    const link = this.#link;
    this.#link = null;
    link?.close();
  }

  #pass(linked: Linked) {
    this.#post({ kind: 'item', linked });
    this.#accept(linked);
  }

  #say(status: Status) {
    this.#post({ kind: 'status', status });
    if (status.state !== 'closed') return this.#show(status);
    // Who would lead next must hear first that there is nothing to lead.
    this.#link = null;
    setTimeout(() => this.#end(status), 200);
  }

  #hear(note: Note) {
    this.#unanswered = 0;
    if (note.kind === 'ack') this.#link?.reached(note.position);
    else if (note.kind === 'ask') this.#answer(note.tab, note.after);
    else if (this.#link) return;
    else if (note.kind === 'item') this.#accept(note.linked);
    else if (note.kind === 'status') this.#learn(note.status);
    else if (note.tab === this.#tab) void this.#mend(note);
  }

  #learn(status: Status) {
    if (status.state === 'closed') this.#end(status);
    else this.#show(status);
  }

  #end(status: Status) {
    this.#leave();
    this.#presence.end();
    this.#show(status);
  }

  #accept(linked: Linked) {
    this.#recent.add(linked);
    if (this.#behind) {
      if (!this.#held) this.#behind.push(linked);
    } else if (linked.prev !== null && this.#received !== null && isAfter(linked.prev, this.#received)) {
      this.#behind = [linked];
      this.#ask();
    } else {
      this.#take(linked);
    }
  }

  #take({ item }: Linked) {
    if (!isAfter(item.position, this.#received)) return;
    this.#received = item.position;
    this.#listener.item(item);
  }

  #watch() {
    if (this.#link) return;
    if (++this.#unanswered > Misses) this.#leadership.seize();
    this.#ask();
  }

  #ask() {
    if (this.#held) return;
    if (this.#link) void this.#mend({ items: this.#recent.after(this.#received), position: this.#recent.last });
    else this.#post({ kind: 'ask', tab: this.#tab, after: this.#received });
  }

  #answer(tab: string, after: string | null) {
    if (this.#link) this.#post({ kind: 'recent', tab, items: this.#recent.after(after), position: this.#recent.last, status: this.#status });
  }

  async #mend({ items, position, status }: { items: Linked[] | null; position: string | null; status?: Status }) {
    if (status) this.#show(status);
    if (!this.#behind) return;
    if (items) items.forEach(linked => this.#take(linked));
    else if (!this.#beginsHere(position) && !await this.#fetchMissed()) return;
    const behind = this.#held ? [] : this.#behind ?? [];
    if (!this.#held) this.#behind = null;
    behind.forEach(linked => this.#take(linked));
  }

  // A tab that wants only what is new begins where the others are.
  #beginsHere(position: string | null) {
    if (this.#link && !position) return true;
    if (this.#received !== null || this.#options.from === 'oldest') return false;
    this.#received = position;
    return true;
  }

  #fetchMissed() {
    const place = () => this.#received ? { after: this.#received } : { from: this.#options.from };
    // Where it fails, this tab goes on asking.
    return catchUp(this.#address, place, item => this.#take({ prev: null, item })).then(() => true, () => false);
  }

  #show(status: Status) {
    this.#status = status;
    this.#listener.status(status);
  }

  #post(note: Note) {
    this.#channel?.postMessage(note);
  }
}
