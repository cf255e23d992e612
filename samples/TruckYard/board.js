const Rates = [0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50];
const Talks = [0, 0.1, 0.2, 0.5, 1, 2];
const Timeouts = [3, 5, 8, 10, 15, 30, 60, Infinity];
const Losses = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3];

const sliders = {
  rate: { label: 'Letters', values: Rates, text: perSecond },
  talk: { label: 'Words', values: Talks, text: perSecond },
  timeout: { label: 'Proxy’s time-out', values: Timeouts, text: value => value === Infinity ? 'never' : `${value} s` },
  loss: { label: 'Loss', values: Losses, text: value => value ? `${Math.round(value * 100)} %` : 'none' },
};

const days = [
  ['A normal day', { rate: 1, talk: 0.2, timeout: 30, loss: 0 }, 'What waits at the depot is home at once. Polling is late by half a round.'],
  ['Quiet', { rate: 0.1, talk: 0, timeout: 30, loss: 0 }, 'Polls come home empty. The others just wait, and that costs nothing.'],
  ['Rush hour', { rate: 20, talk: 1, timeout: 30, loss: 0 }, 'A poll brings many letters together: the cheapest now, and the latest. Belts just run.'],
  ['A strict proxy', { rate: 0.2, talk: 0.1, timeout: 5, loss: 0 }, 'Who waits too long is towed, learns from it how long to park, and loses nothing.'],
  ['Bad roads', { rate: 1, talk: 0.2, timeout: 10, loss: 0.2 }, 'Trucks end in the ditch. The next one knows how far the last one came: nothing is lost.'],
];

const Address = new URLSearchParams(location.search);

// The sliders, the days that set them, and what a reader is told.
export class Board {
  onChange = () => {};
  #values = Object.fromEntries(Object.keys(sliders).map(name => [name, chosen(name)]));
  #inputs = {};
  #isPaused = false;
  #sentence = document.querySelector('#sentence');

  constructor() {
    for (const name of Object.keys(sliders)) this.#addSlider(name);
    for (const day of days) this.#addDay(day);
    this.#show();
    document.querySelector('#pause').addEventListener('click', event => this.#pause(event.currentTarget));
  }

  get settings() {
    return { ...this.#values, rate: this.#isPaused ? 0 : this.#values.rate, talk: this.#isPaused ? 0 : this.#values.talk };
  }

  say(text) {
    this.#sentence.textContent = text;
  }

  greet() {
    this.say(this.#day()?.[2] ?? 'Move a slider, and watch who copes.');
  }

  #addSlider(name) {
    const { label, values } = sliders[name];
    const field = document.createElement('label');
    const input = document.createElement('input');
    Object.assign(input, { type: 'range', id: name, min: 0, max: values.length - 1, step: 1 });
    // Else it would name the output, which can be labelled too.
    field.htmlFor = name;
    field.append(part('span', label), part('output'), input);
    input.addEventListener('input', () => this.#choose({ [name]: values[input.value] }));
    this.#inputs[name] = input;
    document.querySelector('#sliders').append(field);
  }

  #addDay([name, settings]) {
    const button = part('button', name);
    button.type = 'button';
    button.addEventListener('click', () => this.#choose(settings));
    document.querySelector('#days').append(button);
  }

  #choose(settings) {
    Object.assign(this.#values, settings);
    this.#show();
    this.greet();
    this.onChange();
  }

  #show() {
    for (const [name, { values, text }] of Object.entries(sliders)) {
      const input = this.#inputs[name];
      const value = this.#values[name];
      input.value = values.indexOf(value);
      input.previousElementSibling.value = text(value);
      input.setAttribute('aria-valuetext', text(value));
    }
    const today = days.indexOf(this.#day());
    [...document.querySelector('#days').children].forEach((button, at) => button.setAttribute('aria-pressed', at === today));
  }

  #day() {
    return days.find(([, settings]) => Object.entries(settings).every(([name, value]) => this.#values[name] === value));
  }

  #pause(button) {
    this.#isPaused = !this.#isPaused;
    button.setAttribute('aria-pressed', this.#isPaused);
    button.textContent = this.#isPaused ? 'Go on' : 'Pause';
    this.onChange();
  }
}

// The address may say how the page begins: /trucks?rate=20&timeout=5
function chosen(name) {
  const { values } = sliders[name];
  const asked = Address.has(name) ? Number(Address.get(name)) : NaN;
  return values.includes(asked) ? asked : days[0][1][name];
}

function perSecond(value) {
  if (!value) return 'none';
  return value < 1 ? `one in ${Math.round(1 / value)} s` : `${value} a second`;
}

function part(element, text = '') {
  const node = document.createElement(element);
  node.textContent = text;
  return node;
}
