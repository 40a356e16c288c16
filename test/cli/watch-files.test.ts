import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { watchFiles } from '../../src/cli/watch-files.ts';
import { temporary } from './support.ts';

let stop: () => void = () => undefined;
afterEach(() => stop());

/** Watches, and hands out a promise of the next change. */
function watching(paths: readonly string[], options: { readonly debounceMs?: number; readonly pollMs?: number } = {}) {
  let calls = 0;
  let wake: () => void = () => undefined;
  stop = watchFiles(paths, () => {
    calls += 1;
    wake();
  }, options);
  return { calls: () => calls, next: () => new Promise<void>((done) => (wake = done)) };
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

describe('watching files', () => {
  it('several writes close together give one call', async () => {
    const path = join(temporary({ a: '1' }), 'a');
    const watcher = watching([path], { debounceMs: 150 });
    const next = watcher.next();
    for (let turn = 0; turn < 5; turn += 1) {
      writeFileSync(path, `text ${turn}`);
      await pause(10);
    }
    await next;
    await pause(400);
    expect(watcher.calls()).toBe(1);
  });

  it('other files of the directory, and the file read or touched by nobody, give no call', async () => {
    const directory = temporary({ a: '1', b: '1' });
    const watcher = watching([join(directory, 'a')], { debounceMs: 20, pollMs: 50 });
    writeFileSync(join(directory, 'b'), '2');
    writeFileSync(join(directory, 'c'), '2');
    await pause(300);
    expect(watcher.calls()).toBe(0);
  });

  it('a link above the file that is turned elsewhere is seen, although no directory reports it', async () => {
    const directory = temporary();
    for (const version of ['v1', 'v2']) {
      mkdirSync(join(directory, version));
      writeFileSync(join(directory, version, 'p.yaml'), version);
    }
    symlinkSync('v1', join(directory, 'current'));
    const watcher = watching([join(directory, 'current', 'p.yaml')], { pollMs: 50 });
    const next = watcher.next();
    symlinkSync('v2', join(directory, 'next'));
    renameSync(join(directory, 'next'), join(directory, 'current'));
    await next;
  });

  it('a directory that is removed and made again is still watched', async () => {
    const directory = join(temporary(), 'd');
    mkdirSync(directory);
    writeFileSync(join(directory, 'a'), '1');
    const watcher = watching([join(directory, 'a')], { pollMs: 50 });
    const gone = watcher.next();
    rmSync(directory, { recursive: true });
    await gone;
    const back = watcher.next();
    mkdirSync(directory);
    writeFileSync(join(directory, 'a'), '2');
    await back;
  });

  it('nothing is reported after the end', async () => {
    const path = join(temporary({ a: '1' }), 'a');
    const watcher = watching([path], { debounceMs: 50, pollMs: 50 });
    writeFileSync(path, '2');
    stop();
    await pause(250);
    expect(watcher.calls()).toBe(0);
  });
});
