import type { Strategy } from './types.js';

type Carrier = Exclude<Strategy, 'auto'>;

const Rungs = ['websocket', 'stream', 'long-poll', 'poll'] as const satisfies Carrier[];
const Kept = 'mailbox.transport';
const FirstClimb = 60_000;
const LongestClimb = 3_600_000;
const ShortLife = 10_000;
const ShortLives = 3;
const Patience = 4;

/**
 * Which transport `auto` tries next. A rung that fails is blamed only when a lower one proves itself: a server that is away fails on all.
 * What was proved is remembered for the next page; from time to time a higher one gets another chance.
 */
export class Ladder {
  readonly #rungs: readonly Carrier[];
  #home: number;
  #at: number;
  #shortLives = 0;
  #climbAfter = FirstClimb;
  #climbAt = 0;

  constructor(strategy: Strategy, rungs: readonly Carrier[] = Rungs) {
    this.#rungs = strategy === 'auto' ? rungs.filter(isPossible) : [strategy];
    this.#home = Math.max(0, this.#rungs.indexOf(read()));
    this.#at = this.#home;
    this.#planClimb();
  }

  get transport(): Carrier {
    return this.#rungs[this.#at]!;
  }

  /** When to try a better one; null on the best. */
  get climbIn(): number | null {
    return this.#at ? Math.max(0, this.#climbAt - performance.now()) : null;
  }

  proved() {
    if (this.#at === this.#home) return;
    this.#home = this.#at;
    this.#planClimb();
    write(this.transport);
  }

  /** A proved connection ended without a word. A proxy that cuts every one soon is no way for a stream. */
  cut(lived: number) {
    this.#shortLives = lived < ShortLife ? this.#shortLives + 1 : 0;
    if (this.#shortLives < ShortLives) return;
    this.#shortLives = 0;
    this.#down();
  }

  /** An attempt failed before it brought anything. `unreachable`: by the look of it nobody is there, whatever the transport. */
  failed(unreachable: boolean, failures: number) {
    if (!unreachable || failures % Patience === 0) this.#down();
    else this.#at = this.#home;
  }

  climb() {
    this.#climbAfter = Math.min(LongestClimb, this.#climbAfter * 2);
    this.#planClimb();
    this.#at = Math.max(0, this.#at - 1);
  }

  #down() {
    this.#at = this.#at + 1 < this.#rungs.length ? this.#at + 1 : this.#home;
  }

  #planClimb() {
    this.#climbAt = performance.now() + this.#climbAfter * (0.5 + Math.random());
  }
}

/** Whether this runtime has what it takes; Node has a WebSocket from 22 on. */
export function isPossible(strategy: Strategy) {
  return strategy !== 'websocket' || Boolean(globalThis.WebSocket);
}

// A browser may refuse storage; then every page finds out for itself.
function read(): Carrier {
  try {
    return localStorage.getItem(Kept) as Carrier;
  } catch {
    return Rungs[0];
  }
}

function write(strategy: Carrier) {
  try {
    localStorage.setItem(Kept, strategy);
  } catch {
    // As above.
  }
}
