/** So often is asked whether the reader of a stream may still see it: more often than the heartbeat of a quiet one. */
const ASK_EVERY_MS = 10_000;

/**
 * A stream that is read only as fast as the client takes it, and that ends when he is gone or may not read it any more.
 * @param stillAllowed asked at most every ten seconds, before the next piece goes out
 */
export function guarded(source: AsyncIterable<string | Uint8Array>, stillAllowed: () => Promise<boolean>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const pieces = source[Symbol.asyncIterator]();
  let asked = performance.now();
  const end = async (): Promise<void> => {
    await pieces.return?.();
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await pieces.next();
      if (next.done === true) return controller.close();
      if (signal.aborted || (performance.now() - asked >= ASK_EVERY_MS && !(await stillAllowed()))) {
        await end();
        return controller.close();
      }
      if (performance.now() - asked >= ASK_EVERY_MS) asked = performance.now();
      controller.enqueue(typeof next.value === 'string' ? Buffer.from(next.value) : next.value);
    },
    cancel: end,
  }, { highWaterMark: 0 });
}
