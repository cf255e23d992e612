import type { Address, Query } from './address.js';
import { type Answer, type Item, itemsOf } from './trip.js';

/** Reads by polls until nothing is left: what this tab missed, beside the connection of all tabs. */
export async function catchUp(address: Address, place: () => Query, take: (item: Item) => void): Promise<void> {
  for (;;) {
    const response = await address.request('', { ...place(), wait: 0 }, { headers: { Accept: 'application/json' } });
    const answer = await response.json() as Answer;
    itemsOf(answer).forEach(take);
    if (!answer.messages?.length && !answer.gap) return;
  }
}
