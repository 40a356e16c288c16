import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readGatewayFile } from '../../src/cli/config/gateway-file.ts';
import { loadGateway } from '../../src/cli/config/load.ts';
import { temporary } from './support.ts';

const BASE = 'servers: { s: { command: [x] } }\n';
const ENV = { ALICE: 'pla_0123456789abcdef', SECRET: '0123456789abcdef0123456789abcdef' };

async function read(approvals: string, grants = ''): Promise<{ readonly config: unknown; readonly lines: string[] }> {
  const { file, problems } = await readGatewayFile(`${BASE}${grants}approvals:\n  ${approvals}\n`, '/etc/gateway', ENV);
  const lines = problems.map((problem) => `${problem.severity} ${problem.code} ${problem.message}${problem.found === null ? '' : `: ${problem.found}`}`);
  return { config: file?.approvals ?? null, lines: lines.filter((line) => !line.includes('no grant is configured')) };
}

describe('approvals in gateway.yaml', () => {
  test('everything that can be said is read', async () => {
    const { config, lines } = await read(`{ public_url: "https://gateway.example.com/pl/", webhook: { url: "https://hooks.example.com/x?y=z", secret: "\${SECRET}" }, approvers: [{ name: alice, token: "\${ALICE}" }, { name: Bob B., token_sha256: ${'ab'.repeat(32)} }] }`);
    expect(lines).toEqual([]);
    expect(config).toEqual({
      publicUrl: 'https://gateway.example.com/pl',
      webhook: { url: new URL('https://hooks.example.com/x?y=z'), secret: ENV.SECRET },
      approvers: [{ name: 'alice', tokenSha256: createHash('sha256').update(ENV.ALICE).digest() }, { name: 'Bob B.', tokenSha256: Buffer.from('ab'.repeat(32), 'hex') }],
    });
  });

  test('nothing of it is needed', async () => {
    expect((await read('{}')).config).toEqual({ publicUrl: null, webhook: null, approvers: [] });
    const { file } = await readGatewayFile(BASE, '/etc/gateway', ENV);
    expect(file?.approvals).toEqual({ publicUrl: null, webhook: null, approvers: [] });
  });

  test.each<[string, string]>([
    ['{ publik_url: "https://a.example" }', 'error unknown_key unknown key `publik_url` in `approvals`'],
    ['{ public_url: here }', 'error invalid_value `public_url` is not a URL: `here`'],
    ['{ public_url: "ftp://a.example" }', 'error invalid_value `public_url` has a scheme that is not HTTP: `ftp://a.example`'],
    ['{ public_url: "https://u:p@a.example" }', 'error invalid_value `public_url` holds a user name or password'],
    ['{ public_url: "https://a.example/?x=1" }', 'error invalid_value `public_url` has a query'],
    ['{ public_url: "https://a.example/#x" }', 'error invalid_value `public_url` has a fragment, which is never sent'],
    ['{ public_url: "http://a.example" }', 'warning invalid_value `public_url` is plain HTTP to another machine: links and tokens of approvers can be read on the way'],
    ['{ webhook: { url: "https://a.example" } }', 'error missing_key `webhook` has no `secret`'],
    ['{ webhook: { secret: "${SECRET}" } }', 'error missing_key `webhook` has no `url`'],
    ['{ webhook: { url: "https://a.example", secret: short } }', 'error invalid_value `secret` is too short to be a secret: 5 characters'],
    ['{ webhook: { url: "https://a.example", secret: "long-enough-for-a-secret" } }', 'warning invalid_value the secret of the webhook stands in the file'],
    ['{ webhook: { url: "http://a.example", secret: "${SECRET}" } }', 'warning invalid_value the webhook is called over plain HTTP: arguments and links can be read on the way'],
    ['{ webhook: { url: "https://a.example", secret: "${NOPE}" } }', 'error missing_variable'],
    ['{ approvers: alice }', 'error wrong_type `approvers` has the wrong type: `alice`'],
    ['{ approvers: [alice] }', 'error wrong_type an approver has the wrong type: `alice`'],
    ['{ approvers: [{ name: alice }] }', 'error missing_key an approver has no `token`'],
    ['{ approvers: [{ token: "${ALICE}" }] }', 'error missing_key an approver has no `name`'],
    ['{ approvers: [{ name: webhook, token: "${ALICE}" }] }', 'error invalid_value `webhook` is the name under which the webhook\'s links decide'],
    ['{ approvers: [{ name: "a\\u202eb", token: "${ALICE}" }] }', 'error invalid_value `name` holds a character that cannot be in a name'],
    ['{ approvers: [{ name: alice, token: short }] }', 'error invalid_value `token` is too short to be a secret: 5 characters'],
    ['{ approvers: [{ name: alice, token: "not a bearer token at all" }] }', 'error invalid_value `token` holds a character that a bearer token cannot have'],
    ['{ approvers: [{ name: alice, token: 0123456789abcdefg }] }', 'warning invalid_value a token stands in the file'],
    ['{ approvers: [{ name: alice, token_sha256: abc }] }', 'error invalid_value `token_sha256` is not a SHA-256'],
    ['{ approvers: [{ name: alice, token: "${ALICE}", token_sha256: abc }] }', 'error invalid_value an approver has `token` and `token_sha256`'],
    ['{ approvers: [{ name: alice, token: "${ALICE}" }, { name: alice, token: "${SECRET}" }] }', 'error invalid_value the approver `alice` is there twice'],
    ['{ approvers: [{ name: alice, token: "${ALICE}" }, { name: bob, token: "${ALICE}" }] }', 'error invalid_value approver `alice` and approver `bob` have the same token'],
  ])('%s', async (text, expected) => {
    const { config, lines } = await read(text);
    expect(lines.some((line) => line.startsWith(expected)), lines.join('\n')).toBe(true);
    expect(config === null).toBe(expected.startsWith('error'));
    expect(lines.join('\n')).not.toMatch(/0123456789abcdef|long-enough|u:p/);
  });

  test('[#34] an approver has neither the token nor, without a warning, the label of a grant', async () => {
    const grants = 'grants: [{ label: agent, server: s, token: "${ALICE}" }]\n';
    expect((await read('{ approvers: [{ name: alice, token: "${ALICE}" }] }', grants)).lines.join()).toContain('error invalid_value grant `agent` and approver `alice` have the same token');
    const named = await read('{ approvers: [{ name: agent, token: "${SECRET}" }] }', grants);
    expect([named.config === null, named.lines.join()]).toEqual([false, expect.stringContaining('warning invalid_value approver `agent` has the label of a grant')]);
  });

  test('the public address is a host and an origin of the gateway', async () => {
    const directory = temporary({ 'gateway.yaml': `${BASE}allow_hosts: [other.example.com]\napprovals: { public_url: "https://gateway.example.com:8443/pl" }\n` });
    const loaded = await loadGateway(`${directory}/gateway.yaml`, { env: {}, mint: false });
    expect(loaded.ok && [loaded.config.allowHosts, loaded.config.allowOrigins]).toEqual([['other.example.com', 'gateway.example.com'], ['https://gateway.example.com:8443']]);
  });
});
