import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse as parseJsonc } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { saveBackup } from '../../../src/cli/init/backups.ts';
import { CONTAINERS, type ClientId, type Location } from '../../../src/cli/init/clients.ts';
import { readConfigFile } from '../../../src/cli/init/config-file.ts';
import { unifiedDiff } from '../../../src/cli/init/diff.ts';
import { groupServers, isWrappable } from '../../../src/cli/init/groups.ts';
import { planFiles, type FilePlan } from '../../../src/cli/init/plan-files.ts';
import { replaceFile } from '../../../src/cli/init/replace-file.ts';
import { isWrapped, readServerSpec } from '../../../src/cli/init/server-spec.ts';
import { undo } from '../../../src/cli/init/undo.ts';
import { temporary } from '../support.ts';
import { jsoncDocument, tomlDocument } from './generators.ts';

const launcher = { node: '/opt/node 24/bin/node', program: '/opt/"policylayer"/dist/bin.mjs' };

interface Wrapped {
  readonly location: Location;
  readonly before: string;
  readonly plan: FilePlan;
}

/** Everything from the file on disk to the plan, as `init` does it. */
function plan(path: string, client: ClientId, text: string): Wrapped {
  writeFileSync(path, text);
  chmodSync(path, 0o640);
  const location: Location = { client, scope: 'user', format: client === 'codex' ? 'toml' : 'jsonc', path, containers: CONTAINERS[client] };
  const file = readConfigFile(location);
  if (file === null) throw new Error('no file');
  const servers = file.content.entries.map((entry) => ({ file, entry, spec: entry.obstacle === null ? readServerSpec(entry.value, client) : ({ kind: 'skip', reason: entry.obstacle } as const) }));
  const settings = { launcher, policy: '/data/p "q"\\r.policy.yaml', server: 's', label: client, data: null, platform: 'linux' as const, findProgram: () => null };
  return { location, before: text, plan: planFiles(groupServers(servers.filter(isWrappable)), () => settings) };
}

/** Writes what was planned and takes it back. @param between what another program does to the file meanwhile */
function throughDisk(directory: string, { location, plan: { files } }: Wrapped, between: (text: string) => string): string {
  const [file] = files;
  if (file === undefined) return readFileSync(location.path, 'utf8');
  saveBackup(directory, new Date(), [{ ...file, after: Buffer.from(file.text) }]);
  replaceFile(file.file, Buffer.from(file.text));
  writeFileSync(location.path, between(readFileSync(location.path, 'utf8')));
  const results = undo({ dataDir: directory, client: null, config: null, force: false, dryRun: false });
  expect(results.map(({ status }) => status)).toEqual([between('') === '' ? 'restored' : 'unwrapped']);
  return readFileSync(location.path, 'utf8');
}

const parse = (client: ClientId, text: string): Record<string, unknown> => (client === 'codex' ? parseToml(text.replace(/^\ufeff/, ''), { integersAsBigInt: 'asNeeded' }) : (parseJsonc(text.replace(/^\ufeff/, ''), [], { allowTrailingComma: true }) as Record<string, unknown>));

describe.each([
  ['JSON with comments', 'cursor', jsoncDocument().map(({ text }) => text), 'mcpServers', '// '],
  ['TOML', 'codex', tomlDocument(), 'mcp_servers', '# '],
] as const)('any document of %s', (_title, client, documents, container, comment) => {
  it('wrapped and taken back is byte for byte what it was, with its mode and time', () => {
    const directory = join(temporary(), client);
    fc.assert(fc.property(documents, (text) => {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory);
      const wrapped = plan(join(directory, 'config'), client, text);
      const { mode, mtimeMs } = statSync(wrapped.location.path);
      expect(throughDisk(directory, wrapped, (each) => each)).toBe(text);
      const after = statSync(wrapped.location.path);
      expect(after.mode).toBe(mode);
      // Node sets times to the microsecond.
      expect(Math.abs(after.mtimeMs - mtimeMs)).toBeLessThan(0.002);
    }), { numRuns: 150 });
  });

  it('taken back after others wrote to the file is what they would have written to the original', () => {
    const directory = join(temporary(), client);
    fc.assert(fc.property(documents, (text) => {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory);
      const change = (each: string): string => (each.startsWith('\ufeff') ? `\ufeff${comment}new\n${each.slice(1)}` : `${comment}new\n${each}`);
      const wrapped = plan(join(directory, 'config'), client, text);
      expect(throughDisk(directory, wrapped, change)).toBe(wrapped.plan.files.length === 0 ? text : change(text));
    }), { numRuns: 150 });
  });

  it('only the wrapped entries change: every character outside of them stays, and other readers read the same there', () => {
    const directory = join(temporary(), client);
    fc.assert(fc.property(documents, (text) => {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory);
      const { plan: { files, refused } } = plan(join(directory, 'config'), client, text);
      expect(refused.filter(({ reason }) => /edited safely/.test(reason))).toEqual([]);
      const [file] = files;
      if (file === undefined) return;
      let at = 0;
      let rest = file.text;
      for (const { entry } of file.members.toSorted((a, b) => a.entry.start - b.entry.start)) {
        expect(rest.startsWith(text.slice(at, entry.start))).toBe(true);
        rest = rest.slice(entry.start - at);
        at = entry.end;
        const saved = file.entries.find((each) => each.path.at(-1) === entry.name);
        expect(rest.startsWith(saved?.after ?? 'missing')).toBe(true);
        rest = rest.slice(saved?.after.length);
      }
      expect(rest).toBe(text.slice(at));

      const [left, right] = [parse(client, text), parse(client, file.text)];
      const [oldServers, newServers] = [left, right].map((each) => each[container] as Record<string, Record<string, unknown>>);
      expect({ ...right, [container]: null }).toEqual({ ...left, [container]: null });
      for (const [name, server] of Object.entries(newServers ?? {})) {
        const old = oldServers?.[name] ?? {};
        const member = file.members.find(({ entry }) => entry.name === name);
        if (member === undefined) {
          expect(server).toEqual(old);
          continue;
        }
        const args = server['args'] as string[];
        expect(isWrapped(server['command'] as string, args)).toBe(true);
        expect(server['command']).toBe(launcher.node);
        if (old['command'] !== undefined) {
          expect(args.slice(args.indexOf('--') + 1)).toEqual([old['command'], ...((old['args'] as string[] | undefined) ?? [])]);
          expect({ ...server, command: 0, args: 0 }).toEqual({ ...old, command: 0, args: 0 });
        } else {
          // What was a header is a variable, and no value of a header stands on the command line.
          const headers = Object.entries((old['headers'] ?? old['http_headers'] ?? {}) as Record<string, string>);
          const env = (server['env'] ?? {}) as Record<string, string>;
          for (const [, value] of headers) expect(Object.values(env)).toContain(value);
          for (const arg of args) expect(arg).not.toMatch(/generated-/);
        }
      }
    }), { numRuns: 300 });
  });

  it('no secret of it is in the differences that are shown', () => {
    const directory = join(temporary(), client);
    fc.assert(fc.property(documents, (text) => {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory);
      const { location, plan: { files } } = plan(join(directory, 'config'), client, text);
      for (const file of files) {
        const diff = unifiedDiff(location, text, file.text, file.edits);
        expect(diff).toContain('--policy');
        expect(diff).not.toMatch(/generated-/);
      }
    }), { numRuns: 100 });
  });
});
