import type { Transport } from '../trip.js';
import type { Strategy } from '../types.js';
import { longPoll, poll } from './poll.js';
import { sse } from './sse.js';
import { stream } from './stream.js';

export const transports = {
  stream,
  sse,
  'long-poll': longPoll,
  'slow-and-fast': longPoll,
  poll,
} as Record<Strategy, Transport>;
