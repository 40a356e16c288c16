import { describe, expect, it } from 'vitest';
import { startProgress } from '../../../src/cli/scan/start-progress.ts';

function terminal(isTTY: boolean): { readonly stream: NodeJS.WriteStream; written(): string } {
  let written = '';
  const stream = { isTTY, columns: 80, write: (text: string) => ((written += text), true) } as unknown as NodeJS.WriteStream;
  return { stream, written: () => written };
}

const later = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

describe('while a server starts', () => {
  it('a terminal shows what is going on, the last words of the server among it, made safe', async () => {
    const { stream, written } = terminal(true);
    const progress = startProgress('starting uvx pkg', stream);
    progress.heard(Buffer.from('Resolved 30 packages\nDownloading numpy\u0007\u202e (12 MB)\n'));
    while (!written().includes('Downloading')) await later(20);
    expect(written()).toContain('starting uvx pkg  0 s');
    expect(written()).not.toMatch(/[\u0007\u202e]/u);
    while (!written().includes('  1 s')) await later(20);
    progress.end();
    expect(written().endsWith('\r\u001b[2K')).toBe(true);
  });

  it('a pipe gets nothing', async () => {
    const { stream, written } = terminal(false);
    const progress = startProgress('starting', stream);
    progress.heard(Buffer.from('x\n'));
    progress.reading(3);
    await later(400);
    progress.end();
    expect(written()).toBe('');
  });
});
