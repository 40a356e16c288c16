/** Interleaved rounds: every contender once per round, in an order that turns, so that drift of the machine hits all alike. */
import { measure } from './measure.mjs';
import { summary } from './stats.mjs';

/** A contender that has failed this often is not asked again: its figures would be those of its errors. */
const MAX_WRONG = 20;

/**
 * @param {object} run { failed, wrong }
 * @param {string} where
 * @param {{ contender: object, lanes: object[] }[]} field
 * @param {{ rounds: number, nextCall: Function, until: object, warmUp: object }} plan
 * @returns {Promise<Map<object, object[]>>} contender -> one measurement per round (null where it was left out)
 */
export async function interleave(run, where, field, { rounds, nextCall, until, warmUp }) {
  const measured = new Map(field.map(({ contender }) => [contender, []]));
  const out = new Set();
  for (const { contender, lanes } of field) {
    const warm = await measure(contender.pid, lanes, nextCall, warmUp);
    if (warm.wrong > 0) run.wrong(where, contender, warm);
    if (warm.wrong > MAX_WRONG) out.add(contender);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < field.length; turn += 1) {
      const { contender, lanes } = field[(turn + round) % field.length];
      if (out.has(contender)) {
        measured.get(contender).push(null);
        continue;
      }
      const result = await measure(contender.pid, lanes, nextCall, until);
      if (result.wrong > 0) run.wrong(where, contender, result);
      if (result.wrong > MAX_WRONG) out.add(contender);
      measured.get(contender).push(result);
    }
  }
  return measured;
}

/**
 * Medians and spreads per contender; ratios are taken round by round against the baseline of the same round.
 * @param {Map<object, object[]>} measured from `interleave`
 */
export function summarise(measured) {
  const baseline = [...measured].find(([contender]) => contender.baseline === true)?.[1];
  return [...measured].map(([contender, rounds]) => {
    const of = (pick) => summary(rounds.filter((round) => round !== null).map(pick));
    const paired = (pick) => (baseline === undefined || contender.baseline === true ? null : summary(rounds.flatMap((round, i) => (round === null || baseline[i] === null || baseline[i] === undefined ? [] : [pick(round) / pick(baseline[i])]))));
    return {
      name: contender.name,
      version: contender.version ?? null,
      calls: rounds.reduce((sum, round) => sum + (round?.calls ?? 0), 0),
      wrong: rounds.reduce((sum, round) => sum + (round?.wrong ?? 0), 0),
      rate: of((round) => round.rate),
      p50: of((round) => round.p50),
      p99: of((round) => round.p99),
      cpuUs: of((round) => round.cpuUs),
      childUs: of((round) => round.childUs),
      cpuRatio: contender.direct === true ? null : paired((round) => round.cpuUs),
      rateRatio: paired((round) => round.rate),
    };
  });
}
