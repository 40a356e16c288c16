import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');

interface Output {
  readonly entryPoint?: string;
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
  readonly bytes: number;
}

const meta = JSON.parse(readFileSync(join(repository, 'dist/meta.json'), 'utf8')) as { outputs: Readonly<Record<string, Output>> };

/** What is loaded before the first line of `run` is executed: everything that these outputs import statically. */
function closure(...entries: readonly string[]): { readonly sources: string[]; readonly externals: Set<string>; readonly bytes: number } {
  const seen = new Set<string>();
  const externals = new Set<string>();
  const queue = [...entries];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const item of meta.outputs[name]?.imports ?? []) {
      if (item.kind !== 'import-statement' && item.kind !== 'require-call') continue;
      if (item.external === true) externals.add(item.path.replace(/^node:/, ''));
      else queue.push(item.path);
    }
  }
  const outputs = [...seen].map((name) => meta.outputs[name]).filter((output) => output !== undefined);
  return { sources: outputs.flatMap((output) => Object.keys(output.inputs)), externals, bytes: outputs.reduce((sum, output) => sum + output.bytes, 0) };
}

function outputOf(entryPoint: string): string {
  const found = Object.entries(meta.outputs).find(([, output]) => output.entryPoint === entryPoint)?.[0];
  if (found === undefined) throw new Error(`no output of ${entryPoint}`);
  return found;
}

const run = closure('dist/bin.mjs', outputOf('src/cli/commands/run.ts'));

describe('the bundle of `policylayer run`', () => {
  it('is what this test looks at', () => {
    for (const file of ['src/cli/bin.ts', 'src/cli/commands/run.ts', 'src/gateway/run.ts', 'src/gateway/govern.ts', 'src/policy/compiled-policy.ts', 'src/wire/scan.ts']) expect(run.sources).toContain(file);
  });

  it.each(['yaml', 'undici', 'libsql', 'commander', 'zod'])('does not hold the package %s', (name) => {
    expect(run.sources.filter((source) => source.includes(`node_modules/${name}/`))).toEqual([]);
    expect([...run.externals]).not.toContain(name);
  });

  it('holds no package at all', () => {
    expect(run.sources.filter((source) => source.includes('node_modules/'))).toEqual([]);
  });

  it.each(['sqlite', 'http', 'https', 'http2', 'net', 'tls', 'dns', 'worker_threads'])('does not load the Node module %s', (name) => {
    expect([...run.externals]).not.toContain(name);
  });

  it('holds no code of the database, of the HTTP front or of gateway.yaml', () => {
    expect(run.sources.filter((source) => /^src\/(state\/(?!types)|gateway\/http\/|gateway\/bridge\/|cli\/scan\/|upstream\/http-)/.test(source))).toEqual([]);
  });

  it('is small: under 240 KB of text to parse at every start', () => {
    expect(run.bytes).toBeLessThan(240_000);
  });

  it('finds a package where there is one: the other commands do hold commander', () => {
    expect(closure(outputOf('src/cli/program.ts')).sources.some((source) => source.includes('node_modules/commander/'))).toBe(true);
  });

  it('the entry itself answers --help of run without loading commander', () => {
    const trace = spawnSync(process.execPath, [join(repository, 'dist/bin.mjs'), 'run', '--help'], { encoding: 'utf8', env: { ...process.env, NODE_DEBUG: 'esm' } });
    expect(trace.stdout).toContain('policylayer run --policy FILE');
    expect(trace.status).toBe(0);
    const program = outputOf('src/cli/program.ts').replace('dist/', '');
    expect(trace.stderr).not.toContain(program);
  });
});
