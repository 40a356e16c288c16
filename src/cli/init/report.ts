import type { Style } from '../terminal.ts';

/** What is told: as lines to a person while it happens, or as one object at the end. */
export class InitReport {
  readonly style: Style;
  readonly width: number;
  readonly #out: NodeJS.WritableStream | null;
  readonly #facts: Record<string, unknown> = {};
  readonly #problems: string[] = [];

  /** @param out null when only the object is wanted */
  constructor(out: NodeJS.WritableStream | null, width: number, style: Style) {
    this.#out = out;
    this.width = width;
    this.style = style;
  }

  say(...lines: readonly string[]): void {
    this.#out?.write(`${lines.join('\n')}\n`);
  }

  fact(name: string, value: unknown): void {
    this.#facts[name] = value;
  }

  /** Something that could not be done. */
  problem(text: string): void {
    this.#problems.push(text);
  }

  get failed(): boolean {
    return this.#problems.length > 0;
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  result(status: number): object {
    return { ok: status === 0, ...this.#facts, problems: this.#problems };
  }
}
