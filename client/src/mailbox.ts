import { Address } from './address.js';
import { MailboxError } from './fault.js';
import { Leadership } from './leadership.js';
import { Link } from './link.js';
import { Outbox } from './outbox.js';
import type { Source } from './source.js';
import { Tabs } from './tabs.js';
import { FirstBytes, type Item, ParkedSeconds } from './trip.js';
import type { Gap, Message, OpenOptions, Status, Ticket } from './types.js';

const Most = 1_000;

export interface MailboxEvents {
  message: CustomEvent<Message>;
  gap: CustomEvent<Gap>;
  state: CustomEvent<Status>;
}

type Handler<K extends keyof MailboxEvents> = ((event: MailboxEvents[K]) => void) | { handleEvent(event: MailboxEvents[K]): void };

/** An open mailbox: `for await` over it, or listen to `message`, `gap` and `state`. One of them takes each message. */
export class Mailbox extends EventTarget implements AsyncIterable<Message> {
  readonly name: string;
  readonly #address: Address;
  readonly #outbox: Outbox;
  readonly #source: Source;
  readonly #options: OpenOptions;
  readonly #remembered: string | null;
  #queue: Item[] = [];
  #listening = false;
  #waiting: (() => void) | null = null;
  #status: Status;
  #position: string | null;

  constructor(url: string | URL, name: string, options: OpenOptions = {}) {
    super();
    this.name = name;
    this.#options = options;
    this.#address = new Address(url, name, options.ticket);
    this.#status = { state: 'connecting', reason: 'opened', transport: options.transport ?? 'auto' };
    this.#remembered = options.remember ? `mailbox.at:${this.#address.key}` : null;
    this.#position = this.#recall() ?? (options.from?.includes('.') ? options.from : null);
    const id = newId();
    const shared = options.share !== false && Leadership.isPossible;
    this.#outbox = new Outbox(this.#address, id, (options.wait ?? ParkedSeconds) * 1_000 + FirstBytes, shared);
    const listener = { item: (item: Item) => this.#arrived(item), status: (status: Status) => this.#changed(status) };
    this.#source = new (shared ? Tabs : Link)(this.#address, id, options, this.#outbox, listener, this.#position);
  }

  get status(): Status {
    return this.#status;
  }

  get state() {
    return this.#status.state;
  }

  /** The position of what was handled last: where another reader would go on. */
  get position(): string | null {
    return this.#position;
  }

  /**
   * Sends a text or JSON to the backend, once. Settles when the server has it, with the backend's answer where that is asked at once, or
   * when it is refused for good (`MailboxError`).
   */
  send(data: unknown, contentType?: string): Promise<unknown> {
    if (this.state === 'closed') return Promise.reject(new MailboxError(this.#status.reason));
    return this.#outbox.add(data, contentType);
  }

  /** Acknowledges everything up to a position, by default all that was handled. */
  ack(position = this.#position) {
    if (position) this.#source.reached(position);
  }

  /** A new ticket, in place: it is shown from the next request on. */
  renew(ticket: Ticket) {
    this.#address.renew(ticket);
    this.#source.retry();
  }

  /** Gives the connection back. What was not handled stays in the mailbox. */
  close() {
    this.#source.close();
  }

  override addEventListener<K extends keyof MailboxEvents>(type: K, handler: Handler<K> | null, options?: AddEventListenerOptions | boolean): void;
  override addEventListener(type: string, handler: EventListenerOrEventListenerObject | null, options?: AddEventListenerOptions | boolean): void {
    super.addEventListener(type, handler, options);
    if (type !== 'message') return;
    this.#listening = true;
    queueMicrotask(() => this.#dispatchAll());
  }

  /** Ends when the mailbox is closed; `status.reason` says why. A message is handled when the next one is asked for. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void, void> {
    for (;;) {
      const item = this.#queue.shift();
      if (item) yield* this.#handle(item);
      else if (this.state === 'closed') return;
      else await this.#more();
    }
  }

  *#handle(item: Item) {
    if (item.message) yield item.message;
    this.#handled(item);
  }

  #more() {
    this.#source.hold(null);
    return new Promise<void>(resolve => { this.#waiting = resolve; });
  }

  #arrived(item: Item) {
    this.#queue.push(item);
    if (this.#listening) this.#dispatchAll();
    else this.#wakeReader();
    // What nobody takes waits in the mailbox, not here.
    if (this.#queue.length > Most) this.#source.hold('busy');
  }

  #dispatchAll() {
    for (let item; (item = this.#queue.shift());) {
      if (item.message) this.dispatchEvent(new CustomEvent('message', { detail: item.message }));
      this.#handled(item);
    }
    this.#source.hold(null);
  }

  #handled({ position, gap }: Item) {
    if (gap) this.#tellGap(gap);
    this.#position = position;
    this.#keep();
    if (this.#options.ack !== 'manual') this.ack();
  }

  #tellGap(gap: Gap) {
    this.#options.onGap?.(gap);
    this.dispatchEvent(new CustomEvent('gap', { detail: gap }));
  }

  #changed(status: Status) {
    const { state, reason, transport } = this.#status;
    if (state === status.state && reason === status.reason && transport === status.transport) return;
    this.#status = status;
    if (status.state === 'closed') this.#outbox.end(new MailboxError(status.reason));
    this.#wakeReader();
    this.dispatchEvent(new CustomEvent('state', { detail: status }));
  }

  #wakeReader() {
    this.#waiting?.();
    this.#waiting = null;
  }

  // A browser may refuse storage; then a reloaded page begins anew.
  #recall() {
    try {
      return this.#remembered && sessionStorage.getItem(this.#remembered);
    } catch {
      return null;
    }
  }

  #keep() {
    try {
      if (this.#remembered) sessionStorage.setItem(this.#remembered, this.#position!);
    } catch {
      // As above.
    }
  }
}

function newId() {
  return crypto.getRandomValues(new Uint32Array(2)).join('-');
}
