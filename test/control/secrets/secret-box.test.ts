import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keyId } from '../../../src/control/secrets/key-ring.ts';
import { openSecretBox, SECRET_KEY_VARIABLE } from '../../../src/control/secrets/secret-box.ts';

const NO_ENV = {};
let dataDir = '';
beforeEach(() => { dataDir = mkdtempSync(join(tmpdir(), 'policylayer-secrets-')); });
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const fresh = (): string => randomBytes(32).toString('base64');
const path = (): string => join(dataDir, 'secret-keys.json');
const fromEnv = (...keys: string[]): ReturnType<typeof openSecretBox> => openSecretBox({ dataDir, env: { [SECRET_KEY_VARIABLE]: keys.join(',') } });

describe('sealing', () => {
  test('every value comes back, and never twice as the same bytes', () => {
    const box = fromEnv(fresh());
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 2_000 }), fc.string({ unit: 'grapheme' }), (value, name) => {
      const [one, other] = [box.seal(name, value), box.seal(name, value)];
      expect(box.open(one)).toBe(Buffer.from(value, 'utf8').toString('utf8'));
      expect(one.sealed.equals(other.sealed)).toBe(false);
    }));
  });

  test('a value with any bit changed, cut at any place, or lengthened does not open', () => {
    const box = fromEnv(fresh());
    const secret = box.seal('server/a/header/x', 'a value of some length');
    for (let bit = 0; bit < secret.sealed.length * 8; bit += 1) {
      const changed = Buffer.from(secret.sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => box.open({ ...secret, sealed: changed })).toThrow('was changed or moved');
    }
    for (let length = 0; length < secret.sealed.length; length += 1) expect(() => box.open({ ...secret, sealed: secret.sealed.subarray(0, length) })).toThrow('was changed or moved');
    expect(() => box.open({ ...secret, sealed: Buffer.concat([secret.sealed, Buffer.from([0])]) })).toThrow('was changed or moved');
  });

  test('a value opens under its own name only', () => {
    const box = fromEnv(fresh());
    fc.assert(fc.property(fc.string(), fc.string(), (name, other) => {
      fc.pre(name !== other);
      expect(() => box.open({ ...box.seal(name, 'v'), name: other })).toThrow('was changed or moved');
    }));
  });

  test('what was sealed with one key does not open as if another had sealed it', () => {
    const [one, two] = [fresh(), fresh()];
    const box = fromEnv(one, two);
    const secret = box.seal('a', 'v');
    expect(() => box.open({ ...secret, key: keyId(Buffer.from(two, 'base64')) })).toThrow('was changed or moved');
  });

  test('neither the value nor the key is in the sealed bytes or in any error', () => {
    const key = fresh();
    const box = fromEnv(key);
    const secret = box.seal('a', 'very-secret-value');
    expect(secret.sealed.includes('very-secret-value')).toBe(false);
    const errors = [() => box.open({ ...secret, key: 5 }), () => box.open({ ...secret, name: 'b' }), () => fromEnv(`${key}x`), () => fromEnv(key, key), () => fromEnv(key.slice(4))];
    for (const attempt of errors) {
      const text = String((() => { try { attempt(); return 'no error'; } catch (error) { return error; } })());
      expect(text).not.toBe('no error');
      expect(text).not.toContain('very-secret');
      expect(text).not.toContain(key.slice(4, 20));
    }
  });
});

describe('keys', () => {
  test.each([['empty between commas', `${'A'.repeat(43)}=,`], ['too short', 'c2hvcnQ='], ['hex', 'ab'.repeat(32)], ['all the same byte', Buffer.alloc(32, 7).toString('base64')], ['words', 'correct horse battery staple correct horse b']])('%s: refused', (_name, keys) => {
    expect(() => fromEnv(keys)).toThrow(SECRET_KEY_VARIABLE);
  });

  test('the order of keys says which seals, and any of them opens', () => {
    const [a, b] = [fresh(), fresh()];
    const before = fromEnv(a).seal('n', 'v');
    const both = fromEnv(b, a);
    expect(both.open(before)).toBe('v');
    expect(both.seal('n', 'v').key).toBe(keyId(Buffer.from(b, 'base64')));
    expect(() => fromEnv(b).open(before)).toThrow('a key that is not there');
  });

  test('a generated file is 0600 and survives a restart', () => {
    const secret = openSecretBox({ dataDir, env: NO_ENV }).seal('n', 'v');
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(openSecretBox({ dataDir, env: NO_ENV }).open(secret)).toBe('v');
    expect(readdirSync(dataDir)).toEqual(['secret-keys.json']);
  });

  test.each([['a link', 'symbolic link'], ['readable by others', 'other users'], ['a directory', 'regular file'], ['damaged', 'damaged'], ['empty', 'damaged'], ['without keys', 'damaged']])('a key file that is %s is refused and left as it is', (how, says) => {
    if (how === 'a link') { writeFileSync(join(dataDir, 'x'), '{}', { mode: 0o600 }); symlinkSync(join(dataDir, 'x'), path()); }
    else if (how === 'a directory') mkdirSync(path());
    else if (how === 'readable by others') { openSecretBox({ dataDir, env: NO_ENV }); chmodSync(path(), 0o644); }
    else writeFileSync(path(), how === 'damaged' ? '{"version":1,"keys":[{"since":1}]}' : how === 'empty' ? '' : '{"version":1,"keys":[]}', { mode: 0o600 });
    expect(() => openSecretBox({ dataDir, env: NO_ENV })).toThrow(says);
    if (how === 'empty') expect(readFileSync(path(), 'utf8')).toBe('');
  });

  test('secret_key_file is read, one key on each line, and never written', () => {
    const file = join(dataDir, 'keys.txt');
    const [a, b] = [fresh(), fresh()];
    writeFileSync(file, `${a}\n`, { mode: 0o600 });
    const box = openSecretBox({ dataDir, env: NO_ENV, keyFile: file });
    const secret = box.seal('n', 'v');
    expect(box.addKey()).toBeNull();
    writeFileSync(file, `${b}\n${a}\n`, { mode: 0o600 });
    expect(box.newest).toBe(keyId(Buffer.from(b, 'base64')));
    expect(box.open(secret)).toBe('v');
    expect(() => openSecretBox({ dataDir, env: NO_ENV, keyFile: join(dataDir, 'missing') })).toThrow('does not exist');
  });

  test('a key that one process adds is used by another at once', () => {
    const [one, other] = [openSecretBox({ dataDir, env: NO_ENV }), openSecretBox({ dataDir, env: NO_ENV })];
    const old = other.seal('n', 'old');
    const added = one.addKey();
    expect(other.newest).toBe(added);
    expect(other.open(one.seal('n', 'new'))).toBe('new');
    expect(one.open(old)).toBe('old');
  });

  test('an old key goes only when nothing uses it and it was replaced an hour ago', () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const box = openSecretBox({ dataDir, env: NO_ENV, now: () => now });
    const first = box.newest;
    now += 1_000;
    box.addKey();
    const second = box.newest;
    expect(box.dropKeys(new Set([second]))).toBe(0);
    now += 3_600_000;
    expect(box.dropKeys(new Set([first, second]))).toBe(0);
    expect(box.dropKeys(new Set([second]))).toBe(1);
    expect(box.keys).toEqual([second]);
    expect(box.dropKeys(new Set())).toBe(0);
  });

  test('two changes at once: the second is refused, and a lock of a killed process does not stay', () => {
    const box = openSecretBox({ dataDir, env: NO_ENV });
    writeFileSync(`${path()}.lock`, '');
    expect(() => box.addKey()).toThrow('another process');
    const old = new Date(Date.now() - 120_000);
    utimesSync(`${path()}.lock`, old, old);
    expect(box.addKey()).toBe(box.newest);
    expect(readdirSync(dataDir)).toEqual(['secret-keys.json']);
  });

  test('a file that vanishes for a moment costs nothing that is in memory', () => {
    const box = openSecretBox({ dataDir, env: NO_ENV });
    const secret = box.seal('n', 'v');
    rmSync(path());
    expect(box.open(secret)).toBe('v');
    expect(() => box.addKey()).toThrow('missing');
  });

  test('a data directory that is gone: the keys in memory stay, and the error says why and no more', () => {
    const box = openSecretBox({ dataDir, env: NO_ENV });
    const secret = box.seal('n', 'v');
    rmSync(dataDir, { recursive: true });
    expect(() => box.addKey()).toThrow(/cannot be changed \(ENOENT\)/);
    expect(box.open(secret)).toBe('v');
  });
});
