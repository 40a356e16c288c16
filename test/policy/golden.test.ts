import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic, loadPolicy } from '../../src/policy/index.ts';

// Each file: a document, a line of 40 dashes, and what an author is told. UPDATE_GOLDEN=1 writes the second part anew; read the diff.
const FOLDER = join(import.meta.dirname, 'golden');
const RULER = `${'-'.repeat(40)}\n`;

async function diagnose(text: string): Promise<string> {
  const result = await loadPolicy(text, { name: 'p', file: 'policy.yaml' });
  const found = [...(result.ok ? [] : result.errors), ...result.warnings].map((diagnostic) => `${formatDiagnostic(diagnostic)}\n  [${diagnostic.code} ${diagnostic.pointer}]\n`);
  return `${result.ok ? 'loaded' : 'refused'}\n\n${found.join('\n')}`;
}

describe('a document with a mistake is answered with', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
  it('at least sixty kinds of mistakes are covered', () => expect(files.length).toBeGreaterThan(60));
  it.each(files)('%s', async (name) => {
    const path = join(FOLDER, name);
    const [input = '', expected = ''] = readFileSync(path, 'utf8').split(RULER);
    const actual = await diagnose(input);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, input + RULER + actual);
    else expect(actual).toBe(expected);
    expect(actual.startsWith('loaded')).toBe(name.startsWith('warning-') || name.startsWith('sound-'));
  });
});
