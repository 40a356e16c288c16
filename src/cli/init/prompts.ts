import { createInterface, type Interface } from 'node:readline';

/** Asks on a terminal. Ctrl-C and the end of the input count as "no". */
export class Prompts {
  readonly #lines: Interface;
  readonly #waiting: string[] = [];
  #resolve: ((line: string | null) => void) | null = null;
  #ended = false;

  /** @param interrupted told of Ctrl-C, which a terminal in raw mode does not turn into a signal */
  constructor(input: NodeJS.ReadableStream, output: NodeJS.WritableStream, interrupted: () => void) {
    this.#lines = createInterface({ input, output, terminal: true });
    this.#lines.on('line', (line) => {
      if (this.#resolve === null) this.#waiting.push(line);
      else this.#settle(line);
    });
    this.#lines.on('SIGINT', () => {
      interrupted();
      this.#lines.close();
    });
    this.#lines.on('close', () => {
      this.#ended = true;
      this.#settle(null);
    });
  }

  /** @returns null when there is nobody to answer any more */
  async ask(question: string): Promise<string | null> {
    const before = this.#waiting.shift();
    if (before !== undefined) return before.trim();
    if (this.#ended) return null;
    this.#lines.setPrompt(question);
    this.#lines.prompt();
    const answer = await new Promise<string | null>((resolve) => (this.#resolve = resolve));
    return answer === null ? null : answer.trim();
  }

  /** Only a clear yes is one. */
  async confirm(question: string): Promise<boolean> {
    const answer = await this.ask(`${question} [y/N] `);
    return answer !== null && /^y(es)?$/i.test(answer);
  }

  close(): void {
    this.#lines.close();
  }

  #settle(line: string | null): void {
    const resolve = this.#resolve;
    this.#resolve = null;
    resolve?.(line);
  }
}

/** `all`, `none`, or numbers and ranges such as `1,3-5`. @returns null for anything else */
export function parseChoice(answer: string, count: number): ReadonlySet<number> | null {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  if (/^(all|a|)$/i.test(answer)) return new Set(numbers);
  if (/^(none|n|q)$/i.test(answer)) return new Set();
  const chosen = new Set<number>();
  for (const part of answer.split(/[\s,]+/).filter((each) => each !== '')) {
    const range = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part);
    if (range === null) return null;
    const from = Number(range[1]);
    const to = Number(range[2] ?? range[1]);
    if (from < 1 || to > count || from > to) return null;
    for (let number = from; number <= to; number += 1) chosen.add(number);
  }
  return chosen;
}
