// Bundles the command line and the dashboard into dist/. Splitting keeps every command behind its own dynamic import, so that `run` loads no
// YAML, no HTTP client and no database driver unless that run needs them (test/walls/stdio-bundle.test.ts holds this).
//
// The result appears at once: a build next to dist/ takes its place when it is complete, so that a process that is starting
// meanwhile never finds half of it.
//
// Usage: node scripts/build.mjs [--keep-chunks]     (keeps the chunks of the build before, which a running program may still load)
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as buildWeb } from 'vite';

process.chdir(resolve(dirname(fileURLToPath(import.meta.url)), '..'));
const target = `dist.new-${process.pid}`;

/** CommonJS packages ask for `require`, which a module does not have. */
const BANNER = "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);";

const common = {
  outdir: target,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: ['libsql'],
  metafile: true,
  // Half of the start of `run` is the parsing of its text. Names stay, so that stack traces can be read.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'linked',
  banner: { js: BANNER },
  logLevel: 'warning',
};
/** `run` is bundled by itself: code shared with other commands would be cut into dozens of small files, each of which costs at the start. */
const runApart = { name: 'run-apart', setup: (build) => build.onResolve({ filter: /^\.\/commands\/run\.ts$/ }, () => ({ path: './run.mjs', external: true })) };

try {
  const builds = await Promise.all([
    build({ ...common, entryPoints: { bin: 'src/cli/bin.ts', policy: 'src/policy/index.ts', catalogue: 'src/catalogue/index.ts' }, chunkNames: 'chunks/[name]-[hash]', plugins: [runApart] }),
    build({ ...common, entryPoints: { run: 'src/cli/commands/run.ts' }, chunkNames: 'chunks/run-[name]-[hash]' }),
    // What the catalogue's pages load in a browser.
    build({ entryPoints: { catalogue: 'src/catalogue/pages/browser/main.ts' }, outdir: target, bundle: true, format: 'iife', target: 'es2020', minify: true, metafile: true, logLevel: 'warning' }),
    // The dashboard. It lies beside the rest and belongs to the same build: pages and API of two versions never meet.
    buildWeb({ configFile: 'web/vite.config.ts', build: { outDir: resolve(target, 'web') } }),
  ]);
  const metas = builds.flatMap((built) => ('metafile' in built ? [built.metafile] : []));
  const meta = { inputs: Object.assign({}, ...metas.map(({ inputs }) => inputs)), outputs: Object.assign({}, ...metas.map(({ outputs }) => outputs)) };
  for (const [file, output] of Object.entries(meta.outputs)) if (file.endsWith('.mjs')) withoutBanner(file, output);
  writeFileSync(join(target, 'meta.json'), JSON.stringify(meta).replaceAll(`${target}/`, 'dist/'));
  chmodSync(join(target, 'bin.mjs'), 0o755);
  declarations(join(target, 'types'));
  if (process.argv.includes('--keep-chunks') && existsSync('dist/chunks')) cpSync('dist/chunks', join(target, 'chunks'), { recursive: true, force: false });
  swap(target, 'dist');
} finally {
  rmSync(target, { recursive: true, force: true });
}

/** Most files hold no CommonJS: then nothing is made for it at every start. */
function withoutBanner(file, output) {
  const text = readFileSync(file, 'utf8');
  const bare = text.replace(`${BANNER}\n`, '');
  if (bare === text || /\brequire\b/.test(bare)) return;
  writeFileSync(file, bare);
  output.bytes = Buffer.byteLength(bare);
}

/** Type declarations of the library entries, `policylayer/policy` and `policylayer/catalogue`. */
function declarations(outDir) {
  const require = createRequire(import.meta.url);
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'scripts/tsconfig.types.json', '--outDir', outDir], { stdio: ['ignore', 'inherit', 'inherit'] });
}

function swap(from, to) {
  const old = `dist.old-${process.pid}`;
  if (existsSync(to)) renameSync(to, old);
  renameSync(from, to);
  rmSync(old, { recursive: true, force: true });
}
