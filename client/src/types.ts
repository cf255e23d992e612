import type { Reason } from './endings.js';

/** A letter. `data` is what was delivered: a JSON value, a text, or base64 where `encoding` says so. With `sse` it is always text. */
export interface Message {
  readonly position: string;
  readonly type?: string;
  readonly contentType?: string;
  readonly at?: string;
  readonly group?: string;
  readonly topic?: string;
  readonly encoding?: 'base64';
  readonly data: unknown;
}

/** Messages that this reader will not get: those after `from` up to `to`, and why. */
export interface Gap {
  readonly from: string;
  readonly to: string;
  readonly reason: 'overflow' | 'ttl' | 'acknowledged' | 'lost' | 'epoch';
}

/** What the server says when it ends a connection. */
export interface Closing {
  readonly reason: string;
  readonly reconnect: boolean;
  /** Seconds to wait at least. */
  readonly after: number;
}

export type Strategy =
  | 'auto' | 'websocket' | 'stream' | 'sse' | 'long-poll' | 'slow-and-fast' | 'ping-pong' | 'fleet' | 'poll';

export type State = 'connecting' | 'open' | 'waiting' | 'closed';

export interface Status {
  readonly state: State;
  /** Why: an ending of the server, a problem's name, or one of the client's own words. */
  readonly reason: Reason | (string & {});
  /** What carries the messages; in `auto` it changes. */
  readonly transport: Strategy;
}

export type Ticket = string | (() => string | Promise<string>);

export interface OpenOptions {
  /** Shown to the server; a function is asked again when the server refuses the one before. */
  ticket?: Ticket;
  /** Where to begin: a position, or without one `unread` (default), `oldest` or `now`. */
  from?: 'unread' | 'oldest' | 'now' | (string & {});
  /** Default `auto`. */
  transport?: Strategy;
  /** Told of messages that this reader will not get. The same as the event `gap`. */
  onGap?: (gap: Gap) => void;
  /** `auto` (default) acknowledges what was handled, in batches; `manual` leaves it to `ack()`. */
  ack?: 'auto' | 'manual';
  /** One connection for all tabs of this origin (default, where the browser can); `false` opens one for this tab. */
  share?: boolean;
  /** Keeps the position in `sessionStorage`: a reloaded page goes on where it was. Default false. */
  remember?: boolean;
  /** Who else may hold the mailbox: default `share`. */
  conflict?: 'share' | 'takeover' | 'reject';
  /** Seconds the mailbox lives unread; default is the server's. */
  idle?: number;
  /** Seconds between the server's heartbeats, where they were configured: default 15. */
  heartbeat?: number;
  /** Seconds that a parked request waits: default 25. */
  wait?: number;
  /** Seconds between the requests of `poll`: default 5. */
  every?: number;
  /** The most requests that `fleet` parks: default 4. */
  trucks?: number;
}
