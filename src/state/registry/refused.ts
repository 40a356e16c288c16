import type { ApplyResult } from './types.ts';

export type Refusal = Exclude<ApplyResult, { readonly ok: true }>;

/** A change that does not fit. Thrown inside the transaction, so that nothing of the whole stays. */
export class ChangeRefused extends Error {
  readonly why: Refusal['why'];
  readonly current: number | null;

  constructor(why: Refusal['why'], current: number | null) {
    super(why);
    this.why = why;
    this.current = current;
  }
}
