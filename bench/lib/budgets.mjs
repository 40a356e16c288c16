/** The budgets of architecture.md, "Speed", against what was measured. */
import { figure } from './table.mjs';

const ofOurs = (contenders) => contenders?.find(({ name }) => name.startsWith('policylayer') && !name.includes('no rule'));

function ratio(what, limit, levels, pick = (contender) => contender?.cpuRatio) {
  const measured = (levels ?? []).flatMap(({ connections, contenders }) => {
    const found = pick(ofOurs(contenders));
    return found === null || found === undefined ? [] : [{ connections, value: found.median }];
  });
  return {
    what,
    limit: `${limit} ×`,
    measured: measured.length === 0 ? null : measured.map(({ connections, value }) => `${figure(value)} at c = ${connections}`).join(', '),
    met: measured.length === 0 ? null : measured.every(({ value }) => value <= limit),
  };
}

/** @param {object} results by scenario; a scenario that was not run gives a budget that was not measured */
export function budgets(results) {
  const start = ofOurs(results.start)?.overRelayMs?.median;
  const sizes = results.decide?.inProcess?.find(({ kind }) => kind === 'mixed')?.sizes;
  const few = sizes?.find(({ rules }) => rules === 10);
  const many = sizes?.find(({ rules }) => rules === 10_000);
  const growth = few === undefined || many === undefined ? null : { known: many.knownNs.median / few.knownNs.median, fresh: many.newNs.median / few.newNs.median };
  return [
    ratio('HTTP call, CPU against the bare relay', 1.3, results.http),
    ratio('HTTP call in the modern era, CPU against the bare relay', 1.3, results.modern),
    ratio('stdio call, CPU against the bare line relay', 1.5, results.stdio),
    {
      what: '`run` answers initialize later than the bare relay by',
      limit: '60 ms CPU',
      measured: start === undefined ? null : `${figure(start)} ms`,
      met: start === undefined ? null : start <= 60,
    },
    {
      what: 'a decision among 10,000 rules against one among 10',
      limit: '1.5 × (caches)',
      measured: growth === null ? null : `${figure(growth.known)} × for known names, ${figure(growth.fresh)} × for new ones (${figure(few.newNs.median)} → ${figure(many.newNs.median)} ns)`,
      met: growth === null ? null : Math.max(growth.known, growth.fresh) <= 1.5,
    },
    ...guardBudgets(results.guards),
  ];
}

/** Conditions: the size of the policy must not show, and decide and reserve together have a budget of their own. */
function guardBudgets(guards) {
  const few = guards?.sizes.find(({ rules }) => rules === 10)?.decideUs.median;
  const many = guards?.sizes.find(({ rules }) => rules === 10_000)?.decideUs.median;
  const alone = guards?.reserve.filter(({ batch, row }) => batch === 1 && !row) ?? [];
  return [
    {
      what: 'a decision with globs, CEL and schemas among 10,000 rules against one among 10',
      limit: '1.5 ×',
      measured: few === undefined ? null : `${figure(many / few)} × (${figure(few)} → ${figure(many)} µs)`,
      met: few === undefined ? null : many / few <= 1.5,
    },
    {
      what: 'decide and reserve together, each call in a transaction of its own',
      limit: '50 µs CPU',
      measured: alone.length === 0 ? null : alone.map(({ what, us }) => `${figure(us.median)} µs with ${what}`).join(', '),
      met: alone.length === 0 ? null : alone.every(({ us }) => us.median <= 50),
    },
  ];
}
