import type { Reason } from './endings.js';

/** Whether this page can hold a connection: the network is there, and the page is neither frozen nor in the back-forward cache. */
export class Presence {
  readonly #listeners = new AbortController();
  readonly #changed: (away: Reason | null) => void;
  readonly #lookedAt: () => void;
  #frozen = false;

  /** `lookedAt`: the page came to the front, or the network changed: time has passed, and a connection may be dead. */
  constructor(changed: (away: Reason | null) => void, lookedAt: () => void) {
    this.#changed = changed;
    this.#lookedAt = lookedAt;
    this.#listen();
  }

  get away(): Reason | null {
    if (this.#frozen) return 'frozen';
    return globalThis.navigator?.onLine === false ? 'offline' : null;
  }

  end() {
    this.#listeners.abort();
  }

  #listen() {
    const { signal } = this.#listeners;
    const on = (target: EventTarget | undefined, type: string, handler: () => void) => target?.addEventListener?.(type, handler, { signal });
    const page = globalThis.window as Window | undefined;
    const document = globalThis.document as Document | undefined;
    on(page, 'online', () => this.#tell());
    on(page, 'offline', () => this.#tell());
    // An open connection keeps a page out of the back-forward cache; `pagehide` may also be the page's end.
    on(page, 'pagehide', () => this.#freeze(true));
    on(page, 'pageshow', () => this.#freeze(false));
    on(document, 'freeze', () => this.#freeze(true));
    on(document, 'resume', () => this.#freeze(false));
    on(document, 'visibilitychange', () => { if (document!.visibilityState === 'visible') this.#lookedAt(); });
  }

  #freeze(frozen: boolean) {
    if (this.#frozen === frozen) return;
    this.#frozen = frozen;
    this.#tell();
  }

  #tell() {
    this.#changed(this.away);
  }
}
