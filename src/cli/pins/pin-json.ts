import { reasonText } from '../../catalogue/drift.ts';
import type { PinRecord } from '../../state/types.ts';
import type { Drift } from './drift-of.ts';
import { stateOf } from './pin-table.ts';

/** A pin for programs. */
export function pinJson(record: PinRecord): Record<string, unknown> {
  return {
    server: record.server, tool: record.name, state: stateOf(record), firstSeen: record.firstSeen, lastSeen: record.lastSeen,
    definitions: record.definitions.map(({ hash, standing, why, decidedBy, firstSeen }) => ({ hash, standing, why, decidedBy, firstSeen })),
  };
}

/** With the texts, and what changed. */
export function driftJson(record: PinRecord, { latest, report }: Drift): Record<string, unknown> {
  const classes = (one: 'before' | 'after') => {
    const found = report?.[one] ?? null;
    return found === null ? null : { category: found.category, risk: found.risk, confidence: found.confidence, signals: found.signals, findings: found.findings };
  };
  return {
    ...pinJson(record),
    texts: Object.fromEntries(record.definitions.map(({ hash, text }) => [hash, text])),
    drift: latest === null ? null : {
      hash: latest.hash, verdict: report?.verdict ?? null, reasons: report === null ? latest.why : report.reasons.map(reasonText), places: report?.places ?? [],
      before: classes('before'), after: classes('after'),
    },
  };
}
