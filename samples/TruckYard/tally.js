const Bars = 40;
const Longest = 10_000;
const Tolerable = 0.1;

// The numbers of a card. They are written once a frame, however much happens.
export class Tally {
  #counts = { letters: 0, words: 0, requests: 0, empty: 0, cut: 0, bytes: 0 };
  #latencies = [];
  #held = 0;
  #card;
  #fields;
  #bars;
  #frame = 0;

  constructor(card) {
    this.#card = card;
    this.#fields = Object.fromEntries([...card.querySelectorAll('[data-count]')].map(field => [field.dataset.count, field]));
    this.#bars = Array.from({ length: Bars }, () => document.createElement('i'));
    card.querySelector('.bars').append(...this.#bars);
  }

  add(name, amount = 1) {
    this.#counts[name] += amount;
    this.#frame ||= requestAnimationFrame(() => this.#show());
  }

  // How many requests are under way.
  hold(change) {
    this.#held += change;
    this.#card.dataset.held = this.#held;
  }

  letter(milliseconds) {
    this.#latencies.push(milliseconds);
    if (this.#latencies.length > Bars) this.#latencies.shift();
    this.add('letters');
  }

  #show() {
    this.#frame = 0;
    for (const [name, count] of Object.entries(this.#counts)) this.#fields[name].textContent = name === 'bytes' ? sizeOf(count) : count.toLocaleString('en');
    for (const name of ['empty', 'cut']) this.#fields[name].classList.toggle('bad', this.#counts[name] > Tolerable * this.#counts.requests);
    if (this.#latencies.length) this.#showLatency();
  }

  #showLatency() {
    const start = Bars - this.#latencies.length;
    this.#latencies.forEach((latency, at) => { this.#bars[start + at].style.height = `${heightOf(latency)}%`; });
    const median = this.#latencies.toSorted((a, b) => a - b)[this.#latencies.length >> 1];
    this.#fields.latency.value = timeOf(median);
  }
}

// Logarithmic, from one millisecond to ten seconds: a round of polling and a loopback belong into one picture.
function heightOf(milliseconds) {
  return 6 + 94 * Math.log(1 + Math.min(milliseconds, Longest)) / Math.log(1 + Longest);
}

function timeOf(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

function sizeOf(bytes) {
  if (bytes < 1e4) return `${bytes.toLocaleString('en')}`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(bytes < 1e5 ? 1 : 0)} k` : `${(bytes / 1e6).toFixed(1)} M`;
}
