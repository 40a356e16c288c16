import type { Category, Evidence, Finding, Place, Signal } from './types.ts';
import { shortTerm } from './words.ts';

/** Collects effects, signals and findings together with what they rest on. */
export class Trail {
  readonly effects = new Set<Category>();
  readonly signals = new Set<Signal>();
  readonly findings = new Set<Finding>();
  readonly #evidence = new Map<string, Evidence>();

  /** The tool can do this. */
  effect(effect: Category, place: Place, pointer: string, term: string): void {
    this.effects.add(effect);
    this.note(place, pointer, term, effect);
  }

  signal(signal: Signal, place: Place, pointer: string, term: string): void {
    this.signals.add(signal);
    this.note(place, pointer, term, signal);
  }

  finding(finding: Finding, place: Place, pointer: string, term: string): void {
    this.findings.add(finding);
    this.note(place, pointer, term, finding);
  }

  note(place: Place, pointer: string, term: string, suggests: Evidence['suggests']): void {
    // A hostile definition could make thousands of them; a reader needs the first few dozen.
    if (this.#evidence.size >= 64) return;
    const short = shortTerm(term);
    this.#evidence.set(`${suggests} ${pointer} ${short}`, { place, pointer: pointer.slice(0, 256), term: short, suggests });
  }

  evidence(): readonly Evidence[] {
    return [...this.#evidence.values()];
  }
}
