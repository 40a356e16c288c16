import { vi } from 'vitest';

/**
 * Runs something and counts the bytes that were searched with indexOf and copied with copy and concat: what makes framing quadratic when a
 * collected prefix is searched or joined again for every chunk.
 */
export function countByteWork(run: () => void): { searched: number; copied: number } {
  const work = { searched: 0, copied: 0 };
  const indexOf = Buffer.prototype.indexOf;
  const copy = Buffer.prototype.copy;
  const concat = Buffer.concat.bind(Buffer);
  vi.spyOn(Buffer.prototype, 'indexOf').mockImplementation(function (this: Buffer, value, offset, encoding) {
    const from = typeof offset === 'number' ? offset : 0;
    const found = indexOf.call(this, value, offset, encoding);
    work.searched += (found < 0 ? this.length : found + 1) - from;
    return found;
  });
  vi.spyOn(Buffer.prototype, 'copy').mockImplementation(function (this: Buffer, target, targetStart, start, end) {
    const copied = copy.call(this, target, targetStart, start, end);
    work.copied += copied;
    return copied;
  });
  vi.spyOn(Buffer, 'concat').mockImplementation((list, total) => {
    const joined = concat(list, total);
    work.copied += joined.length;
    return joined;
  });
  try {
    run();
  } finally {
    vi.restoreAllMocks();
  }
  return work;
}
