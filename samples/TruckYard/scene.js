import { stands, Truck } from './truck.js';

const MostTrucks = 9;
const MostOnBelt = 14;
const Slowest = 900;
const Fastest = 320;
const Bays = 3;

// The picture of a lane: a road from the browser to the depot, what drives on it, and the belts that are laid over it.
export class Scene {
  #place;
  #lorries;
  #belts;
  #trucks = new Set();
  #road;
  #way = Slowest;

  constructor(place, belts, road) {
    this.#place = place;
    this.#lorries = place.querySelector('.lorries');
    this.#road = road;
    this.#belts = { up: belts === 'both', down: Boolean(belts) };
  }

  // The more letters, the faster they drive: else the road would be full of the past.
  pace(rate) {
    this.#way = Math.max(Fastest, Math.min(Slowest, Slowest / Math.sqrt(Math.max(rate, 1) / 1.5)));
  }

  watch(timeout) {
    this.#place.classList.toggle('guarded', timeout !== Infinity);
    for (const truck of this.#trucks) truck.watch(timeout);
  }

  // Null where the road is full: then a trip is only counted.
  send(freight) {
    if (document.hidden || this.#trucks.size >= MostTrucks) return null;
    const taken = new Set([...this.#trucks].filter(truck => truck.isOut).map(truck => truck.bay));
    const bay = Array.from({ length: Bays }, (_, at) => at).find(at => !taken.has(at)) ?? 0;
    const truck = new Truck({ freight, bay, way: this.#way, timeout: this.#road.timeout });
    this.#trucks.add(truck);
    truck.gone.then(() => this.#trucks.delete(truck));
    this.#lorries.append(truck.node);
    truck.out();
    return truck;
  }

  async unroll(truck) {
    await truck?.arrived;
    for (const [name, isLaid] of Object.entries(this.#belts)) if (isLaid) this.#belt(name).classList.add('laid');
  }

  rollUp() {
    for (const name of Object.keys(this.#belts)) this.#belt(name).classList.remove('laid');
  }

  slide(way, kind) {
    const belt = this.#belt(way);
    if (document.hidden || belt.childElementCount >= MostOnBelt) return;
    const ride = document.createElement('span');
    ride.className = `ride ${kind}`;
    ride.innerHTML = kind === 'letter' ? '<svg><use href="#box"></use></svg>' : '';
    belt.append(ride);
    ride.animate(framesOf(way), { duration: this.#way * 1.2, easing: 'linear' }).finished.then(() => ride.remove(), () => {});
  }

  clear() {
    for (const truck of this.#trucks) truck.remove();
    this.#trucks.clear();
    this.rollUp();
  }

  #belt(name) {
    return this.#place.querySelector(`.belt.${name}`);
  }
}

function framesOf(way) {
  if (stands.matches) return [{ transform: 'translateX(45%)', opacity: 1 }, { transform: 'translateX(45%)', opacity: 0 }];
  const [from, to] = way === 'up' ? ['0%', '100%'] : ['100%', '0%'];
  return [{ transform: `translateX(${from})` }, { transform: `translateX(${to})` }];
}
