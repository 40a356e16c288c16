import { sample } from './sample.ts';

const MAX_BYTES = 64 * 1024;
const MAX_LINE = 300;
/** Shorter values are words such as `true`; masking them would garble the text without hiding anything. */
const SHORTEST_SECRET = 6;
const ANSI = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

/** The last 64 KiB that a child wrote to stderr, kept so that an error can say why it died. */
export class StderrTail {
  readonly #secrets: readonly string[];
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** @param secrets values that must never be repeated to a client: the operator's own variables of this child */
  constructor(secrets: Iterable<string>) {
    this.#secrets = [...secrets].filter((value) => value.length >= SHORTEST_SECRET).sort((a, b) => b.length - a.length);
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes > MAX_BYTES) {
      const first = this.#chunks[0];
      if (first === undefined) return;
      const over = this.#bytes - MAX_BYTES;
      if (first.length > over) {
        // A copy, so that the rest of a large chunk is not kept alive by a small view of it.
        this.#chunks[0] = Buffer.from(first.subarray(over));
        this.#bytes -= over;
      } else {
        this.#chunks.shift();
        this.#bytes -= first.length;
      }
    }
  }

  /** Everything kept, as it was written. For the operator only. */
  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  /** The last line that is not blank, without colours and secrets, bounded and escaped; null when nothing was written. */
  lastLine(): string | null {
    const lines = this.text().replace(ANSI, '').split(/[\r\n]+/);
    for (let index = lines.length - 1; index >= 0; index -= 1) {
      let line = (lines[index] ?? '').trim();
      if (line === '') continue;
      for (const secret of this.#secrets) line = line.replaceAll(secret, '[hidden]');
      return sample(line, MAX_LINE);
    }
    return null;
  }
}
