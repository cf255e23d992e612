import { isAfter } from './position.js';
import type { Item } from './trip.js';

const Most = 500;

/** An item and the position before it: who has that one has missed nothing. */
export interface Linked {
  readonly prev: string | null;
  readonly item: Item;
}

/** The last items that came, for tabs that missed some. */
export class Recent {
  #items: Linked[] = [];

  get last(): string | null {
    return this.#items.at(-1)?.item.position ?? null;
  }

  add(linked: Linked) {
    if (!isAfter(linked.item.position, this.last)) return;
    this.#items.push(linked);
    if (this.#items.length > Most) this.#items.shift();
  }

  /** What came after a position; null where that is longer ago than is kept here. */
  after(position: string | null): Linked[] | null {
    const first = this.#items[0];
    if (!first || position === null || isAfter(first.prev ?? first.item.position, position)) return null;
    return this.#items.filter(({ item }) => isAfter(item.position, position));
  }
}
