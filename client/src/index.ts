import { isPossible } from './ladder.js';
import { Mailbox } from './mailbox.js';
import { transports } from './transports/all.js';
import type { OpenOptions, Strategy } from './types.js';

/**
 * Opens the mailbox `name` of the gateway at `url`. Messages wait until somebody iterates or listens. Throws a `TypeError` where
 * `transport` is none, or cannot be had in this runtime.
 */
export function open(url: string | URL, name: string, options?: OpenOptions): Mailbox {
  check(options?.transport ?? 'auto');
  return new Mailbox(url, name, options);
}

// What can never work looks like a network that is away, and would be tried for ever.
function check(transport: Strategy) {
  if (transport !== 'auto' && !Object.hasOwn(transports, transport)) throw new TypeError(`transport: '${transport}' is no strategy.`);
  if (!isPossible(transport)) throw new TypeError('transport: there is no WebSocket here.');
}

export { MailboxError } from './fault.js';
export type { Mailbox, MailboxEvents } from './mailbox.js';
export type { Closing, Gap, Message, OpenOptions, State, Status, Strategy, Ticket } from './types.js';
