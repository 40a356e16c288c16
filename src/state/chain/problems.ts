import type { ChainProblem } from './types.ts';

const KEPT = 100;

/** What a check has found, as much as somebody will read. */
export class Problems {
  readonly list: ChainProblem[] = [];
  count = 0;

  row(code: string, seq: number, block: number | null, message: string): void {
    this.#add({ code, block, seq, message: `row ${seq} ${message}` });
  }

  block(code: string, block: number, message: string): void {
    this.#add({ code, block, seq: null, message: `block ${block} ${message}` });
  }

  other(code: string, message: string): void {
    this.#add({ code, block: null, seq: null, message });
  }

  #add(problem: ChainProblem): void {
    this.count += 1;
    if (this.list.length < KEPT) this.list.push(problem);
  }
}
