import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect } from 'vitest';

export const files = join(import.meta.dirname, 'files');

/** A standard stream whose text is kept; a terminal when it has columns. */
export class Captured extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;

  constructor(columns = 0) {
    super();
    this.isTTY = columns > 0;
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  /** As a command takes it. */
  get stream(): NodeJS.WriteStream {
    return this as unknown as NodeJS.WriteStream;
  }
}

/**
 * Compares with golden/NAME.txt what a person reads, without the path of the test files, and holds it to 80 columns. UPDATE_GOLDEN=1
 * writes the file anew; read the diff.
 */
export function expectGolden(name: string, text: string): void {
  const path = join(import.meta.dirname, 'golden', `${name}.txt`);
  const plain = text.replaceAll(`${files}/`, '');
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, plain);
  else expect(plain).toBe(readFileSync(path, 'utf8'));
}

/** Every line fits, but those of diagnostics: their messages are one line each, however long (policy/diagnostic.ts). */
export function expectToFit(text: string, width = 80): void {
  for (const line of text.split('\n')) if (!/: (error|warning): |^ {2}help: /.test(line)) expect([...line].length, line).toBeLessThanOrEqual(width);
}
