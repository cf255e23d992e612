import { Meter } from './meter.js';
import { ofFrame, ofHead, ofRequest, ofText, ofUpgrade } from './sizes.js';

const NoBody = new Set([101, 204, 205, 304]);
const browserFetch = globalThis.fetch.bind(globalThis);
const BrowserSocket = globalThis.WebSocket;

// Between the client and the network: whatever asks for a watched mailbox is reported, and a proxy hangs up what is silent too long or
// loses it on the way. What it hangs up is really aborted, so the server sees the connection end.
export class Road {
  #find = () => undefined;
  #meters = new Set();
  #timeout = Infinity;
  #loss = 0;

  constructor() {
    const road = this;
    globalThis.fetch = (resource, init) => this.#fetch(resource, init);
    globalThis.WebSocket = class extends BrowserSocket {
      constructor(url, protocols) {
        super(url, protocols);
        const lane = road.#laneOf(new URL(url, location.href));
        if (lane) tunnel(road, lane, this);
      }
    };
  }

  // `find` gives the lane of a mailbox, if it has one. A lane is told `leaves(freight)` and answers with the trip.
  watch(find) {
    this.#find = find;
  }

  set({ timeout, loss }) {
    this.#loss = loss;
    if (timeout === this.#timeout) return;
    this.#timeout = timeout;
    for (const meter of this.#meters) meter.set(timeout);
  }

  get timeout() {
    return this.#timeout;
  }

  get isLossy() {
    return Math.random() < this.#loss;
  }

  meter(hangUp) {
    const meter = new Meter(this.#timeout, hangUp);
    this.#meters.add(meter);
    return meter;
  }

  forget(meter) {
    meter.stop();
    this.#meters.delete(meter);
  }

  #laneOf(url) {
    const [, first, mailbox] = url.pathname.split('/');
    return first === 'mailboxes' ? this.#find(decodeURIComponent(mailbox)) : undefined;
  }

  #fetch(resource, init) {
    const url = resource instanceof URL ? resource : null;
    const lane = url && this.#laneOf(url);
    return lane ? this.#drive(lane, url, init) : browserFetch(resource, init);
  }

  async #drive(lane, url, init) {
    const trip = lane.leaves(freightOf(url, init), ofRequest(url, init));
    // Half of the lost ones never get there, the others got there and never come back: the client cannot tell.
    const fate = this.isLossy ? Math.random() < 0.5 ? 'out' : 'home' : null;
    if (fate === 'out') throw lost(trip, fate);
    const line = new AbortController();
    init.signal?.addEventListener('abort', () => line.abort(init.signal.reason), { signal: line.signal });
    const meter = this.meter(() => line.abort(Towed));
    try {
      const credentials = lane.isApart ? 'omit' : 'same-origin';
      const response = await browserFetch(url, { ...init, signal: line.signal, credentials });
      return await this.#receive(response, { trip, fate, line, meter });
    } catch (fault) {
      this.forget(meter);
      if (fault === Towed) trip.towed();
      else if (init.signal?.aborted) trip.recalled();
      else if (fault !== Lost) trip.lost('out');
      throw new TypeError('The connection was cut.', { cause: fault });
    }
  }

  async #receive(response, journey) {
    const { trip, fate, meter } = journey;
    trip.weighs(ofHead(response));
    if (response.headers.get('Content-Type')?.startsWith('text/event-stream')) return this.#unroll(response, journey);
    const text = await response.text();
    this.forget(meter);
    if (fate) throw lost(trip, fate);
    trip.home(lettersIn(text), ofText(text));
    return new Response(NoBody.has(response.status) ? null : text, response);
  }

  // A body that goes on: each piece of it resets the meter, and may be the one that never comes.
  #unroll(response, { trip, line, meter }) {
    const reader = response.body.getReader();
    trip.unrolls();
    const end = (tell, fault) => {
      this.forget(meter);
      tell();
      line.abort(fault);
    };
    const pull = async controller => {
      try {
        const { done, value } = await reader.read();
        if (done) {
          end(() => trip.recalled());
          controller.close();
        } else if (this.isLossy) {
          end(() => trip.lost('home'), Lost);
          controller.error(new TypeError('The connection was cut.'));
        } else {
          meter.heard();
          trip.heard(value.length);
          controller.enqueue(value);
        }
      } catch (fault) {
        end(() => fault === Towed ? trip.towed() : trip.recalled());
        controller.error(new TypeError('The connection was cut.'));
      }
    };
    return new Response(new ReadableStream({ pull, cancel: () => end(() => trip.recalled()) }, { highWaterMark: 0 }), response);
  }
}

const Towed = new Error('towed');
const Lost = new Error('lost');

function lost(trip, where) {
  trip.lost(where);
  return Lost;
}

function freightOf(url, { headers, body } = {}) {
  const route = url.pathname.split('/')[3];
  if (route === 'ack') return { isReceipt: true, letters: 0 };
  if (route === 'uplink') return { letters: 1 };
  if (route === 'exchange') {
    const { uplink, wait } = JSON.parse(body);
    return { letters: uplink?.length ?? 0, wait };
  }
  return { letters: 0, wait: headers?.Accept === 'text/event-stream' ? Infinity : Number(url.searchParams.get('wait')) };
}

function lettersIn(text) {
  try {
    return JSON.parse(text).messages?.length ?? 0;
  } catch {
    return 0;
  }
}

// The client listens by `onmessage` and `onclose`, so a cut is what it hears on the latter.
function tunnel(road, lane, socket) {
  const trip = lane.leaves({ letters: 0, wait: Infinity }, ofUpgrade(new URL(socket.url.replace(/^ws/, 'http'))));
  const cut = tell => {
    const { onclose } = socket;
    socket.onclose = socket.onmessage = null;
    end(tell);
    socket.close();
    onclose?.call(socket, new CloseEvent('close', { code: 1006 }));
  };
  const end = tell => {
    road.forget(meter);
    tell();
  };
  const meter = road.meter(() => cut(() => trip.towed()));
  const passes = bytes => {
    meter.heard();
    trip.heard(bytes);
  };
  socket.addEventListener('open', () => trip.unrolls());
  socket.addEventListener('message', event => {
    if (!road.isLossy) return passes(ofFrame(event.data, false));
    event.stopImmediatePropagation();
    cut(() => trip.lost('home'));
  });
  socket.addEventListener('close', () => end(() => trip.recalled()));
  socket.send = text => {
    if (socket.readyState !== BrowserSocket.OPEN) return;
    const frame = JSON.parse(text);
    passes(ofFrame(text, true));
    if (frame.uplink) trip.says();
    if (frame.ack) trip.signs();
    BrowserSocket.prototype.send.call(socket, text);
  };
}
