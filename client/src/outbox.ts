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
  /** The end of it: a fault, or what was answered. */
  settle(fault?: unknown, answer?: unknown): void;
}

/** Uplinks in the order of `send`, each until it is answered. A transport carries them, or they go by requests of their own. */
export class Outbox {
  readonly #address: Address;
  readonly #client: string;
  readonly #patience: number;
  readonly #alone: boolean;
  readonly #numbers: number[] = [];
  #uplinks: Uplink[] = [];
  readonly #life = new AbortController();
  #posted = 0;
  #posting = false;
  // Until it is known how.
  #carried = true;
  #wake = () => {};

  /**
   * `patience`: milliseconds until a request of its own is repeated, because nobody may be there any more. `alone`: all go by those. Tabs
   * that share a connection do that: a number belongs to the client that carries it.
   */
  constructor(address: Address, client: string, patience: number, alone = false) {
    this.#patience = patience;
    this.#alone = alone;
    this.#address = address;
    this.#client = client;
  }

  add(data: unknown, contentType?: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (fault?: unknown, answer?: unknown) => {
        this.#uplinks = this.#uplinks.filter(one => one !== uplink);
        if (fault) reject(fault);
        else resolve(answer);
      };
      const uplink: Uplink = { ...encode(data, contentType), n: 0, truck: -1, settle };
      this.#uplinks.push(uplink);
      this.#move();
    });
  }

  /** From now on a transport carries them: `wake` says that there is one. Without `wake` they wait for it. */
  carry(wake = () => {}) {
    this.#carried = !this.#alone;
    this.#wake = wake;
  }

  /** The transport is ready for the next. */
  carryOn() {
    this.#wake();
  }

  /** From now on they go by requests of their own. */
  post() {
    this.#carried = false;
    this.#move();
  }

  clientOf(truck: number) {
    return truck ? `${this.#client}.${truck}` : this.#client;
  }

  /** What a truck has to carry: what it carried before and was not answered, and what is new, at most so many. */
  load(truck: number, most = 100): Uplink[] {
    if (this.#alone) return [];
    const load = this.#uplinks.filter(uplink => uplink.truck === truck || uplink.truck < 0).slice(0, most);
    for (const uplink of load) if (uplink.truck < 0) this.#number(uplink, truck);
    return load;
  }

  get hasNew() {
    return !this.#alone && this.#uplinks.some(uplink => uplink.truck < 0);
  }

  /** The trucks that have carried something which was not answered. */
  get loaded() {
    return [...new Set(this.#uplinks.map(uplink => uplink.truck).filter(truck => truck >= 0 && truck < Posted))];
  }

  /** The server has all of this truck's up to `n`. */
  confirm(truck: number, n = 0) {
    for (const uplink of this.#uplinks) if (uplink.truck === truck && uplink.n <= n) uplink.settle();
  }

  /** The server looked at nothing behind the one that it refused. */
  refuse(truck: number, fault: unknown) {
    this.#uplinks.find(uplink => uplink.truck === truck)?.settle(fault);
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
    const signal = AbortSignal.timeout(this.#patience);
    try {
      const response = await this.#address.request('/uplink', {}, { method: 'POST', headers, body: uplink.body, keepalive: true, signal });
      uplink.settle(undefined, await answerOf(response));
    } catch (fault) {
      if (fault === signal.reason) return new MailboxError('silence');
      // A backend answers by itself, and what it refuses it refuses again.
      if (fault instanceof MailboxError && !fault.isRefusal) return fault;
      uplink.settle(fault);
    }
    return undefined;
  }
}

// The truck of those that go by requests of their own.
const Posted = 1e6;

async function answerOf(response: Response): Promise<unknown> {
  // Cut in the middle of the answer: it is asked for again under its key.
  const text = await response.text().catch(() => { throw new MailboxError('cut'); });
  if (!text) return undefined;
  return response.headers.get('Content-Type')?.includes('json') ? JSON.parse(text) : text;
}

// Half of a surrogate pair, which has no UTF-8, as JSON.stringify writes it: behind a backslash that is not escaped itself.
const HalfPair = /[^\\](\\\\)*\\ud[89a-f]/;

function encode(data: unknown, contentType?: string) {
  const isText = typeof data === 'string' && !contentType?.includes('json');
  const type = contentType ?? (isText ? 'text/plain' : 'application/json');
  const json = JSON.stringify(data) as string | undefined;
  // What the server would refuse on one transport and a request would change on another is refused here, whatever the transport.
  if (!json || HalfPair.test(json) || data instanceof Blob || data instanceof ArrayBuffer || ArrayBuffer.isView(data))
    throw new MailboxError('bad-body', 400, 0, 'no text or JSON');
  return { body: isText ? data : json, contentType: type, frame: { contentType: type, data } };
}
