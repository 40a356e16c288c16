import type { JournalRow, State } from '../../state/types.ts';

/** Rows are named by their number, which is found at once, or by their id, which is looked for from the newest on. */
const NUMBER = /^[1-9]\d{0,14}$/;
const ROUNDS = 50;

/** @returns the rows in no certain order, and the names of which there is none */
export async function findRows(state: State, names: readonly string[], signal: AbortSignal): Promise<{ readonly rows: readonly JournalRow[]; readonly missing: readonly string[] }> {
  const rows: JournalRow[] = [];
  const missing: string[] = [];
  for (const name of names.filter((one) => NUMBER.test(one))) {
    const { rows: found } = await state.search({ afterSeq: Number(name) - 1, beforeSeq: Number(name) + 1, limit: 1 }, signal);
    if (found.length === 0) missing.push(name);
    rows.push(...found);
  }
  let ids = names.filter((one) => !NUMBER.test(one));
  let place: { beforeSeq?: number } = {};
  for (let round = 0; round < ROUNDS && ids.length > 0; round += 1) {
    const { rows: found, next } = await state.search({ ids, ...place, limit: ids.length }, signal);
    rows.push(...found);
    const known = new Set(found.map(({ id }) => id));
    ids = ids.filter((id) => !known.has(id));
    if (next === null) break;
    place = { beforeSeq: next };
  }
  return { rows, missing: [...missing, ...ids] };
}
