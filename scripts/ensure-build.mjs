// Builds dist/ when it is older than what it is made of. Vitest runs this once before the tests (`globalSetup`), so a test that
// starts `dist/bin.mjs` never tests yesterday's code.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const lock = join(repository, 'node_modules/.cache/policylayer-build.lock');

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Newest change among the sources of the build, directories included so that a deletion counts. */
function newestSource() {
  let newest = Math.max(...['package-lock.json', 'scripts/build.mjs', 'scripts/tsconfig.types.json', 'src', 'web'].map((path) => modified(join(repository, path))));
  for (const room of ['src', 'web']) {
    for (const entry of readdirSync(join(repository, room), { recursive: true, withFileTypes: true })) {
      newest = Math.max(newest, modified(join(entry.parentPath, entry.name)));
    }
  }
  return newest;
}

const isStale = () => newestSource() > modified(join(repository, 'dist/meta.json'));

/**
 * Builds when needed; two callers at the same time build once. When the sources do not build, dist/ is removed: the tests that
 * start the program then fail, and those that do not still run.
 */
export default async function ensureBuild() {
  if (!isStale()) return;
  mkdirSync(dirname(lock), { recursive: true });
  for (const deadline = Date.now() + 120_000; ; await sleep(200)) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (Date.now() > deadline || Date.now() - modified(lock) > 120_000) rmSync(lock, { recursive: true, force: true });
    }
  }
  try {
    if (isStale()) execFileSync(process.execPath, [join(repository, 'scripts/build.mjs'), '--keep-chunks'], { cwd: repository, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    rmSync(join(repository, 'dist'), { recursive: true, force: true });
    const lines = `${error.stdout ?? ''}${error.stderr ?? ''}`.split('\n').filter((line) => /error/i.test(line));
    process.stderr.write(`the build failed, tests of the program will fail:\n${lines.slice(0, 8).join('\n')}\n`);
    if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = 1;
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureBuild();
