/** Holds what clients and upstreams saw against the journal, row by row. */
import { existsSync, readFileSync } from 'node:fs';
import Database from 'libsql';

/** @returns {{ integrity: string, admitted: Map<string, string>, refused: Set<string>, suppressed: number, rows: number, open: number }} */
export function readJournal(path) {
  const database = new Database(path, { readonly: true });
  try {
    const integrity = database.prepare('PRAGMA integrity_check').raw().all().map(([line]) => line).join('; ');
    const admitted = new Map();
    const refused = new Set();
    let suppressed = 0;
    let rows = 0;
    let open = 0;
    for (const [id, requestId, outcome, code, reason, method] of database.prepare('SELECT id, request_id, outcome, code, reason, method FROM journal ORDER BY seq').raw().iterate()) {
      rows += 1;
      const key = String(id);
      if (code === 'suppressed') suppressed += Number(/^\d+/.exec(String(reason))?.[0] ?? 0);
      else if (outcome === 'refused') refused.add(key);
      else if (method === 'tools/call' && outcome !== 'rejected' && outcome !== 'dropped') {
        admitted.set(JSON.parse(String(requestId)), String(outcome));
        if (outcome === 'forwarded') open += 1;
      }
    }
    return { integrity, admitted, refused, suppressed, rows, open };
  } finally {
    database.close();
  }
}

/** Ids of calls that an upstream saw, in order; one that is there twice was executed twice. */
export function readSeen(paths) {
  return paths.flatMap((path) => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter((line) => line !== '') : []));
}

const some = (items) => [...items].slice(0, 20);

/**
 * @param {object} what
 * @param {ReturnType<typeof readJournal>} what.journal
 * @param {string[]} what.seen
 * @param {import('./client.mjs').Tally} what.tally
 * @param {boolean} what.killed the gateway was killed meanwhile: then calls may have no end, and a refusal that was answered may wait in a row that counts
 */
export function judge({ journal, seen, tally, killed }) {
  const problems = [];
  const seenIds = new Set(seen);
  const without = [...seenIds].filter((id) => !journal.admitted.has(id));
  if (without.length > 0) problems.push({ what: 'calls that an upstream saw have no row', count: without.length, some: some(without) });
  if (seenIds.size !== seen.length) problems.push({ what: 'calls were executed twice', count: seen.length - seenIds.size });
  const unanswered = [...tally.answeredIds].filter((id) => !seenIds.has(id));
  if (unanswered.length > 0) problems.push({ what: 'clients have answers to calls that no upstream saw', count: unanswered.length, some: some(unanswered) });
  const lostRefusals = [...tally.refusedRows.keys()].filter((row) => !journal.refused.has(row));
  if (lostRefusals.length > journal.suppressed) problems.push({ what: 'refusals that clients saw have no row', count: lostRefusals.length - journal.suppressed, some: some(lostRefusals) });
  if (journal.integrity !== 'ok') problems.push({ what: 'the database is damaged', integrity: journal.integrity });
  if (!killed) {
    const never = [...journal.admitted.keys()].filter((id) => !seenIds.has(id));
    if (never.length > 0) problems.push({ what: 'rows say of calls that no upstream saw that they were let through', count: never.length, some: some(never) });
    const strangers = [...journal.refused].filter((row) => !tally.refusedRows.has(row));
    if (strangers.length > 0) problems.push({ what: 'rows tell of refusals that no client saw', count: strangers.length, some: some(strangers) });
    if (lostRefusals.length !== journal.suppressed) problems.push({ what: 'suppressed rows are not as many as refusals without a row', suppressed: journal.suppressed, missing: lostRefusals.length });
    if (journal.open > 0) problems.push({ what: 'rows have no end', count: journal.open });
    if (tally.lostIds.size > 0) problems.push({ what: 'calls got no proper answer', count: tally.lostIds.size, some: some(tally.lostIds) });
  }
  return problems;
}
