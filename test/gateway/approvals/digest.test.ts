import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../src/gateway/approvals/canonical.ts';
import { callDigest, type Bound } from '../../../src/gateway/approvals/digest.ts';
import { parseMessage, type Request } from '../../../src/mcp/message.ts';
import { CLIENT_LIMITS } from '../../../src/wire/limits.ts';
import { scan } from '../../../src/wire/scan.ts';

function canonical(text: string): string | null {
  const scanned = scan(Buffer.from(text), CLIENT_LIMITS);
  if (!scanned.ok) throw new Error(scanned.message);
  return canonicalJson(scanned.root, 'refuse');
}

function request(params: string): Request {
  const parsed = parseMessage(Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`), CLIENT_LIMITS);
  if (!parsed.ok || parsed.message.kind !== 'request') throw new Error('no request');
  return parsed.message;
}

const BOUND: Bound = { server: 's', kind: 'tool', name: 'pay', definition: 'd', policies: 'p@1', principal: 'g', caller: null, upstream: 'u' };
const digest = (params: string, bound: Partial<Bound> = {}): string | null => callDigest(request(params), { ...BOUND, ...bound }, 'with-input');

describe('canonical JSON (RFC 8785)', () => {
  test.each([
    // The examples of the RFC, sections 3.2.2 and 3.2.3.
    ['{"numbers":[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null, true, false]}',
      null],
    ['{"numbers":[1E30, 4.50, 2e-3, 0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null, true, false]}',
      '{"literals":[null,true,false],"numbers":[1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'],
    ['{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}',
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'],
    ['-0', '0'], ['1.0', '1'], ['1e1', '10'], ['9007199254740993', null], ['1e400', null], ['"\\ud800"', null], ['{"\\udc00":1}', null],
  ])('%s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  test('is the same for every spelling of a value, and reads back as the value', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      const once = canonical(text);
      fc.pre(once !== null);
      expect(JSON.parse(once ?? '')).toEqual(JSON.parse(text));
      expect(canonical(JSON.stringify(value, null, 2))).toBe(once);
      expect(canonical(once ?? '')).toBe(once);
    }));
  });

  test('keeps the text of an inexact number where a definition is hashed, not refused', () => {
    const scanned = scan(Buffer.from('{"maximum":9007199254740993}'), CLIENT_LIMITS);
    expect(scanned.ok && canonicalJson(scanned.root, 'keep')).toBe('{"maximum":9007199254740993}');
  });
});

describe('the digest of a call', () => {
  const BASE = '{"name":"pay","arguments":{"amount":10,"to":"a"}}';

  test('is the SHA-256 of a canonical document that anybody can make again', () => {
    const document = '{"arguments":{"amount":10,"to":"a"},"caller":null,"definition":"d","kind":"tool","meta":null,"method":"tools/call","name":"pay","other":null,"policies":"p@1","principal":"g","server":"s","task":null,"upstream":"u"}';
    expect(digest(BASE)).toBe(createHash('sha256').update(document).digest('hex'));
  });

  test.each([
    ['another order of members and other spaces', '{ "arguments" : {"to":"a","amount":10} , "name":"pay"}'],
    ['10.0 for 10', '{"name":"pay","arguments":{"amount":10.0,"to":"a"}}'],
    ['1e1 for 10', '{"name":"pay","arguments":{"amount":1e1,"to":"a"}}'],
    ['an escaped spelling of a text', '{"name":"pay","arguments":{"amount":10,"to":"\\u0061"}}'],
    ['another progress token and trace', '{"name":"pay","arguments":{"amount":10,"to":"a"},"_meta":{"progressToken":7,"traceparent":"00-x","tracestate":"y","baggage":"z"}}'],
    ['the envelope of a modern request', '{"name":"pay","arguments":{"amount":10,"to":"a"},"_meta":{"io.modelcontextprotocol/clientInfo":{"name":"x"}}}'],
  ])('[#33] is the same for %s', (_what, params) => {
    expect(digest(params)).toBe(digest(BASE));
  });

  test.each([
    ['another amount', '{"name":"pay","arguments":{"amount":11,"to":"a"}}'],
    ['an amount as text', '{"name":"pay","arguments":{"amount":"10","to":"a"}}'],
    ['one argument more', '{"name":"pay","arguments":{"amount":10,"to":"a","x":null}}'],
    ['one argument less', '{"name":"pay","arguments":{"amount":10}}'],
    ['no arguments', '{"name":"pay"}'],
    ['a task', '{"name":"pay","arguments":{"amount":10,"to":"a"},"task":{}}'],
    ['another _meta', '{"name":"pay","arguments":{"amount":10,"to":"a"},"_meta":{"x":1}}'],
    ['another member of params', '{"name":"pay","arguments":{"amount":10,"to":"a"},"x":1}'],
    ['answers that it brings along', '{"name":"pay","arguments":{"amount":10,"to":"a"},"inputResponses":{"q":{}}}'],
    ['a state that it brings along', '{"name":"pay","arguments":{"amount":10,"to":"a"},"requestState":"s"}'],
  ])('[#33] differs for %s', (_what, params) => {
    expect(digest(params)).not.toBe(digest(BASE));
  });

  test.each<[string, Partial<Bound>]>([
    ['server', { server: 't' }], ['name', { name: 'wipe' }], ['kind', { kind: 'prompt' }], ['definition', { definition: 'e' }], ['no definition', { definition: null }],
    ['policies', { policies: 'p@2' }], ['principal', { principal: 'h' }], ['caller', { caller: 'c' }], ['upstream', { upstream: 'v' }],
  ])('[#33, #47] differs for another %s', (_what, bound) => {
    expect(digest(BASE, bound)).not.toBe(digest(BASE));
  });

  test.each(['{"name":"pay","arguments":{"amount":9007199254740993}}', '{"name":"pay","arguments":{"to":"\\ud800"}}', '{"name":"pay","arguments":{},"_meta":{"x":1e400}}'])('[J13, #42] there is none for %s', (params) => {
    expect(digest(params)).toBeNull();
  });
});
