/**
 * The bench: this project, bare relays and npm peers side by side in one run. See README.md.
 * Usage: node bench/run.mjs [--quick] [--only NAME[,NAME]] [--json FILE]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machineFacts } from './lib/facts.mjs';
import { budgets } from './lib/budgets.mjs';
import { decideCost } from './scenarios/decide.mjs';
import { guardCost } from './scenarios/guards.mjs';
import { idleMemory } from './scenarios/idle-memory.mjs';
import { large } from './scenarios/large.mjs';
import { startUp } from './scenarios/start-up.mjs';
import { bridgeThroughput, httpThroughput, modernThroughput, stdioThroughput } from './scenarios/throughput.mjs';

const SCENARIOS = new Map([
  ['http', httpThroughput],
  ['modern', modernThroughput],
  ['bridge', bridgeThroughput],
  ['stdio', stdioThroughput],
  ['start', startUp],
  ['idle', idleMemory],
  ['decide', decideCost],
  ['guards', guardCost],
  ['large', large],
]);

function usage(problem) {
  process.stderr.write(`${problem}\nusage: node bench/run.mjs [--quick] [--only NAME[,NAME]] [--json FILE]\nnames: ${[...SCENARIOS.keys()].join(', ')}\n`);
  process.exit(2);
}

function options() {
  try {
    return parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, json: { type: 'string' } } }).values;
  } catch (error) {
    return usage(error.message);
  }
}

const { quick, only, json } = options();
const wanted = only === undefined ? [...SCENARIOS.keys()] : only.split(',');
const unknown = wanted.find((name) => !SCENARIOS.has(name));
if (unknown !== undefined) usage(`no scenario is called ${JSON.stringify(unknown)}`);

const failures = [];
const wrongs = [];
const run = {
  quick,
  scratch: mkdtempSync(join(tmpdir(), 'policylayer-bench-')),
  path: (relative) => fileURLToPath(new URL(relative, import.meta.url)),
  print: (text) => process.stdout.write(`${text}\n`),
  progress: (text) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K… ${text}`);
  },
  /** A contender could not be started. */
  failed(where, contender, why) {
    const reason = why.replaceAll(run.scratch, '<scratch>').replaceAll(run.path('..'), '');
    failures.push({ where, name: contender.name, ours: contender.ours === true, why: reason });
    run.print(`\n${where}: ${contender.name} is left out: ${reason}`);
  },
  /** A contender gave answers that are not the right ones. */
  wrong(where, contender, { wrong, calls, firstWrong }) {
    wrongs.push({ where, name: contender.name, ours: contender.ours === true || contender.name.startsWith('policylayer'), wrong, calls, firstWrong });
    run.print(`\n${where}: ${contender.name} gave ${wrong} wrong answers of ${calls}, the first: ${firstWrong}`);
  },
};

const began = Date.now();
const machine = machineFacts();
run.print(`Node ${machine.node.slice(1)}, ${machine.cpus} CPUs, load ${machine.loadAtStart}, commit ${machine.commit}${machine.dirty ? ' with changes' : ''}${quick ? ', quick' : ''}`);
const results = {};
try {
  for (const name of wanted) results[name] = await SCENARIOS.get(name)(run);
} finally {
  rmSync(run.scratch, { recursive: true, force: true });
}
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');

const report = {
  at: new Date().toISOString(),
  quick,
  seconds: Math.round((Date.now() - began) / 1000),
  machine: { ...machine, loadAtEnd: Number(loadavg()[0].toFixed(2)) },
  budgets: budgets(results),
  failures,
  wrong: wrongs,
  results,
};
run.print(`\nBudgets (architecture.md, "Speed")`);
for (const { what, limit, measured, met } of report.budgets) {
  // One short round proves nothing either way.
  const verdict = met === null ? 'not measured' : quick ? 'quick look' : met ? 'met' : 'NOT MET';
  run.print(`  ${verdict.padEnd(12)}  ${what}, limit ${limit}${measured === null ? '' : `\n                ${measured}`}`);
}
run.print(`\n${report.seconds} s; ${wrongs.length === 0 ? 'every answer was right' : `${wrongs.length} stretches had wrong answers`}`);

const text = `${JSON.stringify(report, null, 1)}\n`;
if (json !== undefined) writeFileSync(json, text);
if (!quick && only === undefined) {
  const dir = run.path('results');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${report.at.slice(0, 10)}-${machine.commit}.json`), text);
  writeFileSync(join(dir, 'latest.json'), text);
}
process.exit(wrongs.some(({ ours }) => ours) || failures.some(({ ours }) => ours) ? 1 : 0);
