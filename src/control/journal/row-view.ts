import { z } from 'zod';
import type { RowProof } from '../../state/chain/types.ts';
import type { JournalRow, Outcome } from '../../state/types.ts';
import type { Caller } from '../api/caller.ts';

export const OUTCOMES = ['forwarded', 'ok', 'tool_error', 'upstream_error', 'upstream_failed', 'cancelled', 'refused', 'rejected', 'dropped'] as const satisfies readonly Outcome[];

const text = z.string().nullable();

export const rowSchema = z.object({
  seq: z.int(), at: z.string(), id: z.string(), server: z.string(), grant: text, session: text, transport: z.string(), protocol: text, method: text, name: text, requestId: text,
  outcome: z.enum(OUTCOMES), code: text, rule: text, policy: text, reason: text, retryAfterMs: z.number().nullable(), observed: text,
  argKeys: z.array(z.string()).nullable(), argHash: text.describe('keyed; null without the right journal.arguments'), argValues: text.describe('null without the right journal.arguments, and where nothing was kept'),
  upstreamStatus: text, latencyMs: z.number().nullable(),
  sealed: z.enum(['open', 'sealed', 'redacted']).describe('open: not sealed, or not ended'),
});
export type RowView = z.infer<typeof rowSchema>;

/** A row as a caller may see it. */
export function rowView(row: JournalRow, proof: RowProof | undefined, caller: Caller): RowView {
  const sees = caller.can('journal.arguments', row.server);
  // Whoever can call as well could compare the hash with those of values that he guesses.
  return { ...row, argKeys: row.argKeys === null ? null : [...row.argKeys], argHash: sees ? row.argHash : null, argValues: sees ? row.argValues : null, sealed: proof?.sealed ?? 'open' };
}
