import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forEachEngine, one } from './contract/engine.ts';
import { audit, put, server } from './registry-builders.ts';

type Step = { readonly who: 0 | 1; readonly what: 'read' | 'write' | 'remove'; readonly name: 'a' | 'b' };

const steps = fc.array(fc.record({ who: fc.constantFrom(0 as const, 1 as const), what: fc.constantFrom('read' as const, 'write' as const, 'write' as const, 'remove' as const), name: fc.constantFrom('a' as const, 'b' as const) }), { maxLength: 40 });

forEachEngine('registry, optimistic concurrency', (engine) => {
  test('of two writers in any order the one who has seen the newest version wins, and no change is lost', async () => {
    const { state, again } = await one(engine);
    const writers = [state, await again()] as const;
    let run = 0;
    await fc.assert(fc.asyncProperty(steps, async (list: readonly Step[]) => {
      run += 1;
      // What is there, and what each writer last saw of it: null for nothing.
      const truth = new Map<string, { version: number; text: string } | null>();
      const highest = new Map<string, number>();
      const seen = [new Map<string, number | null>(), new Map<string, number | null>()] as const;
      let audited = 0;
      for (const [index, { who, what, name: short }] of list.entries()) {
        const name = `${short}${run}`;
        const { registry } = writers[who];
        const there = truth.get(name) ?? null;
        if (what === 'read') {
          const stored = await registry.get('server', name);
          expect(stored === null ? null : { version: stored.version, text: stored.value.description }).toEqual(there);
          seen[who].set(name, stored?.version ?? null);
          continue;
        }
        const known = seen[who].get(name) ?? null;
        if (what === 'remove' && known === null) continue;
        const text = `${who}:${index}`;
        const change = what === 'write' ? put('server', name, server({ description: text }), known) : { op: 'delete' as const, kind: 'server' as const, name, ...(known === null ? {} : { expect: known }) };
        const result = await registry.apply([change], [audit({ name })]);
        const fits = known === (there?.version ?? null);
        expect(result.ok).toBe(fits);
        if (!result.ok) {
          expect(result.current).toBe(there?.version ?? null);
          continue;
        }
        audited += 1;
        if (what === 'remove') {
          truth.set(name, null);
          seen[who].set(name, null);
          continue;
        }
        const version = result.versions[0] ?? 0;
        // Never a version that was seen of this name before, also across a removal.
        expect(version).toBe((highest.get(name) ?? 0) + 1);
        highest.set(name, version);
        truth.set(name, { version, text });
        seen[who].set(name, version);
      }
      const entries = await Promise.all(['a', 'b'].map(async (short) => state.registry.audit({ name: `${short}${run}`, limit: 1000 })));
      expect(entries.flat()).toHaveLength(audited);
    }), { numRuns: 60 });
    expect((await state.registry.checkAudit()).ok).toBe(true);
    for (const writer of writers) await writer.close();
  });
});
