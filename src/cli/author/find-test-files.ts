import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../usage-error.ts';

const TEST_FILE = /\.test\.(ya?ml|json)$/;
const SKIPPED = new Set(['node_modules', '.git']);

/**
 * The test files that were named: a file stands for itself, a directory for every `*.test.yaml` below it. In the order of the command
 * line, each once.
 * @throws UsageError for a directory without test files
 */
export function findTestFiles(paths: readonly string[]): string[] {
  const files: string[] = [];
  for (const path of paths) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
      files.push(path);
      continue;
    }
    const below = walk(path);
    if (below.length === 0) throw new UsageError(`${path} holds no test file`, 'a test file is named NAME.test.yaml');
    files.push(...below);
  }
  return [...new Set(files)];
}

function walk(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    // Links to directories are not followed: they may lead round in circles.
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : walk(path);
    return TEST_FILE.test(entry.name) ? [path] : [];
  });
}
