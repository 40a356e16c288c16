import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
const temporary: string[] = [];

interface Report {
  readonly files: number;
  readonly violations: readonly { readonly rule: string; readonly from: string; readonly to: string }[];
}

/** Cruises a tree of source files; paths are relative to its root. */
async function cruise(files: Readonly<Record<string, string>>): Promise<Report> {
  const root = mkdtempSync(join(tmpdir(), 'walls-fixture-'));
  temporary.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return walls(root);
}

async function walls(root: string): Promise<Report> {
  const args = [join(repository, 'scripts/walls.mjs'), '--json', '--root', root];
  const { stdout } = await run(process.execPath, args, { cwd: repository }).catch((error: { stdout: string }) => error);
  return JSON.parse(stdout) as Report;
}

afterAll(() => {
  for (const root of temporary) rmSync(root, { recursive: true, force: true });
});

const leaf = 'export interface T { readonly a: number }\nexport const a = 1;\n';

describe('the walls between the rooms', () => {
  it('hold in this repository', async () => {
    const report = await walls(repository);
    expect(report.violations).toEqual([]);
    expect(report.files).toBeGreaterThan(5);
  });

  it('let every import that runs downwards pass', async () => {
    const report = await cruise({
      'src/wire/a.ts': leaf,
      'src/mcp/a.ts': "import { a } from '../wire/a.ts';\nexport const b = a;\n",
      'src/policy/types.ts': leaf,
      'src/policy/b.ts': "import { createHash } from 'node:crypto';\nexport const b = createHash('sha256');\n",
      'src/policy/yaml.ts': "import { parseDocument } from 'yaml';\nexport const b = parseDocument('');\n",
      'src/state/a.ts': "import type { T } from '../policy/types.ts';\nimport { readFileSync } from 'node:fs';\nexport const b = (t: T) => readFileSync(String(t.a));\n",
      'src/upstream/a.ts': "import { spawn } from 'node:child_process';\nexport const b = spawn;\n",
      'src/gateway/a.ts': "import { b } from '../upstream/a.ts';\nexport const c = b;\n",
      'src/cli/a.ts': "export const go = async () => import('../gateway/a.ts');\n",
    });
    expect(report).toEqual({ files: 9, violations: [] });
  });

  const forbidden: readonly [title: string, from: string, source: string, to: string][] = [
    ['a value import upwards', 'src/wire/b.ts', "import { a } from '../mcp/a.ts';\nexport const b = a;\n", 'src/mcp/a.ts'],
    ['a type-only import upwards', 'src/mcp/b.ts', "import type { T } from '../policy/a.ts';\nexport type B = T;\n", 'src/policy/a.ts'],
    ['an inline type import upwards', 'src/mcp/b.ts', "import { type T } from '../policy/a.ts';\nexport type B = T;\n", 'src/policy/a.ts'],
    ['a type re-export upwards', 'src/mcp/b.ts', "export type { T } from '../policy/a.ts';\n", 'src/policy/a.ts'],
    ['a star re-export upwards', 'src/mcp/b.ts', "export * from '../gateway/a.ts';\n", 'src/gateway/a.ts'],
    ['a dynamic import upwards', 'src/upstream/b.ts', "export const b = async () => import('../gateway/a.ts');\n", 'src/gateway/a.ts'],
    ['a side-effect import upwards', 'src/state/b.ts', "import '../cli/a.ts';\n", 'src/cli/a.ts'],
    ['the gateway importing control', 'src/gateway/b.ts', "import { a } from '../control/a.ts';\nexport const b = a;\n", 'src/control/a.ts'],
    ['state deciding by policy', 'src/state/b.ts', "import { a } from '../policy/a.ts';\nexport const b = a;\n", 'src/policy/a.ts'],
    ['policy importing state', 'src/policy/b.ts', "import { a } from '../state/a.ts';\nexport const b = a;\n", 'src/state/a.ts'],
    ['policy reading files', 'src/policy/b.ts', "import { readFileSync } from 'node:fs';\nexport const b = readFileSync;\n", 'fs'],
    ['policy reading files without the prefix', 'src/policy/b.ts', "import * as fs from 'fs/promises';\nexport const b = fs;\n", 'fs/promises'],
    ['the catalogue opening sockets', 'src/catalogue/b.ts', "import net from 'node:net';\nexport const b = net;\n", 'net'],
    ['wire depending on a package', 'src/wire/b.ts', "import { parse } from 'yaml';\nexport const b = parse;\n", 'node_modules/yaml/dist/index.js'],
    ['policy depending on another package', 'src/policy/b.ts', "import { Pool } from 'undici';\nexport const b = Pool;\n", 'node_modules/undici/index.js'],
    ['the gateway starting a process', 'src/gateway/b.ts', "import { spawn } from 'node:child_process';\nexport const b = spawn;\n", 'child_process'],
    ['a command using an upstream directly', 'src/cli/b.ts', "import { a } from '../upstream/a.ts';\nexport const b = a;\n", 'src/upstream/a.ts'],
    ['a command opening a link to an upstream', 'src/cli/b.ts', "export const b = async () => import('../gateway/open-http-link.ts');\n", 'src/gateway/open-http-link.ts'],
    ['the gateway opening a database', 'src/gateway/b.ts', "import Database from 'libsql';\nexport const b = Database;\n", 'node_modules/libsql/index.js'],
    ['an import of nothing', 'src/cli/b.ts', "import { a } from './missing.ts';\nexport const b = a;\n", './missing.js'],
  ];

  // One file per violation, all in one tree: a cruise takes a second.
  const files = forbidden.map(([, from], index) => from.replace('b.ts', `b${index}.ts`));
  let report: Report;

  beforeAll(async () => {
    const rooms = ['wire', 'mcp', 'policy', 'state', 'upstream', 'gateway', 'control', 'cli', 'catalogue'];
    report = await cruise({
      ...Object.fromEntries(rooms.map((room) => [`src/${room}/a.ts`, leaf])),
      'src/gateway/open-http-link.ts': leaf,
      ...Object.fromEntries(forbidden.map(([, , source], index) => [files[index] ?? '', source])),
    });
  });

  it.each(forbidden.map(([title, , , to], index) => [title, files[index] ?? '', to] as const))('%s is found', (_title, from, to) => {
    const found = report.violations.filter((violation) => violation.from === from);
    expect(found.length).toBeGreaterThan(0);
    for (const violation of found) expect(violation.to).toBe(to);
  });

  it('nothing else is found', () => {
    expect(report.violations.filter((violation) => !files.includes(violation.from))).toEqual([]);
  });

  it('a cycle at run time is found, one of types alone is not', async () => {
    const types = await cruise({
      'src/wire/a.ts': "import type { B } from './b.ts';\nexport interface A { readonly b: B }\n",
      'src/wire/b.ts': "import type { A } from './a.ts';\nexport interface B { readonly a: A }\n",
    });
    expect(types.violations).toEqual([]);
    const values = await cruise({
      'src/wire/a.ts': "import { b } from './b.ts';\nexport const a = () => b;\n",
      'src/wire/b.ts': "import { a } from './a.ts';\nexport const b = () => a;\n",
    });
    expect(values.violations.map((violation) => violation.rule)).toContain('no-cycles');
  });
});
