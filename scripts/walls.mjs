// Holds the walls of docs/architecture.md with dependency-cruiser.
//
// dependency-cruiser reads TypeScript through the compiler's JS API, which TypeScript 7 does not have. So each file of src/ is
// stripped of its types by esbuild, one output per file, and the output is cruised. `import type` would vanish on the way
// although a type is a dependency too, so it is turned into a plain import first. Cycles are looked for in a second tree without
// type imports: two files may know each other's types.
//
// Usage: node scripts/walls.mjs [--root DIR] [--json]     (DIR holds src/; exit 1 on a violation, 2 when nothing could be checked)
import { transformSync } from 'esbuild';
import { cruise } from 'dependency-cruiser';
import { createRequire } from 'node:module';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({ options: { root: { type: 'string', default: repository }, json: { type: 'boolean', default: false } } });
const { forbidden, options } = createRequire(import.meta.url)('../.dependency-cruiser.cjs');

/** Writes `src/**.ts` as JavaScript under `target`, import for import. */
function emit(root, target, keepTypes) {
  let files = 0;
  for (const entry of readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.d.ts')) continue;
    const from = join(entry.parentPath, entry.name);
    let source = readFileSync(from, 'utf8');
    if (keepTypes) {
      source = source.replace(/^(\s*)import\s+type\s+(?=[{*\w])/gm, '$1import ').replace(/^(\s*)export\s+type\s+(?=[{*])/gm, '$1export ');
    }
    const { code } = transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'es2023',
      // Keeps imports of names that are only used as types.
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    });
    const to = join(target, relative(root, from)).replace(/\.ts$/, '.js');
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, code.replace(/((?:from|import|import\()\s*["'](?:\.{1,2}\/)[^"']+)\.ts(["'])/g, '$1.js$2'));
    files += 1;
  }
  return files;
}

async function violationsOf(root, keepTypes, rules) {
  const target = realpathSync(mkdtempSync(join(tmpdir(), 'policylayer-walls-')));
  try {
    const files = emit(root, target, keepTypes);
    symlinkSync(join(repository, 'node_modules'), join(target, 'node_modules'), 'dir');
    const { output } = await cruise(['src'], {
      ...options,
      baseDir: target,
      preserveSymlinks: true,
      validate: true,
      ruleSet: { forbidden: rules },
    });
    return { files, violations: output.summary.violations };
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

const root = resolve(values.root);
const walls = await violationsOf(root, true, forbidden.filter((rule) => rule.name !== 'no-cycles'));
const cycles = await violationsOf(root, false, forbidden.filter((rule) => rule.name === 'no-cycles'));
const violations = [...walls.violations, ...cycles.violations].map((violation) => ({
  rule: violation.rule.name,
  from: violation.from.replace(/\.js$/, '.ts'),
  to: violation.to.replace(/^(src\/.*)\.js$/, '$1.ts'),
}));

if (walls.files === 0) {
  process.stderr.write('walls: src/ holds no TypeScript, nothing was checked\n');
  process.exitCode = 2;
} else if (values.json) {
  process.stdout.write(`${JSON.stringify({ files: walls.files, violations })}\n`);
} else {
  for (const { rule, from, to } of violations) process.stdout.write(`${from} must not import ${to}  (${rule})\n`);
  process.stdout.write(`walls: ${walls.files} files, ${violations.length} violations\n`);
}
if (violations.length > 0) process.exitCode = 1;
