// Measures the classifier on labelled tools: node scripts/catalogue/evaluate.mjs [FILE] [--half=dev|held] [--errors]
// Annotations are withheld first and given then. Servers are split in two halves and in five folds by the hash of their
// names. The rules are not fitted by a program, and their authors have seen the errors of both halves of tools-dev.jsonl: on that file
// the parts show the spread between servers, not what unseen servers give. On a FILE that nobody has tuned on, they show both.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CATEGORIES = ['read', 'write', 'execute', 'destructive', 'financial'];
const RISKS = ['low', 'medium', 'high', 'critical'];
const FOLDS = 5;

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

const share = (part, whole) => (whole.length === 0 ? 'no rows' : `${((100 * part.length) / whole.length).toFixed(1)} % (${part.length}/${whole.length})`);
const right = ({ row, got }) => row.label.category === got.category;
const dangerous = ({ row }) => CATEGORIES.indexOf(row.label.category) >= 2;
const missed = ({ got }) => got.category === 'read' || got.category === 'write';
const near = ({ row, got }) => Math.abs(RISKS.indexOf(row.label.risk) - RISKS.indexOf(got.risk)) <= 1;

function figures(judged) {
  const sure = judged.filter(({ row }) => row.label.sure);
  const danger = judged.filter(dangerous);
  return [
    ['category, sure rows', share(sure.filter(right), sure)],
    ['category, all rows', share(judged.filter(right), judged)],
    ['dangerous called read or write', share(danger.filter(missed), danger)],
    ['  of them sure', share(danger.filter((j) => j.row.label.sure && missed(j)), danger.filter((j) => j.row.label.sure))],
    ['risk equal', share(judged.filter(({ row, got }) => row.label.risk === got.risk), judged)],
    ['risk within one class', share(judged.filter(near), judged)],
  ];
}

function report(title, judged) {
  console.log(`\n${title}: ${judged.length} tools of ${new Set(judged.map(({ row }) => row.server)).size} servers`);
  console.log(`${'labelled'.padEnd(14)}${CATEGORIES.map((c) => c.padStart(12)).join('')}`);
  for (const label of CATEGORIES) {
    const counts = CATEGORIES.map((c) => judged.filter(({ row, got }) => row.label.category === label && got.category === c).length);
    console.log(`${label.padEnd(14)}${counts.map((n) => String(n).padStart(12)).join('')}`);
  }
  for (const [name, value] of figures(judged)) console.log(`  ${name.padEnd(34)}${value}`);
}

const withheld = rows.map((row) => judge(row, false));
report('annotations withheld', withheld);
report('annotations given, server not trusted', rows.map((row) => judge(row, true)));

if (half === undefined) {
  console.log('\nby servers, annotations withheld (category on sure rows / all rows; dangerous called read or write; risk within one)');
  for (let fold = 0; fold < FOLDS; fold++) {
    const part = figures(withheld.filter(({ row }) => hash(row.server) % FOLDS === fold));
    console.log(`  fold ${fold + 1}: ${part[0][1]} / ${part[1][1]}; ${part[2][1]}; ${part[5][1]}`);
  }
  for (const name of ['dev', 'held']) {
    const part = figures(withheld.filter(({ row }) => (hash(row.server) % 2 === 1) === (name === 'held')));
    console.log(`  ${name} half: ${part[0][1]} / ${part[1][1]}; ${part[2][1]}; ${part[5][1]}`);
  }
}
const start = performance.now();
for (const row of rows) judge(row, false);
console.log(`\n${((performance.now() - start) / rows.length).toFixed(3)} ms per tool, warm, scanning of the JSON text included`);

if (options.includes('--errors')) {
  for (const { row, got } of withheld.filter((j) => !right(j) || !near(j))) {
    const why = got.evidence.slice(0, 6).map((e) => `${e.place[0]}:${e.term}>${e.suggests}`).join(' ');
    console.log(`${row.label.category}/${row.label.risk}${row.label.sure ? '' : '?'} got ${got.category}/${got.risk} ${row.server} ${row.tool.name} [${why}]`);
  }
}
