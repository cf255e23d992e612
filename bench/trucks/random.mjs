// The same arrivals in every run: mulberry32.
export function seeded(seed) {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

// Calls `act(which)` for each of `count` independently, on average `rate` times a second, for so many seconds.
export async function poisson({ count, rate, seconds, seed = 1 }, act) {
  const random = seeded(seed);
  const end = performance.now() + seconds * 1000;
  const timers = new Set();
  const plan = which => {
    const wait = -Math.log(1 - random()) / rate * 1000;
    const timer = setTimeout(() => {
      timers.delete(timer);
      act(which);
      plan(which);
    }, wait);
    timers.add(timer);
  };
  for (let which = 0; which < count; which++) plan(which);
  await new Promise(done => setTimeout(done, end - performance.now()));
  for (const timer of timers) clearTimeout(timer);
}
