import { join } from 'node:path';
import { openState } from '../../../src/state/open.ts';
import type { JournalEntry, Outcome } from '../../../src/state/types.ts';
import { VirtualClock } from '../../../src/control/policy-tools/virtual-clock.ts';

export const START = Date.parse('2026-11-20T12:00:00Z');

/** A row of the journal, in short. `args` are its arguments; with `keysOnly` their values are not recorded. */
export interface Row {
  /** Seconds after `START`. */
  readonly at: number;
  readonly name: string;
  readonly args?: object;
  readonly keysOnly?: boolean;
  /** A refusal; left out: the call went through. */
  readonly code?: string;
  readonly method?: string;
  readonly outcome?: Outcome;
  readonly grant?: string;
  readonly session?: string;
  readonly server?: string;
  readonly rule?: string | null;
  readonly reason?: string;
  readonly observed?: string;
  readonly upstreamStatus?: string;
}

/** The entry that the gateway writes for such a call (gateway/recorder.ts). */
export function entryOf(row: Row, id: string): JournalEntry {
  return {
    id, server: row.server ?? 'stripe', grant: row.grant ?? 'support', session: row.session ?? 's-1', transport: 'http', protocol: '2025-11-25',
    method: row.method ?? 'tools/call', name: row.name, requestId: '7', outcome: row.outcome ?? (row.code === undefined ? 'ok' : 'refused'), code: row.code ?? null,
    rule: row.rule === undefined ? '/tools/x' : row.rule, policy: 'old@00000000', reason: row.reason ?? null, retryAfterMs: null, observed: row.observed ?? null,
    argKeys: row.args === undefined ? null : Object.keys(row.args),
    argHash: row.args === undefined ? null : 'a'.repeat(64),
    argValues: row.args === undefined || row.keysOnly === true ? null : JSON.stringify(row.args),
    upstreamStatus: row.upstreamStatus ?? null, latencyMs: null,
  };
}

/** Writes rows into the database of a data directory, each at its time. */
export async function writeJournal(directory: string, rows: readonly Row[]): Promise<void> {
  const clock = new VirtualClock(START);
  const state = await openState({ path: join(directory, 'policylayer.db'), clock, logArguments: true });
  for (const [index, row] of rows.entries()) {
    clock.moveTo(START + row.at * 1000);
    state.append(entryOf(row, `row-${index + 1}`));
  }
  state.close();
}
