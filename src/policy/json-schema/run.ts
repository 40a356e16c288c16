import type { JsonNode } from '../../wire/json-node.ts';
import { COMPARED_PER_STEP, MAX_RECURSION, MAX_STEPS } from './limits.ts';
import type { Failure, Place, Resource, Subschema } from './schema-types.ts';
import { Seen } from './seen.ts';

/**
 * Ends a validation whatever combinators stand around it: under `not` or in one branch of `anyOf` a plain failure would let the call
 * through that could not be judged.
 */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly kind: 'invalid' | 'unusable';
  readonly failure: Failure;

  constructor(kind: 'invalid' | 'unusable', failure: Failure) {
    super(failure.complaint.says);
    this.kind = kind;
    this.failure = failure;
  }
}

/** One validation: what it has cost, and which resources are being applied, outermost first (for `$dynamicRef`). */
export class Run {
  readonly tracksSeen: boolean;
  readonly #scopes: Resource[] = [];
  #steps = 0;

  constructor(tracksSeen: boolean) {
    this.tracksSeen = tracksSeen;
  }

  get scopes(): readonly Resource[] {
    return this.#scopes;
  }

  newSeen(): Seen | null {
    return this.tracksSeen ? new Seen() : null;
  }

  /** Counts work. @throws Stopped beyond the budget */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw new Stopped('unusable', { place: null, complaint: { says: `checking the arguments against the schema takes more than ${MAX_STEPS} steps`, passes: null } });
  }

  /** Counts work that grows with the length of a text. */
  spendText(length: number): void {
    this.spend(Math.floor(length / COMPARED_PER_STEP));
  }

  /** Applies a schema to a value. `seen` is this schema's own; see `applyHere` and `applyBelow`. */
  apply(schema: Subschema, value: JsonNode, place: Place | null, seen: Seen | null): Failure | null {
    this.spend(1);
    if (this.#scopes.length >= MAX_RECURSION) throw new Stopped('unusable', { place: null, complaint: { says: `the schema refers to itself more than ${MAX_RECURSION} times for one value`, passes: null } });
    this.#scopes.push(schema.resource);
    for (const check of schema.checks) {
      const failed = check(value, place, this, seen);
      if (failed !== null) {
        this.#scopes.pop();
        return failed;
      }
    }
    this.#scopes.pop();
    return null;
  }

  /** Applies a schema to the value that its parent is applied to: what it looked at counts for the parent if it passes. */
  applyHere(schema: Subschema, value: JsonNode, place: Place | null, seen: Seen | null): Failure | null {
    if (seen === null) return this.apply(schema, value, place, null);
    const own = new Seen();
    const failed = this.apply(schema, value, place, own);
    if (failed === null) this.spend(Math.floor(seen.merge(own) / 16));
    return failed;
  }

  /** Applies a schema to a member or an element. */
  applyBelow(schema: Subschema, value: JsonNode, place: Place | null): Failure | null {
    return this.apply(schema, value, place, this.newSeen());
  }
}
