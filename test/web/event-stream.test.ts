import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEvents, type StreamEvent } from '../../web/src/api/event-stream.ts';

async function read(chunks: readonly Uint8Array[]): Promise<StreamEvent[]> {
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const events: StreamEvent[] = [];
  for await (const event of readEvents(stream, () => undefined)) events.push(event);
  return events;
}

describe('the stream of live events', () => {
  it('is read the same however the network cuts it', async () => {
    const text = Buffer.from(': heartbeat\n\nid: 7\nevent: call\ndata: {"name":"größe 🙂"}\n\nevent: stats\r\ndata: {"a":\r\ndata: 1}\r\n\r\nevent: broken\ndata: {\n\n');
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 0, max: text.length })), async (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
      const chunks = places.slice(1).map((end, index) => new Uint8Array(text.subarray(places[index] ?? 0, end)));
      expect(await read(chunks)).toEqual([
        { id: '7', event: 'call', data: { name: 'größe 🙂' } },
        { id: null, event: 'stats', data: { a: 1 } },
      ]);
    }));
  });
});
