const LaneHeight = 'var(--lane)';
const BayWidth = 'var(--bay)';
export const stands = matchMedia('(prefers-reduced-motion: reduce)');
const Glance = 700;

// A request as it is seen: out on the upper lane, parked in a bay, home on the lower one. What happens faster than it drives waits until
// it has arrived.
export class Truck {
  node = document.createElement('div');
  isOut = true;
  #at = 'translate(0, 0)';
  #way;
  #timeout;
  #meter;
  #goes = () => {};

  constructor({ freight, bay, way, timeout }) {
    this.bay = bay;
    this.#way = way;
    this.#timeout = timeout;
    this.gone = new Promise(done => { this.#goes = done; });
    this.node.className = 'truck';
    this.node.innerHTML = `<div class="hull"><svg class="drawing"><use href="#${freight.isReceipt ? 'scooter' : 'truck'}"></use></svg>`
      + '<svg class="freight"><use href="#box"></use></svg><b></b><em></em>'
      + '<svg class="meter" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.5"></circle><circle class="used" cx="6" cy="6" r="4.5" pathLength="100"></circle></svg></div>';
    this.#load(freight.letters, 'up');
  }

  out() {
    this.arrived = this.#drive(`translate(${this.#bay}, 0)`, this.#way, 'ease-in-out');
    this.arrived.then(() => { if (this.isOut) this.watch(); });
  }

  // The meter begins again: something was heard, or the proxy has another patience now.
  watch(timeout = this.#timeout) {
    this.#timeout = timeout;
    this.#meter?.cancel();
    this.node.classList.toggle('metered', this.isOut && timeout !== Infinity);
    if (timeout === Infinity) return;
    const used = this.node.querySelector('.used');
    this.#meter = used.animate([{ strokeDashoffset: 100 }, { strokeDashoffset: 0 }], { duration: timeout * 1000, fill: 'forwards' });
  }

  async home(letters) {
    this.#leaveBay();
    await this.arrived;
    this.#load(letters, 'down');
    this.node.classList.add('homebound');
    await this.#drive(`translate(${this.#bay}, ${LaneHeight})`, this.#way / 5, 'ease-in');
    await this.#drive(`translate(0, ${LaneHeight})`, this.#way, 'ease-in-out');
    this.remove();
  }

  async tow() {
    this.#leaveBay();
    await this.arrived;
    this.#tell('towed');
    await this.#drive(`translate(${this.#bay}, -4px) rotate(-11deg)`, Glance / 2, 'ease-out');
    await this.#drive(`translate(calc(${this.#bay} - 34%), calc(-1.4 * ${LaneHeight})) rotate(-11deg)`, Glance * 1.6, 'ease-in', 0);
    this.remove();
  }

  async lose(where) {
    const isHomebound = where === 'home';
    this.#leaveBay();
    if (isHomebound) {
      await this.arrived;
      this.node.classList.add('homebound');
      await this.#drive(`translate(100%, ${LaneHeight})`, this.#way / 5, 'ease-in');
    }
    const y = isHomebound ? LaneHeight : '0px';
    await this.#drive(`translate(48%, ${y})`, this.#way / 2, 'ease-in');
    this.#tell('lost');
    await this.#drive(`translate(46%, calc(${y} + .5rem)) rotate(${isHomebound ? -28 : 28}deg)`, Glance / 3, 'ease-out');
    await this.#drive(this.#at, Glance * 1.3, 'linear', 0);
    this.remove();
  }

  remove() {
    this.isOut = false;
    this.node.remove();
    this.#goes();
  }

  // The bay is free as soon as the request is over: the next one comes while this one still turns.
  #leaveBay() {
    this.isOut = false;
    this.#meter?.cancel();
    this.node.classList.remove('metered');
  }

  #tell(fate) {
    this.node.classList.add(fate);
    this.node.querySelector('em').textContent = fate;
  }

  #load(letters, way) {
    this.node.classList.toggle('loaded', letters > 0);
    this.node.classList.toggle('down', way === 'down');
    this.node.querySelector('b').textContent = letters > 1 ? letters : '';
  }

  get #bay() {
    return `calc(100% - ${this.bay} * ${BayWidth})`;
  }

  // Who asked for less motion sees it stand where it would have driven to.
  async #drive(to, milliseconds, easing, opacity = 1) {
    const from = this.#at;
    this.#at = to;
    this.node.style.transform = to;
    const begins = stands.matches ? to : from;
    const duration = stands.matches ? Math.min(milliseconds, Glance / 2) : milliseconds;
    await this.node.animate([{ transform: begins, opacity: 1 }, { transform: to, opacity }], { duration, easing }).finished.catch(() => {});
  }
}
