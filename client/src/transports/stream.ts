import { check, MailboxError } from '../fault.js';
import { linesOf } from '../lines.js';
import { FirstBytes, silenceOf, type Trip } from '../trip.js';
import type { Closing, Gap, Message } from '../types.js';

type Line = { position: string } | Message | { gap: Gap } | { closed: Closing };

/** One response that never ends: a JSON object a line, an empty line as heartbeat. */
export async function stream(trip: Trip): Promise<Closing | void> {
  for await (const line of await openLines(trip, 'application/x-ndjson')) {
    if (!line.trim()) continue;
    const closing = takeObject(trip, JSON.parse(line) as Line);
    if (closing) return closing;
  }
}

/** The lines of a held response. Silence ends it; so does an answer that is not the server's. */
export async function openLines(trip: Trip, type: string): Promise<AsyncGenerator<string>> {
  trip.heard(FirstBytes);
  const response = await trip.address.fetch('', trip.query(), { headers: { Accept: type }, signal: trip.signal });
  await check(response);
  if (!response.headers.get('Content-Type')?.startsWith(type)) throw new MailboxError('refused', 502);
  return linesOf(response.body!, () => trip.heard(silenceOf(trip)));
}

/** What a line or a frame says, on every transport that carries JSON. */
export function takeObject(trip: Trip, line: Line): Closing | undefined {
  if ('closed' in line) return line.closed;
  if ('gap' in line) trip.take({ position: line.gap.to, gap: line.gap });
  else trip.take('data' in line ? { position: line.position, message: line } : line);
  trip.proved();
  return undefined;
}
