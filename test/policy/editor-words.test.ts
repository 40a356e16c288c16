import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { editorSchema } from '../../src/policy/editor-schema.ts';

const GOLDEN = join(import.meta.dirname, 'editor-schema.golden.json');

// What an author reads when the pointer rests on a key, and what the editor offers. UPDATE_GOLDEN=1 writes the file anew; read the diff.
it('an editor says of every key what it means, word for word', () => {
  const text = `${JSON.stringify(editorSchema(), null, 2)}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN, text);
  expect(text).toBe(readFileSync(GOLDEN, 'utf8'));
});
