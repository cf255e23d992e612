import { Mailbox } from './mailbox.js';
import type { OpenOptions } from './types.js';

/** Opens the mailbox `name` of the gateway at `url`. Messages wait until somebody iterates or listens. */
export function open(url: string | URL, name: string, options?: OpenOptions): Mailbox {
  return new Mailbox(url, name, options);
}

export { MailboxError } from './fault.js';
export type { Mailbox, MailboxEvents } from './mailbox.js';
export type { Closing, Gap, Message, OpenOptions, State, Status, Strategy, Ticket } from './types.js';
