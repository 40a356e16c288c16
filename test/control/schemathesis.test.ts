import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { World } from './harness.ts';

// `schemathesis` (PyPI, through uv) reads the OpenAPI document of a running control plane and sends what the document allows and what it forbids.
// One worker: with more, Python 3.11 itself fails now and then. SCHEMATHESIS_SECONDS (default 20, at most 120) bounds the fuzzing; SCHEMATHESIS_ONLY=operationId tries one operation.
const PACKAGE = 'schemathesis==4.32.5';
const SECONDS = Math.min(120, Number(process.env['SCHEMATHESIS_SECONDS'] ?? '20'));
const ONLY = process.env['SCHEMATHESIS_ONLY'];

/** What never ends by itself, or starts programs that the fuzzer has named. */
const NEVER = ['streamEvents', 'scanServer', 'startServerOAuth'];
/** What can take away the rights of the one who tries: tried last. */
const LAST = ['deleteToken', 'deleteMember', 'changeMember'];

const missing = spawnSync('uvx', ['--from', PACKAGE, 'schemathesis', '--version'], { timeout: 60_000, encoding: 'utf8' }).status !== 0;
if (missing && process.env['POLICYLAYER_REQUIRE_EXTRAS'] === '1') throw new Error('uvx or schemathesis is missing');
if (missing) process.stderr.write('skipped: schemathesis, because uvx or the package is not here\n');

async function run(world: World, directory: string, seconds: number, chosen: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const admin = await world.token('admin');
  const args = [
    '--from', PACKAGE, 'schemathesis', 'run', `${world.url}/api/v1/openapi.json`, '--url', world.url, '--header', `Authorization: Bearer ${admin.secret}`,
    '--checks', 'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance,negative_data_rejection,unsupported_method,ignored_auth',
    '--phases', 'examples,coverage,fuzzing', '--max-examples', '30', '--max-time', String(seconds), '--workers', '1', '--request-timeout', '20', '--suppress-health-check', 'all', '--seed', '1', '--generation-database', 'none', '--no-color',
    ...chosen,
  ];
  return new Promise((resolve) => {
    const child = spawn('uvx', args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'], timeout: (seconds + 60) * 1_000, env: { ...process.env, HYPOTHESIS_STORAGE_DIRECTORY: join(directory, 'examples') } });
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    child.on('close', (code) => resolve({ code, output }));
  });
}

it.skipIf(missing)('schemathesis finds no server error and no answer that the OpenAPI document does not allow', async () => {
  const world = await World.start();
  const directory = mkdtempSync(join(tmpdir(), 'policylayer-schemathesis-'));
  try {
    writeFileSync(join(directory, 'schemathesis.toml'), '[checks]\nnegative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429, 431, 503]\n');
    await things(world);
    const without = [...NEVER, ...LAST].flatMap((id) => ['--exclude-operation-id', id]);
    const runs = ONLY === undefined ? [without, LAST.flatMap((id) => ['--include-operation-id', id])] : [['--include-operation-id', ONLY]];
    for (const [index, chosen] of runs.entries()) {
      const { code, output } = await run(world, directory, index === 0 ? SECONDS : 8, chosen);
      const kept = process.env['SCHEMATHESIS_OUTPUT'];
      if (kept !== undefined) appendFileSync(kept, output);
      const internal = world.lines.filter((line) => / failed \(request /.test(line));
      expect(internal, internal.join('\n').slice(0, 10_000)).toEqual([]);
      expect(code, told(output)).toBe(0);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
    await world.stop();
  }
}, 300_000);

/** A server, a policy and a grant of the shortest name that a fuzzer makes, so that it gets further than `not_found`. */
async function things({ registry, services }: World): Promise<void> {
  const result = await registry.apply([
    { op: 'put', kind: 'server', name: '0', value: { kind: 'command', command: ['0'], cwd: null, env: {}, description: null, isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'hold', enabled: true } },
    { op: 'put', kind: 'policy', name: '0', value: { server: '0', description: null, draft: null, published: null } },
    { op: 'publish', policy: '0', text: 'version: 1\nname: zero\ndefault: deny\n', stage: 'enforce', comment: null, author: 'test' },
    { op: 'put', kind: 'grant', name: '0', value: { server: '0', tags: [], policies: ['0'], tokenSha256: null, tokenHint: null, previous: null, oauth: null, expiresAt: null, revokedAt: null, rotatedAt: null, createdBy: 'test' } },
  ], []);
  if (!result.ok) throw new Error(result.why);
  await services.refresh();
}

/** What failed, without the values that a fuzzer makes too long to read. */
function told(output: string): string {
  const from = output.search(/^=+ (?:FAILURES|ERRORS) =+$/m);
  return output.slice(from < 0 ? -5_000 : from).split('\n').map((line) => line.slice(0, 300)).join('\n').slice(0, 15_000);
}
