import { describe, expect, it } from 'vitest';
import { callOf } from '../../src/policy/call-of.ts';
import type { CallContext, Decision, PolicySet } from '../../src/policy/index.ts';
import { scan } from '../../src/wire/scan.ts';
import type { JsonNode } from '../../src/wire/json-node.ts';
import { Principal } from '../../src/gateway/principal.ts';
import { combine, explain } from '../../src/policy/index.ts';
import { load, setOf } from './load.ts';

function json(text: string): JsonNode {
  const read = scan(Buffer.from(text), { maxBytes: 1e6, maxDepth: 64, maxKeys: 1e5 });
  if (!read.ok) throw new Error(read.message);
  return read.root;
}

function caller(user: string | null): CallContext {
  return { server: 's', grant: { label: 'g', tags: [] }, user: user === null ? null : json(user), client: { name: null, version: null }, session: 's1', now: 0 };
}

function read(set: PolicySet, uri: string): string {
  return set.decide({ kind: 'resource', name: uri, args: null, context: caller(null) }).effect;
}

function call(set: PolicySet, user: string | null, argsJson = '{}'): Decision {
  return set.decide(callOf({ tool: 'admin', argsJson, context: caller(user) }));
}

function seen(set: PolicySet, user: string | null): string {
  return set.visibility({ kind: 'tool', name: 'admin', tool: null, context: caller(user) });
}

describe('what is hidden from callers with the wrong claims is hidden from callers without claims', () => {
  it.each([
    ['by the default', 'hide', 'admin: { when: \'user.role == "admin"\', action: allow }'],
    ['by the next rule', 'deny', 'admin: [{ when: \'user.role == "admin"\', action: allow }, hide]'],
    ['by its own rule', 'deny', 'admin: [{ when: \'user.role != "admin"\', action: hide }, allow]'],
    ['by a rule behind a second condition', 'deny', 'admin: [{ when: \'user.role == "admin"\', action: allow }, { when: \'user.role == "root"\', action: allow }, hide]'],
    ['by a less specific rule', 'allow', 'admin: { when: \'user.role == "admin"\', action: allow }\n  "adm*": hide'],
    ['by a rule that demands', 'hide', 'admin: { when: \'user.role == "admin"\', require: args.n < 5.0 }'],
  ])('%s', async (_name, fallback, rules) => {
    const set = await setOf(`version: "1"\ndefault: ${fallback}\ntools:\n  ${rules}\n`);
    expect(seen(set, '{"role":"admin"}')).not.toBe('hide');
    for (const user of ['{"role":"guest"}', null, '{}']) {
      expect(seen(set, user)).toBe('hide');
      expect(call(set, user).effect).toBe('hide');
    }
    expect(call(set, null)).toMatchObject({ code: 'policy_error', limits: [], approval: null });
    expect(call(set, null).rule).toMatch(/\/when$/);
  });

  it('but what is denied to them is denied with the error', async () => {
    const set = await setOf('version: "1"\ndefault: deny\ntools:\n  admin: { when: \'user.role == "admin"\', action: allow }\n');
    expect(seen(set, null)).toBe('deny');
    expect(call(set, null)).toMatchObject({ effect: 'deny', code: 'policy_error' });
  });

  it('and a less specific rule that hides nothing here tells the error', async () => {
    const set = await setOf('version: "1"\ndefault: deny\ntools:\n  admin: allow\n  "adm*": { when: \'user.role != "admin"\', action: hide }\n');
    expect(seen(set, '{"role":"guest"}')).toBe('allow');
    expect(seen(set, null)).toBe('deny');
    expect(call(set, null)).toMatchObject({ effect: 'deny', code: 'policy_error' });
  });
});

describe('a condition over arguments that cannot be evaluated', () => {
  it('is told, where other arguments are let through', async () => {
    const set = await setOf('version: "1"\ndefault: hide\ntools:\n  admin: { when: args.n > 2.0, action: allow }\n');
    expect(seen(set, null)).toBe('depends');
    expect(call(set, null, '{"n":"x"}')).toMatchObject({ effect: 'deny', code: 'policy_error' });
  });

  it('is not told, where no arguments find anything', async () => {
    const set = await setOf('version: "1"\ndefault: hide\ntools:\n  admin: { when: args.n > 2.0, action: hide }\n');
    expect(seen(set, null)).toBe('hide');
    expect(call(set, null, '{"n":"x"}')).toMatchObject({ effect: 'hide', code: 'policy_error' });
  });
});

describe('a rule for one spelling of a resource does not open what another denies', () => {
  it.each(['file:///doc/', 'file:///doc#x', 'file:///doc#public', 'file:///doc?x=1', 'file://localhost/doc'])('%s', async (uri) => {
    const denied = 'version: "1"\ndefault: allow\nresources:\n  "file:///doc": deny\n';
    expect(read(await setOf(denied), uri)).toBe('deny');
    expect(read(await setOf(`${denied}  "file:///doc#public": allow\n`), uri)).toBe('deny');
  });

  it.each([
    ['a user name', '"https://h/a*": deny', '"https://someone@h/a*": allow', 'https://h/a/b'],
    ['repeated slashes', '"file:///doc/*": deny', '"file:///doc////*": allow', 'file:///doc/x'],
  ])('nor one with a wildcard: %s', async (_name, deny, allow, uri) => {
    expect(read(await setOf(`version: "1"\ndefault: allow\nresources:\n  ${deny}\n  ${allow}\n`), uri)).toBe('deny');
  });

  it('but a more specific rule still decides', async () => {
    const set = await setOf('version: "1"\ndefault: deny\nresources:\n  "file:///doc/*": deny\n  "file:///doc/public/*": allow\n');
    expect(read(set, 'file:///doc/public/x')).toBe('allow');
    expect(read(set, 'file:///doc/x')).toBe('deny');
  });
});

describe('two documents that share their short id', () => {
  const text = (n: number, action: string): string => `{"version":"1","description":"v${n}","default":"${action}","mode":"enforce"}`;

  it('are two: neither is left out of a grant, and a set of one is no set of the other', async () => {
    const [a, b] = [await load(text(54_169, 'deny'), 'p'), await load(text(102, 'allow'), 'p')];
    expect(b.id).toBe(a.id);
    for (const order of [[a, b], [b, a]]) expect(call(combine(order), null).effect).toBe('deny');
    expect(combine([a]).digest).not.toBe(combine([b]).digest);
    expect(explain([b, a], callOf({ tool: 'admin', argsJson: '{}' })).decision.effect).toBe('deny');
  });

  it('wake those who listen for another policy', async () => {
    const [a, b] = [await load(text(54_169, 'deny'), 'p'), await load(text(102, 'allow'), 'p')];
    const principal = new Principal('g', 's', combine([a]));
    let swaps = 0;
    principal.subscribe(() => {
      swaps += 1;
    });
    principal.swap(combine([b]));
    principal.swap(combine([b]));
    expect(swaps).toBe(1);
  });
});
