import { endingOf } from '../endings.js';
import { MailboxError, type Problem, problemOf } from '../fault.js';
import { FirstBytes, type Trip } from '../trip.js';
import type { Closing } from '../types.js';
import { takeObject } from './stream.js';

interface Receipt {
  uplink: number;
  refused?: { n: number; problem: Problem };
}

type Frame = Parameters<typeof takeObject>[1] | Receipt | { pong: unknown };

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
      try {
        const closing = takeFrame(trip, JSON.parse(data) as Frame);
        if (closing) resolve(closing);
      } catch (fault) {
        reject(fault);
      }
    };
    socket.onclose = ({ code }) => {
      const closing = endingOf(code);
      if (closing) resolve(closing);
      else reject(failed(trip, code));
    };
  });
}

// One uplink after the other: one that the server refuses for a while must not be overtaken by the next.
function begin(trip: Trip, say: (frame: object) => void) {
  trip.acknowledgeBy(position => say({ ack: position }));
  let last = 0;
  const load = () => {
    const [uplink] = trip.outbox.load(0, 1);
    if (uplink && uplink.n > last) say({ uplink: { n: last = uplink.n, ...uplink.frame } });
  };
  trip.outbox.carry(load);
  load();
}

function takeFrame(trip: Trip, frame: Frame): Closing | undefined {
  if ('uplink' in frame) takeReceipt(trip, frame);
  else if (!('pong' in frame)) return takeObject(trip, frame);
  return undefined;
}

function takeReceipt({ outbox }: Trip, { uplink, refused }: Receipt) {
  if (refused) {
    const fault = problemOf(refused.problem);
    if (!fault.isFinal) throw fault;
    outbox.refuse(0, fault);
  }
  outbox.confirm(0, uplink);
  outbox.carryOn();
}

// A handshake that was refused looks like any broken connection.
function failed(trip: Trip, code: number) {
  trip.address.forget();
  return new MailboxError(code === 1006 ? 'refused' : 'cut');
}
