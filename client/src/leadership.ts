/** A lock that one tab of an origin has. The browser gives it to the next when the tab ends, however it ends. */
export class Leadership {
  readonly #name: string;
  readonly #lead: () => void;
  readonly #lose: () => void;
  #seeking = new AbortController();
  #release: (() => void) | null = null;

  constructor(name: string, lead: () => void, lose: () => void) {
    this.#name = name;
    this.#lead = lead;
    this.#lose = lose;
  }

  static get isPossible() {
    return Boolean(globalThis.BroadcastChannel && globalThis.navigator?.locks);
  }

  seek() {
    this.#seeking = new AbortController();
    void this.#hold({ signal: this.#seeking.signal });
  }

  /** Takes the lock away from a tab that does not answer: it may be stopped, or be at one task for long. */
  seize() {
    this.#seeking.abort();
    void this.#hold({ steal: true });
  }

  give() {
    this.#seeking.abort();
    this.#release?.();
    this.#release = null;
  }

  async #hold(how: LockOptions) {
    let released = false;
    try {
      await navigator.locks.request(this.#name, how, () => new Promise<void>(release => {
        this.#release = () => {
          released = true;
          release();
        };
        this.#lead();
      }));
    } catch {
      // Given up before it was had, or taken away.
    }
    if (released || !this.#release) return;
    this.#release = null;
    this.#lose();
    this.seek();
  }
}
