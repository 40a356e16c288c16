import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../src/mcp/message.ts';
import { childEnvironment } from '../../src/upstream/base-environment.ts';
import { BoundedSet } from '../../src/upstream/bounded-set.ts';
import { mediaType } from '../../src/upstream/content-type.ts';
import { incomingHeaders, outgoingHeaders, stolenHeader } from '../../src/upstream/hop-by-hop.ts';
import { oneLine } from '../../src/upstream/one-line.ts';
import { sample } from '../../src/upstream/sample.ts';
import { StderrTail } from '../../src/upstream/stderr-tail.ts';
import { CLIENT_LIMITS } from '../../src/wire/limits.ts';

describe('the environment of a child', () => {
  const parent = {
    PATH: '/bin', HOME: '/h', LANG: 'C', LC_ALL: 'C', TMPDIR: '/t', TZ: 'UTC', USER: 'u', SHELL: '/bin/sh', AWS_SECRET_ACCESS_KEY: 'x', NODE_OPTIONS: '--x',
    LD_PRELOAD: 'x', LC_EVIL: '() { :;}; x',
  };

  it('is the base set and the operator\'s own variables', () => {
    expect({ ...childEnvironment({ env: { OWN: '1', PATH: '/mine' }, inheritEnv: false }, parent, 'linux') }).toEqual({
      PATH: '/mine', HOME: '/h', LANG: 'C', LC_ALL: 'C', TMPDIR: '/t', TZ: 'UTC', USER: 'u', SHELL: '/bin/sh', OWN: '1',
    });
  });

  it('is everything when inherited', () => {
    expect({ ...childEnvironment({ env: { OWN: '1' }, inheritEnv: true }, parent, 'linux') }).toEqual({ ...parent, OWN: '1' });
  });

  it('on Windows has one spelling of each name', () => {
    expect({ ...childEnvironment({ env: { PATH: 'mine' }, inheritEnv: false }, { Path: 'theirs', SystemRoot: 'C:\\', SECRET: 'x' }, 'win32') }).toEqual({ PATH: 'mine', SystemRoot: 'C:\\' });
  });

  it('takes a variable called __proto__ as data', () => {
    const env = childEnvironment({ env: JSON.parse('{"__proto__":"x"}') as Record<string, string>, inheritEnv: false }, {}, 'linux');
    expect(Object.keys(env)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('a sample of foreign bytes', () => {
  it('fits one line and can steer no terminal', () => {
    expect(sample('a\nb\r\t\u001b[31m\u202eevil\u0000\u2028\\')).toBe('a\\nb\\r\\t\\u{1b}[31m\\u{202e}evil\\u{0}\\u{2028}\\\\');
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      const text = sample(Buffer.from(bytes), 50);
      expect(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)).toBe(false);
      expect(text.length).toBeLessThan(50 * 10 + 2);
    }));
  });
});

describe('the tail of stderr', () => {
  it('keeps the last 64 KiB, whatever the pieces', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 50_000 }), { maxLength: 20 }), (lengths) => {
      const tail = new StderrTail([]);
      let all = '';
      for (const [index, length] of lengths.entries()) {
        const piece = String.fromCharCode(97 + (index % 26)).repeat(length);
        all += piece;
        tail.push(Buffer.from(piece));
      }
      expect(tail.text()).toBe(all.slice(-64 * 1024));
    }));
  });

  it('shows the last line that says something, without colours and secrets', () => {
    const tail = new StderrTail(['hunter2-hunter2', 'on', 'hunter2']);
    expect(tail.lastLine()).toBeNull();
    tail.push(Buffer.from('first\r\n\u001b[1mpassword hunter2-hunter2 on hunter2\u001b[0m\n \n\n'));
    expect(tail.lastLine()).toBe('password [hidden] on [hidden]');
  });
});

describe('one line', () => {
  it('changes no value, leaves no line break, and copies only when it must', () => {
    fc.assert(fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom('\n', '\r\n', '\r', ' ', ''), (text, gap) => {
      const pretty = `{${gap}"jsonrpc":${gap}"2.0",${gap}"id":1,"result":${gap}${text}${gap}}`;
      const bytes = Buffer.from(pretty);
      if (!parseMessage(bytes, CLIENT_LIMITS).ok) return;
      const line = oneLine(bytes);
      expect(line.includes(0x0a) || line.includes(0x0d)).toBe(false);
      expect(JSON.parse(line.toString())).toEqual(JSON.parse(pretty));
      expect(line.length).toBe(bytes.length);
      if (gap === ' ' || gap === '') expect(line).toBe(bytes);
    }));
  });
});

describe('headers', () => {
  it('names the header that Connection tries to take away', () => {
    expect(stolenHeader(['Connection', 'keep-alive, Mcp-Name'])).toBe('mcp-name');
    expect(stolenHeader(['connection', 'close', 'CONNECTION', 'x,AUTHORIZATION'])).toBe('authorization');
    expect(stolenHeader(['Connection', 'keep-alive, x-trace'])).toBeNull();
    expect(stolenHeader(['Mcp-Name', 'x'])).toBeNull();
  });

  it('cross or stay by name alone, in order, values untouched', () => {
    expect(outgoingHeaders(['A', ' 1 ', 'a', '2', 'TRAILER', 'x', 'Content-Length', '3', 'Host', 'h', 'Proxy-Connection', 'x'], false)).toEqual(['accept-encoding', 'identity', 'A', ' 1 ', 'a', '2']);
    expect(outgoingHeaders(['Host', 'h'], true)).toEqual(['accept-encoding', 'identity', 'Host', 'h']);
  });

  it.each<[string[], number | null, string | null]>([
    [['Keep-Alive', 'timeout=5, max=100'], 5, null],
    [['keep-alive', 'max=3,timeout=72'], 72, null],
    [['Keep-Alive', 'xtimeout=5'], null, null],
    [['Keep-Alive', 'timeout=99999999999999'], null, null],
    [['Content-Encoding', 'identity'], null, null],
    [['content-encoding', ''], null, null],
    [['Content-Encoding', 'GZIP'], null, 'gzip'],
    [['Content-Encoding', 'identity', 'Content-Encoding', 'br'], null, 'br'],
    [['Content-Encoding', 'br', 'Content-Encoding', 'identity'], null, 'br'],
  ])('of an answer: %j', (raw, seconds, coding) => {
    expect(incomingHeaders(raw.map((text) => Buffer.from(text, 'latin1')))).toMatchObject({ keepAliveSeconds: seconds, coding });
  });

  it.each<[string[], string | null]>([
    [['Content-Type', 'application/json'], 'application/json'],
    [['content-type', 'Application/JSON; charset="UTF-8"'], 'application/json'],
    [['Content-Type', 'text/event-stream;charset=utf-8'], 'text/event-stream'],
    [['Content-Type', 'application/json; charset=utf-16le'], null],
    [['Content-Type', 'application/json', 'Content-Type', 'text/event-stream'], null],
    [['Content-Type', 'application/json', 'content-type', 'application/json'], 'application/json'],
    [['Content-Type', 'application/jsonx'], 'application/jsonx'],
    [[], null],
  ])('say the media type: %j', (headers, type) => {
    expect(mediaType(headers)).toBe(type);
  });
});

describe('a bounded set', () => {
  it('forgets the oldest first, and refreshes what is added again', () => {
    const set = new BoundedSet<number>(3);
    for (const member of [1, 2, 3, 1, 4]) set.add(member);
    expect([1, 2, 3, 4].filter((member) => set.has(member))).toEqual([1, 3, 4]);
    expect(set.size).toBe(3);
  });
});
