import type { Transport } from '../trip.js';
import type { Strategy } from '../types.js';
import { fleet, pingPong } from './exchange.js';
import { longPoll, poll } from './poll.js';
import { sse } from './sse.js';
import { stream } from './stream.js';
import { websocket } from './websocket.js';

/** All but `auto`, which chooses among them. With `slow-and-fast` uplinks go beside the parked request, as with every transport that carries none. */
export const transports: Record<Exclude<Strategy, 'auto'>, Transport> = {
  websocket,
  stream,
  sse,
  'long-poll': longPoll,
  'slow-and-fast': longPoll,
  'ping-pong': pingPong,
  fleet,
  poll,
};
