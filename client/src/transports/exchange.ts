import { MailboxError } from '../fault.js';
import { type Answer, FirstBytes, type Trip } from '../trip.js';
import type { Closing } from '../types.js';
import { ask, byNextRequest, Parking, readAnswer } from './poll.js';

const Both = 2;
const Brief = 2;

/** One request carries uplinks and is parked; when there is more to carry the next one goes, and the parked one comes home. */
export function pingPong(trip: Trip): Promise<Closing> {
  return new Yard(trip, 1).open();
}

/** Every uplink drives in a truck of its own, which is parked as well, up to so many. */
export function fleet(trip: Trip): Promise<Closing> {
  return new Yard(trip, trip.settings.trucks).open();
}

/** Where the reader is, and what it has not read: an exchange without a position can be repeated, for it moves no mark. */
export async function begin(trip: Trip): Promise<void> {
  await exchange(trip, 0, 0, []);
}

/** Delivers what was numbered and not confirmed, where the next connection carries nothing. */
export async function settle(trip: Trip): Promise<void> {
  for (const truck of trip.outbox.loaded) await exchange(trip, truck, 0);
}

class Yard {
  readonly #trip: Trip;
  readonly #parking: Parking;
  /** How many requests of each truck are under way. */
  readonly #out: number[];
  #closed!: (closing: Closing) => void;
  #failed!: (fault: unknown) => void;

  constructor(trip: Trip, trucks: number) {
    this.#trip = trip;
    this.#parking = new Parking(trip.settings.wait);
    this.#out = Array<number>(trucks).fill(0);
  }

  open(): Promise<Closing> {
    this.#trip.acknowledgeBy(byNextRequest);
    return new Promise((resolve, reject) => {
      [this.#closed, this.#failed] = [resolve, reject];
      void this.#begin();
    });
  }

  // The first does not wait: it shows that the way is free. An exchange begins at what is unread; where else to begin a poll can say.
  async #begin() {
    const { from } = this.#trip.place();
    try {
      if (from) await ask(this.#trip, 0);
      // One after the other: where many are cut, all at once would hardly ever all come home.
      for (const truck of new Set([0, ...this.#trip.outbox.loaded])) {
        const { closed } = await exchange(this.#trip, truck, 0);
        if (closed) return this.#closed(closed);
      }
      this.#trip.outbox.carry(() => this.#next());
      this.#next();
    } catch (fault) {
      this.#failed(fault);
    }
  }

  // What a truck carries is confirmed by the one that comes home for it. Where none is parked it comes home itself, soon.
  #next() {
    if (this.#trip.signal.aborted) return;
    const { wait } = this.#parking;
    if (!this.#trip.outbox.hasNew) {
      if (!this.#out.some(Boolean)) void this.#drive(0, wait);
      return;
    }
    const idle = this.#out.indexOf(0);
    if (idle >= 0) return void this.#drive(idle, this.#out.length > 1 ? Brief : 0);
    const truck = this.#out.findIndex(out => out < Both);
    if (truck >= 0) void this.#drive(truck, wait);
  }

  async #drive(truck: number, wait: number) {
    this.#out[truck]!++;
    try {
      const answer = await this.#parking.park(wait, () => exchange(this.#trip, truck, wait));
      this.#out[truck]!--;
      if (answer.closed) this.#closed(answer.closed);
      else this.#next();
    } catch (fault) {
      this.#failed(fault);
    }
  }
}

async function exchange(trip: Trip, truck: number, wait: number, load = trip.outbox.load(truck)): Promise<Answer> {
  const { after } = trip.place();
  const uplink = load.map(({ n, frame }) => ({ n, ...frame }));
  const body = JSON.stringify({ client: trip.outbox.clientOf(truck), after, uplink, wait });
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
  trip.heard(wait * 1_000 + FirstBytes);
  try {
    const response = await trip.address.fetch('/exchange', {}, { method: 'POST', headers, body, signal: trip.signal });
    const answer = await readAnswer(trip, response);
    trip.outbox.confirm(truck, answer.uplink);
    return answer;
  } catch (fault) {
    // Where it is an uplink that is refused, reading goes on without it.
    if (!uplink[0] || !(fault instanceof MailboxError)) throw fault;
    if (fault.uplink < 0 ? fault.status !== 413 && fault.reason !== 'bad-body' : !fault.isFinal) throw fault;
    // Refused as a whole, by the server or by a proxy: which one is at fault shows when they go one by one.
    if (uplink[1] && fault.uplink < 0) await exchange(trip, truck, 0, load.slice(0, 1));
    else {
      trip.outbox.confirm(truck, fault.uplink);
      trip.outbox.refuse(truck, fault);
    }
    return exchange(trip, truck, wait);
  }
}
