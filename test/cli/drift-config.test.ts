import { describe, expect, it } from 'vitest';
import { recordedCall } from '../../src/control/policy-tools/replay/recorded-call.ts';
import { readGatewayFile } from '../../src/cli/config/gateway-file.ts';
import { readRunOptions } from '../../src/cli/run-options.ts';
import { entry } from '../state/builders.ts';

const run = (...own: string[]) => readRunOptions(['--policy', 'p.yaml', ...own, '--', 'server'], {});

describe('the mode of drift', () => {
  it.each([['', 'hold'], [', drift: hold', 'hold'], [', drift: warn', 'warn'], [', drift: off', 'off'], [', drift: "off"', 'off']])('in gateway.yaml: `%s` is %s', async (text, mode) => {
    const { file, problems } = await readGatewayFile(`servers: { s: { command: [node]${text} }, h: { url: "https://example.com/mcp"${text} } }\n`, '/etc/gateway', {});
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect([file?.servers.get('s')?.drift, file?.servers.get('h')?.drift]).toEqual([mode, mode]);
  });

  it.each(['of', 'false', 'no', '[hold]', '7', '""'])('in gateway.yaml: %s is a mistake, and no mode is guessed', async (text) => {
    const { file, problems } = await readGatewayFile(`servers: { s: { command: [node], drift: ${text} } }\n`, '/etc/gateway', {});
    expect(file).toBeNull();
    expect(problems.filter(({ severity }) => severity === 'error')).toHaveLength(1);
  });

  it('on the command line of run', () => {
    expect([run()?.drift, run('--drift', 'warn')?.drift, run('--drift=off')?.drift]).toEqual(['hold', 'warn', 'off']);
    for (const wrong of ['', 'OFF', 'none', 'true']) expect(() => run('--drift', wrong)).toThrow(/--drift .* is not a mode/);
  });
});

it('a call that was refused because its tool is held says nothing of the policy, and is not replayed', () => {
  const row = { ...entry({ outcome: 'refused', code: 'denied', argKeys: [] }), seq: 1, at: '2026-11-22T10:00:00.000Z' };
  expect(recordedCall({ ...row, rule: '/tools/send' })).toMatchObject({ recorded: 'refused' });
  expect(recordedCall({ ...row, rule: '/drift' })).toBe('not_judged');
  expect(recordedCall({ ...row, method: 'tools/list', name: 'send', code: 'definition_held', rule: null })).toBe('not_a_call');
});
