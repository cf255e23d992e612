import { check, MailboxError } from '../fault.js';
import { type Answer, FirstBytes, itemsOf, pause, type Trip } from '../trip.js';
import type { Closing } from '../types.js';

const Shortest = 2;
/** What one answer of the server holds at most; one that is nearly so large may not have been all. */
const MostMessages = 100;
const MostBytes = 200_000;

/** Every request carries the position. */
export const byNextRequest = () => {};

/** Goes round every so many seconds. */
export async function poll(trip: Trip): Promise<Closing | void> {
  trip.acknowledgeBy(byNextRequest);
  for (;;) {
    const answer = await ask(trip, 0);
    if (answer.closed) return answer.closed;
    if (!isFull(answer)) await rest(trip);
  }
}

function isFull({ messages, bytes }: Answer) {
  return messages.length >= MostMessages || bytes! >= MostBytes;
}

async function rest(trip: Trip) {
  const milliseconds = trip.settings.every * 1_000;
  trip.heard(milliseconds + FirstBytes);
  await pause(milliseconds, trip.signal);
}

/** One request is parked at the server until there is a message. The first does not wait: it shows that the way is free. */
export async function longPoll(trip: Trip): Promise<Closing | void> {
  trip.acknowledgeBy(byNextRequest);
  const parking = new Parking(trip.settings.wait);
  for (let wait = 0; ; wait = parking.wait) {
    const answer = await parking.park(wait, () => ask(trip, wait));
    if (answer.closed) return answer.closed;
  }
}

/** How long a request may be parked before a proxy tows it: found by being towed. */
export class Parking {
  static #known = Infinity;
  readonly #allowed: number;

  constructor(allowed: number) {
    this.#allowed = allowed;
  }

  get wait() {
    return Math.max(Shortest, Math.floor(Math.min(this.#allowed, Parking.#known)));
  }

  async park<T>(wait: number, request: () => Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      const answer = await request();
      if (wait && performance.now() - from > wait * 900) Parking.#known *= 1.1;
      return answer;
    } catch (fault) {
      const seconds = (performance.now() - from) / 1_000;
      if (seconds > Shortest && seconds < wait) Parking.#known = seconds * 0.8;
      throw fault;
    }
  }
}

export async function ask(trip: Trip, wait: number): Promise<Answer> {
  trip.heard(wait * 1_000 + FirstBytes);
  const response = await trip.address.fetch('', { ...trip.query(), wait }, { headers: { Accept: 'application/json' }, signal: trip.signal });
  return readAnswer(trip, response);
}

export async function readAnswer(trip: Trip, response: Response): Promise<Answer> {
  await check(response);
  const answer = await bodyOf(response);
  answer.bytes = Number(response.headers.get('Content-Length'));
  for (const item of itemsOf(answer)) trip.take(item);
  trip.proved();
  return answer;
}

async function bodyOf(response: Response): Promise<Answer> {
  try {
    return await response.json() as Answer;
  } catch {
    throw new MailboxError(response.headers.get('Content-Type')?.includes('json') ? 'cut' : 'refused', 502);
  }
}
