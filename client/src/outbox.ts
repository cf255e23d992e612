import type { Address } from './address.js';
import { delayOf } from './backoff.js';
import { MailboxError } from './fault.js';
import { pause } from './trip.js';

/** One uplink, until the server has it. Once given a number it keeps that way: the same by another way would be a second one. */
export interface Uplink {
  readonly body: BodyInit;
  readonly contentType: string;
  readonly frame: { contentType?: string; data: unknown };
  n: number;
  truck: number;
  settle(fault?: unknown): void;
}

/** Uplinks in the order of `send`, each until it is answered. A transport carries them, or they go by requests of their own. */
export class Outbox {
  readonly #address: Address;
  readonly #client: string;
  readonly #numbers: number[] = [];
  #uplinks: Uplink[] = [];
  readonly #life = new AbortController();
  #posted = 0;
  #posting = false;
  // Until it is known how.
  #carried = true;
  #wake = () => {};

  constructor(address: Address, client: string) {
    this.#address = address;
    this.#client = client;
  }

  add(data: unknown, contentType?: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (fault?: unknown) => {
        this.#uplinks = this.#uplinks.filter(one => one !== uplink);
        if (fault) reject(fault);
        else resolve();
      };
      const uplink: Uplink = { ...encode(data, contentType), n: 0, truck: -1, settle };
      this.#uplinks.push(uplink);
      this.#move();
    });
  }

  /** From now on a transport carries them: `wake` says that there is one. Without `wake` they wait for it. */
  carry(wake = () => {}) {
    this.#carried = true;
    this.#wake = wake;
  }

  /** From now on they go by requests of their own. */
  post() {
    this.#carried = false;
    this.#move();
  }

  clientOf(truck: number) {
    return truck ? `${this.#client}.${truck}` : this.#client;
  }

  /** What a truck has to carry: what it carried before and was not answered, and what is new. */
  load(truck: number): Uplink[] {
    for (const uplink of this.#uplinks) if (uplink.truck < 0) this.#number(uplink, truck);
    return this.#uplinks.filter(uplink => uplink.truck === truck);
  }

  get hasNew() {
    return this.#uplinks.some(uplink => uplink.truck < 0);
  }

  /** The trucks that have carried something which was not answered. */
  get loaded() {
    return [...new Set(this.#uplinks.map(uplink => uplink.truck).filter(truck => truck >= 0 && truck < Posted))];
  }

  /** The server has all of this truck's up to `n`. */
  confirm(truck: number, n = 0) {
    for (const uplink of this.#uplinks) if (uplink.truck === truck && uplink.n <= n) uplink.settle();
  }

  refuse(truck: number, fault: unknown) {
    for (const uplink of this.#uplinks) if (uplink.truck === truck) uplink.settle(fault);
  }

  end(fault: unknown) {
    this.#life.abort();
    for (const uplink of this.#uplinks) uplink.settle(fault);
  }

  #number(uplink: Uplink, truck: number) {
    uplink.truck = truck;
    uplink.n = this.#numbers[truck] = (this.#numbers[truck] ?? 0) + 1;
  }

  #move() {
    if (this.#carried) this.#wake();
    else if (!this.#posting) void this.#postAll();
  }

  // One after the other, so that they arrive in order.
  async #postAll() {
    this.#posting = true;
    for (let failures = 0; this.#uplinks[0] && !this.#carried; failures++) {
      const fault = await this.#postOne(this.#uplinks[0]);
      if (!fault) failures = -1;
      else await pause(Math.max(delayOf(failures), fault.retryAfter * 1_000), this.#life.signal).catch(() => {});
    }
    this.#posting = false;
  }

  async #postOne(uplink: Uplink): Promise<MailboxError | undefined> {
    uplink.truck = Posted;
    uplink.n ||= ++this.#posted;
    const headers = { 'Content-Type': uplink.contentType, 'Idempotency-Key': `${this.#client}.${uplink.n}` };
    try {
      await this.#address.request('/uplink', {}, { method: 'POST', headers, body: uplink.body, keepalive: true });
      uplink.settle();
    } catch (fault) {
      if (fault instanceof MailboxError && !fault.isFinal) return fault;
      uplink.settle(fault);
    }
    return undefined;
  }
}

// The truck of those that go by requests of their own.
const Posted = 1e6;

function encode(data: unknown, contentType?: string) {
  if (data instanceof Blob || data instanceof ArrayBuffer || ArrayBuffer.isView(data)) throw new TypeError('Send text or JSON.');
  if (typeof data === 'string' && !contentType?.includes('json')) {
    return { body: data, contentType: contentType ?? 'text/plain', frame: { contentType: contentType ?? 'text/plain', data } };
  }
  return { body: JSON.stringify(data), contentType: contentType ?? 'application/json', frame: { contentType: contentType ?? 'application/json', data } };
}
