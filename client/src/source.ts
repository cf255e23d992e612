import type { Reason } from './endings.js';
import type { Item } from './trip.js';
import type { Status } from './types.js';

/** What a mailbox reads from: a connection of its own, or that of all tabs. */
export interface Source {
  /** Everything up to here was handled. */
  reached(position: string): void;
  /** Brings nothing for now, e.g. because nobody takes what comes; null: goes on. */
  hold(reason: Reason | null): void;
  /** Does not wait any longer before it tries again. */
  retry(): void;
  close(): void;
}

/** Whom a source tells: what came, once and in order, and how it is. */
export interface Listener {
  item(item: Item): void;
  status(status: Status): void;
}
