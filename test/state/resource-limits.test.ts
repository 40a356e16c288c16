import { expect, test } from 'vitest';
import { countedName } from '../../src/policy/resource-uri.ts';
import { setOf } from '../policy/load.ts';
import { entry } from './builders.ts';
import { forEachEngine, one } from './contract/engine.ts';

const SPELLINGS = ['file:///srv/report.csv', 'FILE:///srv/report.csv', 'file:///srv/r%65port.csv', 'file:///srv/x/../report.csv', 'file://localhost/srv/report.csv', 'file:///srv/report.csv#x', 'file:///srv//report.csv'];

forEachEngine('limits on resources', (engine) => {
  test.each([
    ['an exact selector', '"file:///srv/report.csv": { rate_limit: { max: 1, window: 60 } }'],
    ['an exact selector in another spelling', '"file:///srv/r%65port.csv": { rate_limit: { max: 1, window: 60 } }'],
    ['a wildcard', '"file:///srv/*": { rate_limit: { max: 1, window: 60 } }'],
    ['a wildcard that counts each name', '"file:///*": { rate_limit: { max: 1, window: 60, per: tool } }'],
  ])('another spelling of a URI draws from the same counter: %s', async (_name, rule) => {
    const { state } = await one(engine);
    const set = await setOf(`version: "1"\ndefault: deny\nresources:\n  ${rule}\n`);
    const admitted: string[] = [];
    for (const uri of SPELLINGS) {
      const { effect, limits } = set.decide({ kind: 'resource', name: uri, args: null });
      if (effect !== 'allow') continue;
      expect(limits.length).toBeGreaterThan(0);
      const result = await state.admit(limits, { server: 's', grant: 'g', session: 's1', name: countedName('resource', uri) }, entry());
      if (result.ok) admitted.push(uri);
    }
    expect(admitted).toEqual(['file:///srv/report.csv']);
    await state.close();
  });

  test('other resources have their own', async () => {
    const { state } = await one(engine);
    const set = await setOf('version: "1"\ndefault: deny\nresources:\n  "file:///*": { rate_limit: { max: 1, window: 60, per: tool } }\n');
    for (const uri of ['file:///a', 'file:///b', 'file:///A']) {
      const { limits } = set.decide({ kind: 'resource', name: uri, args: null });
      expect((await state.admit(limits, { server: 's', grant: 'g', session: 's1', name: countedName('resource', uri) }, entry())).ok).toBe(true);
    }
    await state.close();
  });
});

test('names of tools and prompts are counted as they are, and URIs that cannot be read too', () => {
  expect(countedName('tool', 'FILE:///a//b')).toBe('FILE:///a//b');
  expect(countedName('prompt', 'FILE:///a//b')).toBe('FILE:///a//b');
  expect(countedName('resource', 'no uri')).toBe('no uri');
});
