import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ATTACKS } from './attacks.ts';
import { REQUIREMENTS } from './manifest.ts';

const ROOT = new URL('..', import.meta.url).pathname;

/** Titles of all tests that run unconditionally: a skipped test proves nothing. */
function provenIds(): Map<string, string[]> {
  const proven = new Map<string, string[]>();
  for (const entry of readdirSync(ROOT, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.test.ts') || entry.parentPath.includes('node_modules')) continue;
    const source = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    for (const match of source.matchAll(/\b(?:test|it)(?:\.each(?:<[^>]*>)?\([\s\S]{0,4000}?\)|\.concurrent|\.sequential)?\(\s*(['"`])((?:\\.|(?!\1).)*)\1/g)) {
      const title = match[2] ?? '';
      for (const tag of title.matchAll(/\[((?:#?[A-Z]?\d+)(?:, ?#?[A-Z]?\d+)*)\]/g)) {
        for (const id of (tag[1] ?? '').split(/, ?/)) proven.set(id, [...(proven.get(id) ?? []), `${entry.name}: ${title}`]);
      }
    }
  }
  return proven;
}

describe('the requirements manifest', () => {
  const proven = provenIds();
  const all = [...REQUIREMENTS, ...ATTACKS];

  test('every requirement and every attack has a named test, or a reason and the issue it waits for', () => {
    const missing = all.filter((entry) => entry.later === undefined && entry.level === 'must' && !proven.has(entry.id)).map((entry) => `${entry.id} ${entry.text}`);
    expect(missing).toEqual([]);
  });

  test('no test claims an id that the manifest does not know', () => {
    const known = new Set(all.map((entry) => entry.id));
    expect([...proven.keys()].filter((id) => !known.has(id))).toEqual([]);
  });

  test('ids are unique and the manifest is complete', () => {
    expect(new Set(all.map((entry) => entry.id)).size).toBe(all.length);
    expect([REQUIREMENTS.length, ATTACKS.length]).toEqual([115, 55]);
  });
});
