import type { Address, Query } from './address.js';
import type { Outbox } from './outbox.js';
import type { Closing, Gap, Message } from './types.js';

/** What a connection brings: a message, a gap, or only how far the reader is. */
export interface Item {
  readonly position: string;
  readonly message?: Message;
  readonly gap?: Gap;
}

/** The answer to a poll or an exchange. */
export interface Answer {
  readonly position: string;
  readonly messages: Message[];
  readonly gap?: Gap;
  readonly closed?: Closing;
  readonly uplink?: number;
  /** How large it was; 0 where a proxy does not tell. */
  bytes?: number;
}

export interface Settings {
  readonly heartbeat: number;
  readonly wait: number;
  readonly every: number;
  readonly trucks: number;
}

/** One connection's life, as its transport sees it. Whatever comes goes to `take`; how to open is in `query`. */
export interface Trip {
  readonly address: Address;
  readonly settings: Settings;
  readonly outbox: Outbox;
  /** Aborted when the connection is given up; its reason says why. */
  readonly signal: AbortSignal;
  /** Where to go on, or where to begin. */
  place(): Query;
  query(): Query;
  /** Something came: the next must come within so many milliseconds; else the connection is probed where that can be, and ended. */
  heard(within: number, probe?: () => void): void;
  /** The way works from end to end. */
  proved(): void;
  take(item: Item): void;
  /** How this connection acknowledges, where it needs no request for it. */
  acknowledgeBy(send: (position: string) => void): void;
}

/** Lives as long as its connection. Returns what the server said at the end, if it said something; throws what broke it. */
export type Transport = (trip: Trip) => Promise<Closing | void>;

/** The first bytes of a stream must be here by then: a proxy that buffers lets nothing through. */
export const FirstBytes = 4_000;

/** How long a request waits for an answer that is not there yet, by default. */
export const ParkedSeconds = 25;

/** How long a connection may be silent: a missed heartbeat, and the time that another one takes on a bad day. */
export function silenceOf(trip: Trip): number {
  return trip.settings.heartbeat * 2_300;
}

export function itemsOf({ gap, messages, position }: Answer): Item[] {
  return [...gap ? [{ position: gap.to, gap }] : [], ...messages.map(message => ({ position: message.position, message })), { position }];
}

export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', failed, { once: true });
    function done() {
      signal.removeEventListener('abort', failed);
      resolve();
    }
    function failed() {
      clearTimeout(timer);
      reject(signal.reason);
    }
    if (signal.aborted) failed();
  });
}
