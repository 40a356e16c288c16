const WINDOW_MS = 600_000;
/** Failed sign-ins in ten minutes: of one address, for one account, of one browser that has signed in to it before. */
const LIMITS = { address: 40, account: 10, device: 10 } as const;
const MOST_KEYS = 20_000;

/** Where an attempt counts. */
export interface Attempt {
  /** Network of the peer. */
  readonly address: string;
  /** Whose account it is for, lower case, whether there is one or not; null when that is not known yet. */
  readonly account: string | null;
  /** Set when the browser has proven that it was signed in to this account before. */
  readonly device: string | null;
}

/**
 * Bounds guessing. A browser that has been signed in to an account before counts by itself, so that whoever floods the account from elsewhere does not
 * keep its owner out. An attempt counts from its begin, and is given back when it succeeds: guesses at the same moment are no loophole.
 */
export class Attempts {
  readonly #failed = new Map<string, { readonly since: number; count: number }>();

  /** @param now milliseconds @returns 0, or how long to wait, in milliseconds */
  begin(attempt: Attempt, now: number): number {
    const keys = keysOf(attempt);
    const waits = keys.map(([key, limit]) => {
      const entry = this.#entry(key, now);
      return entry !== undefined && entry.count >= limit ? Math.max(1, entry.since + WINDOW_MS - now) : 0;
    });
    const wait = Math.max(...waits);
    if (wait > 0) return wait;
    for (const [key] of keys) {
      const entry = this.#entry(key, now);
      if (entry === undefined) this.#add(key, now);
      else entry.count++;
    }
    return 0;
  }

  /** It was right, or never judged. */
  giveBack(attempt: Attempt): void {
    for (const [key] of keysOf(attempt)) {
      const entry = this.#failed.get(key);
      if (entry !== undefined && --entry.count <= 0) this.#failed.delete(key);
    }
  }

  #entry(key: string, now: number): { readonly since: number; count: number } | undefined {
    const entry = this.#failed.get(key);
    if (entry === undefined || now - entry.since < WINDOW_MS) return entry;
    this.#failed.delete(key);
    return undefined;
  }

  #add(key: string, now: number): void {
    // Those that began first end first: the first key is the oldest.
    for (const [oldest, { since }] of this.#failed) {
      if (now - since < WINDOW_MS && this.#failed.size < MOST_KEYS) break;
      this.#failed.delete(oldest);
    }
    this.#failed.set(key, { since: now, count: 1 });
  }
}

function keysOf({ address, account, device }: Attempt): (readonly [key: string, limit: number])[] {
  if (device !== null) return [[`device ${device}`, LIMITS.device]];
  return [[`address ${address}`, LIMITS.address], ...(account === null ? [] : ([[`account ${account}`, LIMITS.account]] as const))];
}

/** One network of a peer: an IPv6 customer has 2^64 addresses of his own. */
export function networkOf(address: string | null): string {
  const text = (address ?? '').replace(/^::ffff:/i, '');
  if (!text.includes(':')) return text;
  const [head = '', tail] = text.split('::', 2);
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const full = tail === undefined ? first : [...first, ...Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0'), ...last];
  return full.slice(0, 4).map((part) => part.toLowerCase().replace(/^0+(?=.)/, '')).join(':');
}
