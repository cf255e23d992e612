import { endingOf } from '../endings.js';
import { MailboxError } from '../fault.js';
import { FirstBytes, type Trip } from '../trip.js';
import type { Closing } from '../types.js';
import { takeObject } from './stream.js';

type Frame = Parameters<typeof takeObject>[1] | { uplink: number; problem?: { type: string; detail?: string } } | { pong: unknown };

/** JSON frames both ways. */
export async function websocket(trip: Trip): Promise<Closing | void> {
  trip.heard(FirstBytes);
  const socket = await trip.address.webSocket(trip.query());
  trip.signal.addEventListener('abort', () => socket.close());
  if (trip.signal.aborted) socket.close();
  const say = (frame: object) => socket.send(JSON.stringify(frame));
  return new Promise((resolve, reject) => {
    socket.onopen = () => begin(trip, say);
    socket.onmessage = ({ data }) => {
      // A page does not see the server's pings: it sends its own when it hears nothing.
      trip.heard(trip.settings.heartbeat * 1_000, () => say({ ping: 1 }));
      const closing = takeFrame(trip, JSON.parse(data) as Frame);
      if (closing) resolve(closing);
    };
    socket.onclose = ({ code }) => {
      const closing = endingOf(code);
      if (closing) resolve(closing);
      else reject(failed(trip, code));
    };
  });
}

function begin(trip: Trip, say: (frame: object) => void) {
  trip.acknowledgeBy(position => say({ ack: position }));
  const sent = new Set<number>();
  const load = () => {
    for (const { n, frame } of trip.outbox.load(0)) {
      if (!sent.has(n)) say({ uplink: { n, ...frame } });
      sent.add(n);
    }
  };
  trip.outbox.carry(load);
  load();
}

function takeFrame(trip: Trip, frame: Frame): Closing | undefined {
  if ('uplink' in frame) trip.outbox.confirm(0, frame.uplink);
  else if (!('pong' in frame)) return takeObject(trip, frame);
  return undefined;
}

// A handshake that was refused looks like any broken connection.
function failed(trip: Trip, code: number) {
  trip.address.forget();
  return new MailboxError(code === 1006 ? 'refused' : 'cut');
}
