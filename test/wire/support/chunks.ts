import fc from 'fast-check';

/** Ways to cut a stream: sizes of successive chunks, repeated as long as there are bytes; zero-sized chunks included. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.constant([1]),
  fc.array(fc.nat(4), { minLength: 1, maxLength: 12 }).filter((sizes) => sizes.some((n) => n > 0)),
  fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 }),
);

/** The bytes in chunks of the given sizes. Each chunk is memory of its own, as from a socket. */
export function chunked(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, k = 0; at < bytes.length; k++) {
    const size = sizes[k % sizes.length] ?? 1;
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}
