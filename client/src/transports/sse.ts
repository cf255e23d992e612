import type { Trip } from '../trip.js';
import type { Closing, Gap, Message } from '../types.js';
import { openLines } from './stream.js';

interface Event {
  id: string;
  type: string;
  data?: string;
}

/** An event stream, read by `fetch`: an EventSource hides heartbeats and refusals, and cannot be told to stop waiting. */
export async function sse(trip: Trip): Promise<Closing | void> {
  let event: Event = { id: '', type: '' };
  for await (const line of await openLines(trip, 'text/event-stream')) {
    if (line) {
      readField(event, line);
      continue;
    }
    const closing = takeEvent(trip, event);
    if (closing) return closing;
    event = { id: event.id, type: '' };
  }
}

function readField(event: Event, line: string) {
  const colon = line.indexOf(':');
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  if (field === 'id') event.id = value;
  else if (field === 'event') event.type = value;
  else if (field === 'data') event.data = event.data === undefined ? value : `${event.data}\n${value}`;
}

function takeEvent(trip: Trip, { id, type, data }: Event): Closing | undefined {
  if (type === 'mailbox.closed') return JSON.parse(data!) as Closing;
  if (!id) return undefined;
  trip.take({ position: id, ...data !== undefined && contentOf(id, type, data) });
  trip.proved();
  return undefined;
}

function contentOf(position: string, type: string, data: string) {
  if (type === 'mailbox.gap') return { gap: JSON.parse(data) as Gap };
  if (type === 'mailbox.message') return { message: JSON.parse(data) as Message };
  return { message: { position, ...type && { type }, data } };
}
