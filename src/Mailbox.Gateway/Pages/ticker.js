const Points = 30;
const Width = 120;
const Height = 32;
const Svg = 'http://www.w3.org/2000/svg';

export class Ticker {
  #list = document.querySelector('#prices');
  #rows = new Map();

  price(data) {
    const { symbol, price } = Object(data);
    if (typeof symbol !== 'string' || typeof price !== 'number') return;
    const row = this.#rows.get(symbol) ?? this.#add(symbol);
    row.history.push(price);
    if (row.history.length > Points) row.history.shift();
    show(row);
  }

  #add(symbol) {
    const row = { history: [], item: document.createElement('li'), line: drawing('polyline'), dot: drawing('circle') };
    row.price = part('span', 'price');
    row.change = part('span', 'change');
    row.item.dataset.symbol = symbol;
    row.item.append(part('span', 'symbol', symbol), sparkline(row), row.price, row.change);
    this.#rows.set(symbol, row);
    document.querySelector('#no-prices').hidden = true;
    this.#list.append(row.item);
    return row;
  }
}

function show({ history, item, price, change, line, dot }) {
  const now = history.at(-1);
  const percent = (now / history[0] - 1) * 100;
  price.textContent = now.toFixed(2);
  // The arrow says the same as the colour.
  change.textContent = `${percent < 0 ? '▼' : '▲'} ${Math.abs(percent).toFixed(2)} %`;
  item.dataset.trend = percent < 0 ? 'down' : 'up';
  const points = curve(history);
  line.setAttribute('points', points.map(point => point.join()).join(' '));
  const [x, y] = points.at(-1);
  dot.setAttribute('cx', x);
  dot.setAttribute('cy', y);
}

function curve(history) {
  const low = Math.min(...history);
  const span = Math.max(...history) - low || 1;
  const step = (Width - 8) / (Points - 1);
  const start = Width - 4 - (history.length - 1) * step;
  return history.map((price, at) => [round(start + at * step), round(Height - 4 - (price - low) / span * (Height - 8))]);
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function sparkline({ line, dot }) {
  const svg = drawing('svg');
  svg.setAttribute('viewBox', `0 0 ${Width} ${Height}`);
  svg.setAttribute('class', 'sparkline');
  svg.setAttribute('aria-hidden', 'true');
  dot.setAttribute('r', 2.5);
  svg.append(line, dot);
  return svg;
}

function drawing(name) {
  return document.createElementNS(Svg, name);
}

function part(element, name, text = '') {
  const node = document.createElement(element);
  node.className = name;
  node.textContent = text;
  return node;
}
