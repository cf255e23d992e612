// The proxy's patience with one connection: it ends when nothing was heard for so long.
export class Meter {
  #ended;
  #heardAt = performance.now();
  #timer = 0;

  constructor(seconds, ended) {
    this.#ended = ended;
    this.set(seconds);
  }

  // Longer or shorter from now on; what was silent too long already is ended.
  set(seconds) {
    this.seconds = seconds;
    clearTimeout(this.#timer);
    if (seconds !== Infinity) this.#timer = setTimeout(this.#ended, this.#heardAt + seconds * 1000 - performance.now());
  }

  heard() {
    this.#heardAt = performance.now();
    this.set(this.seconds);
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
