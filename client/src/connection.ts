import { MailboxError } from './fault.js';
import { FirstBytes, type Item, type Trip } from './trip.js';

/** What all connections of a mailbox have in common. */
type Route = Omit<Trip, 'signal' | 'heard' | 'take' | 'proved'>;

/** One attempt to hold the mailbox, from the request to the end, with the watch that ends a silent one. */
export class Connection implements Trip {
  readonly #ending = new AbortController();
  readonly #taken: Trip['take'];
  readonly #works: Trip['proved'];
  declare readonly address: Trip['address'];
  declare readonly settings: Trip['settings'];
  declare readonly outbox: Trip['outbox'];
  declare readonly place: Trip['place'];
  declare readonly query: Trip['query'];
  declare readonly acknowledgeBy: Trip['acknowledgeBy'];
  #watch: ReturnType<typeof setTimeout> | undefined;
  #heardAt = performance.now();
  #within = 0;
  #probe: (() => void) | undefined;
  #provedAt: number | null = null;
  /** What is asked before the transport sets out says nothing about its way. */
  isReady = false;

  constructor(route: Route, taken: Trip['take'], works: Trip['proved']) {
    Object.assign(this, route);
    this.#taken = taken;
    this.#works = works;
  }

  get signal() { return this.#ending.signal; }

  /** How long it has worked, in milliseconds; null where it never did. */
  get lived() {
    return this.#provedAt === null ? null : performance.now() - this.#provedAt;
  }

  take(item: Item) {
    if (!this.signal.aborted) this.#taken(item);
  }

  heard(within: number, probe?: () => void) {
    this.#heardAt = performance.now();
    this.#within = within;
    this.#probe = probe;
    this.#arm(within);
  }

  /** Timers stand still while a machine sleeps: looks at the clock. */
  check() {
    if (this.#within && performance.now() - this.#heardAt > this.#within) this.#silence();
  }

  proved() {
    if (!this.isReady || this.#provedAt !== null || this.signal.aborted) return;
    this.#provedAt = performance.now();
    this.#works();
  }

  #arm(within: number) {
    clearTimeout(this.#watch);
    if (!this.signal.aborted) this.#watch = setTimeout(() => this.#silence(), within);
  }

  #silence() {
    if (!this.#probe) return this.end(new MailboxError('silence'));
    this.#probe();
    this.#probe = undefined;
    this.#arm(FirstBytes);
  }

  end(reason: MailboxError) {
    clearTimeout(this.#watch);
    this.#ending.abort(reason);
  }
}
