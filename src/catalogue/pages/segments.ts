import { createHash } from 'node:crypto';

/** Safe in an address and as a file name everywhere, and read the same by every browser, server and file system. */
const PLAIN = /^(?!.*\.\.)[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,78}[A-Za-z0-9_-])?$/;
/** Endings that say what kind of file a page's twin is. */
const ENDING = /\.(?:json|html?|ya?ml|xml|txt|css|js)$/i;
/** Names that Windows keeps for devices, whatever their ending. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;
const READABLE = 40;
const DIGITS = 16;

/**
 * The part of an address that stands for each name: the name itself where that is safe; else what is readable of it, `~`, and the
 * beginning of the SHA-256 of the name. No two of the result are equal, ignoring case: case-insensitive file systems would keep one of
 * them. A name without `~` is always the name itself, so neither kind can be taken for the other.
 * @param names any text, also twice
 * @param reserved lower case: segments that mean something else here
 */
export function segments(names: readonly string[], reserved: ReadonlySet<string> = new Set()): readonly string[] {
  const uses = new Map<string, number>();
  for (const name of names) uses.set(name.toLowerCase(), (uses.get(name.toLowerCase()) ?? 0) + 1);
  const taken = new Set<string>();
  return names.map((name) => {
    const lower = name.toLowerCase();
    const plain = PLAIN.test(name) && !ENDING.test(name) && !DEVICE.test(name) && !reserved.has(lower) && uses.get(lower) === 1;
    let segment = plain ? name : hashed(name, DIGITS);
    // The same name once more, or a hash that somebody has searched for.
    for (let count = 2; taken.has(segment.toLowerCase()); count += 1) segment = hashed(`${name}\n${count}`, 64);
    taken.add(segment.toLowerCase());
    return segment;
  });
}

function hashed(name: string, digits: number): string {
  const readable = name.slice(0, 400).replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^[-_]+|[-_]+$/g, '').slice(0, READABLE);
  // UTF-16, because half a surrogate pair has no UTF-8.
  const hash = createHash('sha256').update(Buffer.from(name, 'utf16le')).digest('hex').slice(0, digits);
  return `${readable === '' ? 'name' : readable}~${hash}`;
}
