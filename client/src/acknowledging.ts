import type { Address } from './address.js';
import { isAfter } from './position.js';

const Batch = 1_000;

/** How far the reader has handled its messages, told to the server in batches. */
export class Acknowledging {
  readonly #address: Address;
  #position: string | null;
  #told: string | null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #send: ((position: string) => void) | null = null;

  constructor(address: Address, position: string | null) {
    this.#address = address;
    this.#position = this.#told = position;
  }

  /** Where a connection goes on. */
  get position() {
    return this.#position;
  }

  /** Where the reader began: what is before it is not its own. */
  begin(position: string) {
    this.#position ??= this.#told = position;
  }

  reached(position: string) {
    if (!isAfter(position, this.#position)) return;
    this.#position = position;
    this.#timer ??= setTimeout(() => this.#tell(), Batch);
  }

  /** How the connection that is there acknowledges; null: by a request. */
  by(send: ((position: string) => void) | null) {
    this.#send = send;
  }

  end() {
    clearTimeout(this.#timer);
    this.#send = null;
    this.#tell();
  }

  #tell() {
    this.#timer = undefined;
    const position = this.#position;
    if (!position || position === this.#told) return;
    this.#told = position;
    if (this.#send) this.#send(position);
    // Where it fails, the next opening says the same by its position.
    else this.#address.fetch('/ack', { position }, { method: 'POST', keepalive: true }).catch(() => {});
  }
}
