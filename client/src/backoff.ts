const First = 500;
const Longest = 30_000;

/** Full jitter: anything from nothing to the bound, so that many who failed together do not come back together. */
export function delayOf(failures: number, random = Math.random): number {
  return random() * Math.min(Longest, First * 2 ** failures);
}
