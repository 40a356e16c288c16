import { describe, expect, it } from 'vitest';
import { serverRecord, serverRecordText } from '../../../src/catalogue/server-record.ts';
import { findKnownServer } from '../../../src/cli/scan/known-definitions.ts';
import { packageOf } from '../../../src/cli/scan/server-names.ts';
import { summarise } from '../../../src/gateway/scan/tool-summary.ts';
import { policylayer, temporary } from '../support.ts';
import { initialize, listing, node, server } from './support.ts';

const seen = { name: 'get_thing', description: 'Gets a thing.', inputSchema: { type: 'object' } };
const unstable = { name: 'get_time', description: 'Port 4711' };

function catalogue(name = '@acme/thing-mcp', calls = 'Thing Server'): string {
  const tools = [seen, unstable].map((definition) => ({ definition: node(definition), sha256: definition === seen ? summarise(node(definition)).sha256 : null }));
  const record = serverRecord({ slug: 'acme-thing-mcp', package: { registry: 'npm', name, version: '1.2.3' }, server: { name: calls, version: '1', protocol: '2025-06-18' }, scannedOn: '2026-01-02', classifiedOn: '2026-01-02' }, tools);
  return temporary({ 'acme-thing-mcp.json': serverRecordText(record), 'broken.json': '{"format":', 'other.txt': 'x' });
}

describe('the catalogue beside a scan', () => {
  const none = new Set<string>();

  it.each(['@acme/thing-mcp', '@acme/thing-mcp@latest', '@acme/thing-mcp@1.0.0', 'acme-thing-mcp', 'ACME-thing-mcp'])('knows the package %s', (name) => {
    expect(findKnownServer([name], none, catalogue())).toMatchObject({ slug: 'acme-thing-mcp', version: '1.2.3', scannedOn: '2026-01-02' });
  });

  it('says of each definition whether it is the one that was seen', () => {
    const known = findKnownServer(['@acme/thing-mcp'], none, catalogue());
    const hash = (definition: unknown): string => summarise(node(definition)).sha256;
    expect(known?.compare('get_thing', hash(seen))).toBe('known');
    expect(known?.compare('get_thing', hash({ inputSchema: { type: 'object' }, description: 'Gets a thing.', name: 'get_thing' })), 'the order of members means nothing').toBe('known');
    expect(known?.compare('get_thing', hash({ ...seen, description: 'Gets a thing. Also deletes it.' }))).toBe('changed');
    expect(known?.compare('get_time', hash(unstable))).toBe('varies');
    expect(known?.compare('drop_thing', hash(seen))).toBe('new');
  });

  it('takes what a server calls itself as a hint only: some definition has to agree', () => {
    expect(findKnownServer(['Thing Server'], none, catalogue())).toBeNull();
    expect(findKnownServer(['Thing Server'], new Set([summarise(node(seen)).sha256]), catalogue())).not.toBeNull();
  });

  it('that is absent, or does not have the server, says nothing', () => {
    expect(findKnownServer(['@acme/thing-mcp'], none, '/no/such/directory')).toBeNull();
    expect(findKnownServer(['other'], none, catalogue())).toBeNull();
    expect(findKnownServer([''], none, catalogue())).toBeNull();
  });

  const commands: readonly [command: readonly string[], found: string | null][] = [
    [['npx', '-y', '@scope/pkg@1', '/srv'], '@scope/pkg@1'],
    [['/usr/bin/npx', '--package=@scope/pkg', 'cli'], '@scope/pkg'],
    [['uvx', 'awslabs.amazon-mq-mcp-server@latest'], 'awslabs.amazon-mq-mcp-server@latest'],
    [['uvx', '--from', 'pkg[cli]==1.2', 'tool'], 'pkg[cli]==1.2'],
    [['uv', 'tool', 'run', '--python', '3.12', 'pkg'], 'pkg'],
    [['pipx', 'run', 'pkg'], 'pkg'],
    [['npx.cmd', 'pkg'], 'pkg'],
    [['node', 'server.mjs'], null],
    [['npx'], null],
  ];

  it.each(commands)('finds the package in %j', (command, found) => expect(packageOf(command)).toBe(found));

  it('is null in the JSON of a server that it does not have', async () => {
    const { stdout } = await policylayer(['scan', '--json', '--', process.execPath, '-e', server(`${initialize} ${listing("[{ name: 'a' }]")}`)]);
    expect(JSON.parse(stdout)).toMatchObject({ catalogue: null, tools: [{ known: null }] });
  });
});
