import { Acknowledging } from './acknowledging.js';
import type { Address, Query } from './address.js';
import { delayOf } from './backoff.js';
import { Connection } from './connection.js';
import type { Reason } from './endings.js';
import { MailboxError } from './fault.js';
import { Ladder } from './ladder.js';
import type { Outbox } from './outbox.js';
import { isAfter } from './position.js';
import { Presence } from './presence.js';
import { transports } from './transports/all.js';
import { begin, settle } from './transports/exchange.js';
import type { Listener, Source } from './source.js';
import { type Item, ParkedSeconds, pause, type Settings } from './trip.js';
import type { Closing, OpenOptions, Status, Strategy } from './types.js';

const LongestTimer = 2 ** 31 - 1;
const Trucks = new Set<Strategy>(['ping-pong', 'fleet']);

/** Holds one mailbox open over whatever happens to single connections, until it is closed or told to stay away. */
export class Link implements Source {
  readonly #acknowledging: Acknowledging;
  readonly #address: Address;
  readonly #client: string;
  readonly #options: OpenOptions;
  readonly #settings: Settings;
  readonly #outbox: Outbox;
  readonly #listener: Listener;
  readonly #ladder: Ladder;
  readonly #presence: Presence;
  #connection: Connection | null = null;
  #wake = new AbortController();
  #held: Reason | null = null;
  #received: string | null;
  #failures = 0;
  #climbTimer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(address: Address, client: string, options: OpenOptions, outbox: Outbox, listener: Listener, position: string | null) {
    this.#address = address;
    this.#client = client;
    this.#options = options;
    this.#settings = { heartbeat: options.heartbeat ?? 15, wait: options.wait ?? ParkedSeconds, every: options.every ?? 5, trucks: options.trucks ?? 4 };
    this.#outbox = outbox;
    this.#listener = listener;
    this.#received = position;
    this.#acknowledging = new Acknowledging(address, position);
    this.#ladder = new Ladder(options.transport ?? 'auto');
    this.#presence = new Presence(away => this.#moved(away), () => this.#connection?.check());
    void this.#run();
  }

  reached(position: string) {
    this.#acknowledging.reached(position);
  }

  hold(reason: Reason | null) {
    if (this.#held === reason) return;
    this.#held = reason;
    this.#moved(reason);
  }

  retry() {
    this.#failures = 0;
    this.#wake.abort();
  }

  close(reason: string = 'closed') {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#climbTimer);
    this.#presence.end();
    this.#acknowledging.end();
    this.#connection?.end(new MailboxError(reason));
    this.#wake.abort();
    this.#tell('closed', reason);
  }

  get #away() {
    return this.#held ?? this.#presence.away;
  }

  async #run() {
    // A listener that is told of the first state has the link already.
    await null;
    while (!this.#ended) {
      if (this.#away) await this.#sleep(LongestTimer, this.#away);
      else await this.#attempt();
    }
  }

  async #attempt() {
    this.#tell('connecting', this.#failures ? 'cut' : 'opened');
    this.#acknowledging.by(null);
    const connection = this.#connection = this.#connect();
    const ending = await this.#travel(connection);
    connection.end(new MailboxError('closed'));
    this.#connection = null;
    if (ending instanceof MailboxError) await this.#failed(ending, connection);
    else await this.#closed(ending, connection);
  }

  async #travel(connection: Connection): Promise<Closing | MailboxError> {
    try {
      await this.#ready(connection);
      return await transports[this.#ladder.transport](connection) ?? new MailboxError('cut');
    } catch (fault) {
      const why = connection.signal.aborted ? connection.signal.reason : fault;
      return why instanceof MailboxError ? why : new MailboxError('cut', 0, 0, String(why));
    }
  }

  #connect() {
    return new Connection({
      address: this.#address,
      settings: this.#settings,
      outbox: this.#outbox,
      place: () => this.#place(),
      query: () => this.#query(),
      acknowledgeBy: send => this.#acknowledging.by(send),
    }, item => this.#take(item), () => this.#proved());
  }

  // What a former connection carried and was not confirmed goes the same way, before this one is open: the server ends the other
  // connections of a client that makes an exchange.
  async #ready(connection: Connection) {
    const { transport } = this.#ladder;
    const byTruck = Trucks.has(transport);
    if (this.#beginsUnread && !byTruck) await begin(connection);
    if (byTruck || transport === 'websocket') this.#outbox.carry();
    else {
      await settle(connection);
      this.#outbox.post();
    }
    connection.isReady = true;
  }

  // What was written to any connection is not unread any more, also where it was lost on the way.
  get #beginsUnread() {
    return !this.#acknowledging.position && (this.#options.from ?? 'unread') === 'unread';
  }

  // Opening with a position acknowledges up to it: what is not handled yet is asked for again, and dropped here where it was received.
  #place(): Query {
    const after = this.#acknowledging.position;
    return after ? { after } : { from: this.#options.from };
  }

  // Where answers are cut again and again, small ones come through.
  #query(): Query {
    const { conflict, idle } = this.#options;
    return { ...this.#place(), client: this.#client, conflict, idle, limit: this.#failures > 2 ? 10 : null };
  }

  #take(item: Item) {
    if (this.#ended || !isAfter(item.position, this.#received)) return;
    if (this.#received === null && !item.message && !item.gap) this.#acknowledging.begin(item.position);
    this.#received = item.position;
    this.#listener.item(item);
  }

  #proved() {
    this.#failures = 0;
    this.#ladder.proved();
    clearTimeout(this.#climbTimer);
    const climb = this.#ladder.climbIn;
    if (climb !== null) this.#climbTimer = setTimeout(() => this.#climb(), climb);
    this.#tell('open', 'opened');
  }

  #climb() {
    this.#ladder.climb();
    this.#connection?.end(new MailboxError('opened'));
  }

  async #closed(closing: Closing, connection: Connection) {
    // Nobody else has this client's id: a request that was cut and repeated on the way reached the server last.
    if (!closing.reconnect && closing.reason !== 'replaced') return this.close(closing.reason);
    // A server that refuses before it has told a position refuses again: others may have come back just as this reader did.
    const soon = connection.lived === null ? this.#failures++ : 0;
    await this.#sleep(closing.after * 1_000 + delayOf(soon), closing.reason);
  }

  async #failed(fault: MailboxError, connection: Connection) {
    if (this.#ended || this.#away || fault.reason === 'opened') return;
    this.#blame(connection, fault.reason === 'cut' || fault.status >= 500 && fault.reason !== 'refused');
    if (fault.isFinal) return this.close(fault.status === 401 ? 'unauthorized' : fault.reason);
    await this.#sleep(Math.max(fault.retryAfter * 1_000, delayOf(this.#failures++)), fault.reason);
  }

  #blame(connection: Connection, unreachable: boolean) {
    if (connection.lived === null) this.#ladder.failed(unreachable, this.#failures + 1);
    else this.#ladder.cut(connection.lived);
  }

  #moved(away: Reason | null) {
    if (away) this.#connection?.end(new MailboxError(away));
    this.retry();
  }

  async #sleep(milliseconds: number, reason: string) {
    if (this.#ended) return;
    this.#tell('waiting', reason);
    this.#wake = new AbortController();
    await pause(milliseconds, this.#wake.signal).catch(() => {});
  }

  #tell(state: Status['state'], reason: string) {
    this.#listener.status({ state, reason, transport: this.#ladder.transport });
  }
}
