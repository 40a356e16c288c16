import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readServerRecord, type ServerRecord } from '../../src/catalogue/server-record.ts';
import { catalogueScan, fixture, repository, serverText, startScan, temporary, type Finished } from './support.ts';

const LIST = "if (message.method === 'tools/list')";
const ONE = `${LIST} tools([{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }])(message);`;

/** Tries something, and lists a tool whose name says whether it worked. */
const tries = (attempt: string): string => serverText(`${LIST} { let outcome = 'refused'; try { ${attempt}; outcome = 'worked'; } catch {} tools([{ name: outcome }])(message); }`);
const connect = (host: string, port: number): string => tries(`await new Promise((yes, no) => require('node:net').connect(${port}, '${host}').on('connect', yes).on('error', no))`);

interface Report {
  readonly totals: { readonly listed: number; readonly scanned: number; readonly tools: number };
  readonly servers: readonly { readonly slug: string; readonly status: string; readonly detail: string; readonly tools: number }[];
}

interface Scanned extends Finished {
  readonly out: string;
  readonly cache: string;
  readonly list: string;
  readonly report: Report;
}

const STATUS: readonly [name: string, status: string, tools: number, text: string][] = [
  ['good', 'ok', 1, serverText(ONE)],
  ['hangs', 'timeout', 0, 'setInterval(() => {}, 1000);'],
  ['hangs-in-its-list', 'timeout', 0, serverText('')],
  ['crashes', 'exited', 0, 'process.exit(3);'],
  ['crashes-in-its-list', 'exited', 0, serverText(`${LIST} { process.stdout.write('{"jsonrpc":"2.0","id":2,"resu'); process.exit(0); }`)],
  ['writes-garbage', 'garbage', 0, "process.stdout.write('Listening on port 3000\\n'); setInterval(() => {}, 1000);"],
  ['pages-for-ever', 'endless_list', 0, serverText(`${LIST} tools([{ name: 'a' }], { nextCursor: 'again' })(message);`)],
  ['lists-twice', 'duplicate_tools', 2, serverText(`${LIST} tools([{ name: 'same' }, { name: 'same', description: 'Another.' }])(message);`)],
  ['lists-600-kb', 'ok', 600, serverText(`${LIST} tools(Array.from({ length: 600 }, (_, n) => ({ name: 'tool_' + n, description: 'x'.repeat(1000) })))(message);`)],
  ['asks-for-a-key', 'credentials_needed', 0, "console.error('Error: ACME_API_KEY environment variable is required'); process.exit(1);"],
  ['waits-for-a-key', 'credentials_needed', 0, "console.error('Enter your password:'); setInterval(() => {}, 1000);"],
  ['wants-the-network', 'needs_network', 0, "require('node:https').get('https://example.com').on('error', (e) => { console.error('Error: ' + e.message); process.exit(1); });"],
  ['misses-a-module', 'broken_package', 0, "require('acme-that-nobody-installed');"],
  ['has-no-tools', 'no_tools', 0, serverText(`${LIST} tools([])(message);`)],
  ['breaks-the-protocol', 'protocol_error', 0, serverText(`${LIST} tools({ a: 1 })(message);`)],
  ['refuses', 'refused', 0, serverText(`${LIST} send({ jsonrpc: '2.0', id: message.id, error: { code: -32000, message: 'not today' } });`)],
  ['eats-memory', 'over_memory', 0, 'const held = []; setInterval(() => held.push(Buffer.alloc(16 * 1024 * 1024, 1)), 20);'],
  ['tries-loopback-of-the-host', 'ok', 1, 'replaced by the port of the test'],
  ['tries-an-address', 'ok', 1, connect('192.0.2.1', 80)],
  ['tries-its-package', 'ok', 1, tries("require('node:fs').writeFileSync(__dirname + '/mark', 'x')")],
  ['tries-the-repository', 'ok', 1, tries(`require('node:fs').readFileSync(${JSON.stringify(join(repository, 'package.json'))})`)],
  ['tries-root', 'ok', 1, tries("if (process.getuid() !== 0) throw 0; require('node:fs').writeFileSync('/etc/policylayer-mark', 'x')")],
  ['tells-its-environment', 'ok', 1, serverText(`${LIST} tools([{ name: Object.keys(process.env).filter((n) => /SECRET|ACME/.test(n)).sort().join(' ') }])(message);`)],
  ['names-its-directory', 'ok', 2, serverText(`${LIST} tools([{ name: 'here', description: 'Works in ' + process.cwd() }, { name: 'anywhere' }])(message);`)],
  ['shuffles', 'ok', 3, serverText(`${LIST} tools(['a', 'b', 'c'].map((name) => ({ name })).sort(() => Math.random() - 0.5))(message);`)],
];

const probe = await catalogueScan(['--list', writeList(temporary(), 'servers: []\n'), '--out', temporary(), '--cache', temporary()]);
const possible = probe.status === 0;
if (!possible) {
  process.stderr.write(`catalogue:scan is not tested here: ${probe.stderr}`);
  if (process.env['POLICYLAYER_REQUIRE_EXTRAS'] === '1') throw new Error('the sandbox of catalogue:scan is required here');
}

function writeList(folder: string, text: string): string {
  const path = join(folder, 'servers.yaml');
  writeFileSync(path, text);
  return path;
}

function record({ out }: Scanned, slug: string): ServerRecord {
  return readServerRecord(JSON.parse(readFileSync(join(out, 'servers', `${slug}.json`), 'utf8')));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((later) => setTimeout(later, 50));
}

async function scanFixtures(): Promise<Scanned> {
  const [packages, out, cache] = [temporary(), temporary(), temporary()];
  const listener = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await new Promise((listening) => listener.once('listening', listening));
  const { port } = listener.address() as { port: number };
  const entries = STATUS.map(([name, , , text]) => {
    const more = name === 'tells-its-environment' ? ', env: { ACME_TOKEN: fake }' : '';
    return fixture(packages, name, name === 'tries-loopback-of-the-host' ? connect('127.0.0.1', port) : text, more);
  });
  const list = writeList(packages, `servers:\n${entries.join('')}`);
  const run = await catalogueScan(['--list', list, '--out', out, '--cache', cache, '--timeout', '4', '--memory', '512', '--jobs', '4', '--json'], { OWNERS_SECRET: 'x' });
  listener.close();
  return { ...run, out, cache, list, report: JSON.parse(readFileSync(join(out, 'scan-report.json'), 'utf8')) as Report };
}

describe.skipIf(!possible)('catalogue:scan', () => {
  let scanned: Scanned;
  beforeAll(async () => {
    scanned = await scanFixtures();
  }, 240_000);

  it('ends with status 0 whatever its servers do, and reports each of them', () => {
    expect(scanned.status, scanned.stderr).toBe(0);
    expect(scanned.report.servers).toHaveLength(STATUS.length);
    expect(scanned.report.totals).toMatchObject({ listed: STATUS.length, scanned: STATUS.filter(([, , tools]) => tools > 0).length });
  });

  it.each(STATUS)('%s: %s, %i tools', (name, status, tools) => {
    expect(scanned.report.servers.find(({ slug }) => slug === name)).toMatchObject({ status, tools });
    expect(existsSync(join(scanned.out, 'servers', `${name}.json`))).toBe(tools > 0);
  });

  it.each(['tries-loopback-of-the-host', 'tries-an-address', 'tries-its-package', 'tries-the-repository', 'tries-root'])('%s: refused', (name) => {
    expect(record(scanned, name).tools.map((tool) => tool.name)).toEqual(['refused']);
  });

  it('gives a server the variables of its entry and none of the operator', () => {
    expect(record(scanned, 'tells-its-environment').tools.map((tool) => tool.name)).toEqual(['ACME_TOKEN']);
  });

  it('knows no hash of a definition that hangs on the machine, and of the others whatever their order', () => {
    expect(record(scanned, 'names-its-directory').tools.map(({ name, sha256 }) => [name, sha256 !== null])).toEqual([['here', false], ['anywhere', true]]);
    expect(record(scanned, 'shuffles').tools.every(({ sha256 }) => sha256 !== null)).toBe(true);
  });

  it('keeps raw definitions in the cache and out of what it writes, and removes packages', () => {
    expect(readFileSync(join(scanned.cache, 'definitions/good.json'), 'utf8')).toContain('Looks.');
    expect(readFileSync(join(scanned.out, 'servers/good.json'), 'utf8')).not.toContain('Looks.');
    expect(readdirSync(join(scanned.cache, 'packages'))).toEqual([]);
  });

  it('makes the same files from the cache, and starts nothing for it', async () => {
    const files = (): string[] => readdirSync(join(scanned.out, 'servers')).map((file) => readFileSync(join(scanned.out, 'servers', file), 'utf8'));
    const before = files();
    const common = ['--list', scanned.list, '--out', scanned.out, '--cache', scanned.cache];
    for (const more of [['--reclassify'], []]) {
      const run = await catalogueScan([...common, ...more]);
      expect(run.stderr).toContain('0 scanned now');
      expect(files()).toEqual(before);
    }
  });
});

describe.skipIf(!possible)('a scan that is broken off', () => {
  it('leaves no server behind', async () => {
    const packages = temporary();
    const mark = `policylayer-mark-${process.pid}`;
    const list = writeList(packages, `servers:\n${fixture(packages, 'hangs', 'setInterval(() => {}, 1000);', `, args: [${mark}]`)}`);
    const running = (): readonly string[] => readdirSync('/proc').filter((pid) => /^[0-9]+$/.test(pid) && commandOf(pid).includes(`server.cjs\0${mark}`));
    const scan = startScan(['--list', list, '--out', temporary(), '--cache', temporary()]);
    await until(() => running().length > 0);
    scan.child.kill('SIGTERM');
    expect((await scan.finished).status).toBe(130);
    await until(() => running().length === 0);
  });
});

describe('a list that is wrong is refused as a whole, with every mistake', () => {
  it.each([
    ['a mistake in each entry', 'servers:\n  - { registry: x }\n  - { registry: npm, name: "../x" }\n  - { registry: npm, name: x, version: 1.0 }\n  - { registry: npm, name: y, typo: 1 }\n', ['servers[0]: registry', 'servers[1]: name', 'servers[2]: version', 'servers[3]: unknown field typo']],
    ['one slug twice', "servers:\n  - { registry: npm, name: x, version: '1.0.0' }\n  - { registry: pypi, name: x, version: '1.0.0' }\n", ['x: stands twice']],
    ['no exact version', 'servers:\n  - { registry: npm, name: x }\n', ['entries without an exact version: x']],
    ['an option as a version', "servers:\n  - { registry: npm, name: x, version: '--global' }\n", ['version: expected an exact version']],
    ['credentials that are nowhere', "servers:\n  - { registry: npm, name: x, version: '1.0.0', credentials: [y] }\n", ['there is no set y']],
    ['no list', 'servers: 7\n', ['servers: expected a list']],
    ['no YAML', 'servers: [\n', ['servers.yaml']],
  ])('%s', async (_title, text, problems) => {
    const out = temporary();
    const { status, stderr } = await catalogueScan(['--list', writeList(temporary(), text), '--out', out, '--cache', temporary()]);
    expect(status).toBe(2);
    for (const problem of problems) expect(stderr).toContain(problem);
    expect(readdirSync(out)).toEqual([]);
  });

  it('a cache inside of the repository is refused: what others wrote stays out of it', async () => {
    const { status, stderr } = await catalogueScan(['--list', writeList(temporary(), 'servers: []\n'), '--out', temporary(), '--cache', join(repository, 'catalogue')]);
    expect(status).toBe(2);
    expect(stderr).toContain('outside of the repository');
  });
});
