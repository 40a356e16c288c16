// Measures the classifier on labelled tools: node scripts/catalogue/evaluate.mjs [FILE] [--half=dev|held] [--errors] [--servers] [--json]
// FILE: JSON lines of { id, server, tool, label: { category, risk, sure } }. Annotations are withheld first and given then.
// The rules are written by people who have read the errors on tools-dev.jsonl, so its figures are not what unseen servers give;
// nothing is learned, so leaving a server out changes no verdict, and the folds (whole servers, by the hash of their names) and the
// interval (servers drawn with replacement) show the spread between servers. On a FILE whose errors nobody has read they show both.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CATEGORIES = ['read', 'write', 'execute', 'destructive', 'financial'];
const RISKS = ['low', 'medium', 'high', 'critical'];
const FOLDS = 5;
const DRAWS = 1_000;

const options = process.argv.slice(2).filter((a) => a.startsWith('--'));
const file = process.argv.slice(2).find((a) => !a.startsWith('--')) ?? fileURLToPath(new URL('../../../shared/data/tools-dev.jsonl', import.meta.url));

const source = "export { classify } from './src/catalogue/index.ts'; export { scan } from './src/wire/scan.ts';";
const bundle = await build({ stdin: { contents: source, resolveDir: ROOT, loader: 'ts' }, bundle: true, write: false, format: 'esm', platform: 'node' });
const { classify, scan } = await import(`data:text/javascript;base64,${Buffer.from(bundle.outputFiles[0].contents).toString('base64')}`);

const hash = (server) => createHash('sha256').update(server).digest()[0];
const half = options.find((o) => o.startsWith('--half='))?.slice(7);
const rows = readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line))
  .filter((row) => half === undefined || (half === 'held') === (hash(row.server) % 2 === 1));

function judge(row, annotations) {
  const tool = { ...row.tool, annotations: annotations ? row.tool.annotations : undefined };
  if (tool.title === null) delete tool.title;
  if (tool.annotations == null) delete tool.annotations;
  const scanned = scan(Buffer.from(JSON.stringify(tool)), { maxBytes: 1 << 24, maxDepth: 64, maxKeys: 100_000 });
  if (!scanned.ok) throw new Error(`${row.id}: ${scanned.message}`);
  return { row, got: classify(scanned.root, { server: row.server }) };
}

const right = ({ row, got }) => row.label.category === got.category;
const dangerous = ({ row }) => CATEGORIES.indexOf(row.label.category) >= 2;
const missed = ({ got }) => got.category === 'read' || got.category === 'write';
const near = ({ row, got }) => Math.abs(RISKS.indexOf(row.label.risk) - RISKS.indexOf(got.risk)) <= 1;
const share = (all, is) => ({ of: all.length, count: all.filter(is).length, percent: all.length === 0 ? null : Math.round((1000 * all.filter(is).length) / all.length) / 10 });

function figures(judged) {
  const sure = judged.filter(({ row }) => row.label.sure);
  const danger = judged.filter(dangerous);
  return {
    tools: judged.length,
    servers: new Set(judged.map(({ row }) => row.server)).size,
    categorySure: share(sure, right),
    categoryAll: share(judged, right),
    dangerousMissed: share(danger, missed),
    dangerousMissedSure: share(danger.filter(({ row }) => row.label.sure), missed),
    riskEqual: share(judged, ({ row, got }) => row.label.risk === got.risk),
    riskWithinOne: share(judged, near),
  };
}

function confusion(judged) {
  return CATEGORIES.map((label) => CATEGORIES.map((c) => judged.filter(({ row, got }) => row.label.category === label && got.category === c).length));
}

/** Servers drawn with replacement, by a generator with a fixed seed: between which figures 95 of 100 draws lie. */
function interval(judged) {
  const byServer = [...grouped(judged)];
  let state = 42;
  const next = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
  const draws = Array.from({ length: DRAWS }, () => figures(Array.from(byServer, () => byServer[Math.floor(next() * byServer.length)]).flat()));
  const between = (key) => {
    const values = draws.map((d) => d[key].percent).filter((v) => v !== null).toSorted((a, b) => a - b);
    return [values[Math.floor(values.length * 0.025)] ?? null, values[Math.floor(values.length * 0.975)] ?? null];
  };
  return Object.fromEntries(['categorySure', 'categoryAll', 'dangerousMissed', 'riskWithinOne'].map((key) => [key, between(key)]));
}

function grouped(judged) {
  const map = new Map();
  for (const one of judged) map.set(one.row.server, [...(map.get(one.row.server) ?? []), one]);
  return map.values();
}

const withheld = rows.map((row) => judge(row, false));
const given = rows.map((row) => judge(row, true));
const folds = Array.from({ length: FOLDS }, (_, fold) => figures(withheld.filter(({ row }) => hash(row.server) % FOLDS === fold)));
const servers = [...grouped(withheld)].map((part) => ({ server: part[0].row.server, ...figures(part) })).toSorted((a, b) => (a.server < b.server ? -1 : 1));
const errors = withheld.filter((j) => !right(j) || !near(j)).map(({ row, got }) => ({
  server: row.server, tool: row.tool.name, label: row.label, got: { category: got.category, risk: got.risk, confidence: got.confidence },
  evidence: got.evidence.slice(0, 6).map((e) => `${e.place}:${e.term}>${e.suggests}`),
}));

const cpu = process.cpuUsage();
for (const row of rows) judge(row, false);
const spent = process.cpuUsage(cpu);
const milliseconds = Math.round((spent.user + spent.system) / rows.length) / 1000;

if (options.includes('--json')) {
  const result = {
    withheld: { ...figures(withheld), confusion: confusion(withheld), interval: interval(withheld) },
    given: { ...figures(given), confusion: confusion(given) },
    categories: CATEGORIES, folds, servers, errors, millisecondsPerTool: milliseconds,
  };
  console.log(JSON.stringify(result, null, 2));
} else {
  report('annotations withheld', withheld);
  const spread = interval(withheld);
  console.log(`  95 of 100 draws of servers: sure ${spread.categorySure.join('-')} %, all ${spread.categoryAll.join('-')} %, missed ${spread.dangerousMissed.join('-')} %, risk ${spread.riskWithinOne.join('-')} %`);
  report('annotations given, server not trusted', given);
  console.log('\nby servers, annotations withheld (category on sure rows / all rows; dangerous called read or write; risk within one)');
  folds.forEach((part, i) => console.log(`  fold ${i + 1}: ${line(part)}`));
  if (options.includes('--servers')) for (const part of servers) console.log(`  ${part.server}: ${line(part)}`);
  console.log(`\n${milliseconds.toFixed(3)} ms of processor per tool, warm, scanning of the JSON text included`);
  if (options.includes('--errors')) {
    for (const e of errors) console.log(`${e.label.category}/${e.label.risk}${e.label.sure ? '' : '?'} got ${e.got.category}/${e.got.risk} ${e.server} ${e.tool} [${e.evidence.join(' ')}]`);
  }
}

function text({ of, count, percent }) {
  return percent === null ? 'no rows' : `${percent.toFixed(1)} % (${count}/${of})`;
}

function line(part) {
  return `${text(part.categorySure)} / ${text(part.categoryAll)}; ${text(part.dangerousMissed)}; ${text(part.riskWithinOne)}`;
}

function report(title, judged) {
  const part = figures(judged);
  console.log(`\n${title}: ${part.tools} tools of ${part.servers} servers`);
  console.log(`${'labelled'.padEnd(14)}${CATEGORIES.map((c) => c.padStart(12)).join('')}`);
  confusion(judged).forEach((counts, i) => console.log(`${CATEGORIES[i].padEnd(14)}${counts.map((n) => String(n).padStart(12)).join('')}`));
  const names = { categorySure: 'category, sure rows', categoryAll: 'category, all rows', dangerousMissed: 'dangerous called read or write', dangerousMissedSure: '  of them sure', riskEqual: 'risk equal', riskWithinOne: 'risk within one class' };
  for (const [key, name] of Object.entries(names)) console.log(`  ${name.padEnd(34)}${text(part[key])}`);
}
