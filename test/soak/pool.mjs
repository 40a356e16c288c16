/** Runs `total` cycles, at most `width` at once, in `rests` portions; between portions nothing runs. */
export async function inPortions({ total, width, rests, cycle, rest }) {
  let next = 0;
  for (let portion = 1; portion <= rests; portion += 1) {
    const end = Math.round((total * portion) / rests);
    const worker = async () => {
      while (next < end) {
        const mine = next;
        next += 1;
        await cycle(mine);
      }
    };
    await Promise.all(Array.from({ length: width }, worker));
    await rest(end);
  }
}

/** One of the entries, each as likely as its weight says. */
export function pick(random, entries) {
  let at = random() * entries.reduce((sum, { weight }) => sum + weight, 0);
  for (const entry of entries) {
    at -= entry.weight;
    if (at < 0) return entry;
  }
  return entries.at(-1);
}

/** The promise, or a rejection after `ms`. */
export function within(ms, what, promise) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
