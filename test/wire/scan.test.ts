import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLIENT_LIMITS, UPSTREAM_LIMITS } from '../../src/wire/limits.ts';
import { scan } from '../../src/wire/scan.ts';
import { jsonText, mutatedJson, stringText } from './support/json-texts.ts';
import { referenceAccepts } from './support/reference.ts';

/** 'ok', or the code of the refusal. */
function verdict(input: string | Buffer): string {
  const result = scan(typeof input === 'string' ? Buffer.from(input) : input, CLIENT_LIMITS);
  return result.ok ? 'ok' : result.code;
}

function call(params: string): string {
  return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
}

describe('duplicate member names are refused, never read one way or the other (protocol.md section 6, row 1)', () => {
  test.each([
    ['name twice', call('{"name":"safe","name":"danger"}')],
    ['name twice, other order', call('{"name":"danger","name":"safe"}')],
    ['the same value twice', call('{"name":"safe","name":"safe"}')],
    ['params twice', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe"},"params":{"name":"danger"}}'],
    ['method twice', '{"method":"ping","jsonrpc":"2.0","id":1,"method":"tools/call"}'],
    ['an argument twice', call('{"name":"pay","arguments":{"amount":1,"amount":9999}}')],
    ['an argument twice with others between', call('{"name":"pay","arguments":{"amount":1,"a":1,"b":{"amount":2},"amount":9999}}')],
    ['in an object inside an array', '[1,[{"a":1,"b":2,"a":3}]]'],
    ['the empty name', '{"":1,"":2}'],
    ['__proto__', '{"__proto__":{},"a":1,"__proto__":{}}'],
    ['after a nested object with the same name', '{"a":{"a":1},"a":2}'],
    ['after a nested object of many names', `{"a":{${Array.from({ length: 40 }, (_, k) => `"${k}":1`).join(',')}},"a":2}`],
    ['white space around', '{ "a" : 1 ,\n"a"\t:2}'],
    ['first and last of many', `{"a":0,${Array.from({ length: 100 }, (_, k) => `"k${k}":1`).join(',')},"a":1}`],
    ['two of many, both late', `{${Array.from({ length: 100 }, (_, k) => `"k${k}":1`).join(',')},"z":1,"z":1}`],
    ['very long names', `{"${'k'.repeat(5000)}":1,"${'k'.repeat(5000)}":1}`],
    ['a long name after short ones', `{"a":1,"${'k'.repeat(100)}":1,"a":1}`],
  ])('%s', (_name, text) => {
    expect(verdict(text)).toBe('duplicate_key');
  });
});

describe('duplicates hidden by another spelling are refused (row 2)', () => {
  test.each([
    ['one escaped letter', call('{"name":"safe","n\\u0061me":"danger"}')],
    ['escaped first', call('{"n\\u0061me":"danger","name":"safe"}')],
    ['both escaped, hex in either case', '{"\\u00e9":1,"\\u00E9":2}'],
    ['raw UTF-8 and \\u00e9', '{"é":1,"\\u00e9":2}'],
    ['a surrogate pair and raw UTF-8', '{"\\ud83d\\ude00":1,"😀":2}'],
    ['solidus with and without backslash', '{"a/b":1,"a\\/b":2}'],
    ['\\n and \\u000a', '{"a\\nb":1,"a\\u000ab":2}'],
    ['\\" and \\u0022', '{"\\"":1,"\\u0022":2}'],
    ['\\\\ and \\u005c', '{"\\\\":1,"\\u005c":2}'],
    ['lone surrogates', '{"\\ud800":1,"\\uD800":2}'],
    ['an escape that spells __proto__', '{"__proto__":1,"\\u005f_proto__":2}'],
    ['an escape after many members', `{${Array.from({ length: 30 }, (_, k) => `"k${k}":1`).join(',')},"k\\u0031":1}`],
    ['after a nested object, first one escaped', '{"\\u0061":1,"b":{"c":1},"a":2}'],
    ['after a nested object, behind many members', `{${Array.from({ length: 30 }, (_, k) => `"k${k}":1`).join(',')},"z":{"a":1},"k29":1}`],
    ['after a nested array of objects, first one escaped', '{"\\u0061":1,"b":[{"c":1},{"\\u0063":1}],"a":2}'],
    ['an escaped NUL', '{"a\\u0000":1,"a\\u0000":2}'],
  ])('%s', (_name, text) => {
    expect(verdict(text)).toBe('duplicate_key');
  });
});

describe('names that only look alike are different names', () => {
  test.each([
    ['case', '{"name":1,"Name":2}'],
    ['trailing NUL escape', '{"name":1,"name\\u0000":2}'],
    ['NFC and NFD', '{"é":1,"e\u0301":2}'],
    ['a lone surrogate and U+FFFD', '{"\\ud800":1,"\ufffd":2,"\\ufffe":3}'],
    ['lone surrogates that are not the same', '{"\\ud800":1,"\\ud801":2}'],
    ['a prefix', '{"a":1,"aa":2,"":3}'],
    ['an escaped backslash before u0061', '{"a":1,"\\\\u0061":2}'],
    ['the same name in siblings and at every level', '{"a":{"a":{"a":[{"a":1},{"a":2}]}},"b":{"a":1}}'],
    ['digits spelled differently', '{"1":1,"01":2,"1.0":3}'],
  ])('%s', (_name, text) => {
    expect(verdict(text)).toBe('ok');
  });
});

describe('exactly one JSON value (row 10)', () => {
  test.each([
    ['two values', '{"a":1}{"b":2}', 'trailing_bytes'],
    ['NDJSON', '{"a":1}\n{"b":2}\n', 'trailing_bytes'],
    ['trailing garbage', '{"a":1} x', 'trailing_bytes'],
    ['a trailing NUL', '{"a":1}\0', 'trailing_bytes'],
    ['a trailing comma behind the value', '{"a":1},', 'trailing_bytes'],
    ['a comment behind', '{"a":1} // x', 'trailing_bytes'],
    ['a comment before', '/* x */{"a":1}', 'syntax'],
    ['a comment inside', '{"a":1/**/}', 'syntax'],
    ['a trailing comma in an object', '{"a":1,}', 'syntax'],
    ['a trailing comma in an array', '[1,]', 'syntax'],
    ['a leading comma', '[,1]', 'syntax'],
    ['no comma', '[1 2]', 'syntax'],
    ['no colon', '{"a" 1}', 'syntax'],
    ['no value', '{"a":}', 'syntax'],
    ['a bare name', '{a:1}', 'syntax'],
    ['single quotes', "{'a':1}", 'syntax'],
    ['mismatched brackets', '[1}', 'syntax'],
    ['mismatched braces', '{"a":1]', 'syntax'],
    ['NaN', '[NaN]', 'syntax'],
    ['Infinity', '-Infinity', 'syntax'],
    ['a leading zero', '[01]', 'syntax'],
    ['a plus sign', '+1', 'syntax'],
    ['hexadecimal', '0x10', 'trailing_bytes'],
    ['no digit behind the dot', '1.', 'syntax'],
    ['no digit before the dot', '.5', 'syntax'],
    ['no exponent', '1e', 'syntax'],
    ['no exponent behind the sign', '1e+', 'syntax'],
    ['only a sign', '-', 'syntax'],
    ['a literal in capitals', 'TRUE', 'syntax'],
    ['a literal cut short', 'fals', 'syntax'],
    ['a literal run on', 'nulll', 'trailing_bytes'],
    ['a vertical tab as white space', '[1,\v2]', 'syntax'],
    ['a form feed as white space', '\f1', 'syntax'],
    ['a no-break space as white space', '\u00a01', 'syntax'],
    ['a line separator as white space', '[1,\u20282]', 'syntax'],
    ['a raw line feed in a string', '"a\nb"', 'syntax'],
    ['a raw carriage return in a string', '"a\rb"', 'syntax'],
    ['a raw tab in a string', '"a\tb"', 'syntax'],
    ['a raw NUL in a string', '"a\0b"', 'syntax'],
    ['a raw control in a name', '{"a\u001fb":1}', 'syntax'],
    ['an escape of x', '"\\x41"', 'syntax'],
    ['an escaped quote mark of JavaScript', "\"\\'\"", 'syntax'],
    ['an escaped line feed', '"\\\n"', 'syntax'],
    ['a short \\u', '"\\u12"', 'syntax'],
    ['a \\u cut by the end', '"\\u123', 'syntax'],
    ['a \\u with a sign', '"\\u+123"', 'syntax'],
    ['a capital \\U', '"\\U00000041"', 'syntax'],
    ['a backslash at the end', '"\\', 'syntax'],
    ['an open string', '"abc', 'syntax'],
    ['an open name', '{"abc', 'syntax'],
    ['an open object', '{"a":1', 'syntax'],
    ['an open array', '[[1]', 'syntax'],
    ['a lone closing bracket', ']', 'syntax'],
    ['nothing', '', 'empty'],
    ['only white space', ' \r\n\t ', 'empty'],
    ['white space around', ' \r\n\t{ } \r\n\t', 'ok'],
    ['DEL and separators in a string', '"\u007f\u2028\u2029"', 'ok'],
    ['a lone surrogate escape', '"\\ud800"', 'ok'],
    ['surrogates in the wrong order', '"\\udc00\\ud800"', 'ok'],
    ['every escape', '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041"', 'ok'],
    ['numbers that a double cannot hold', '[9007199254740993,1e400,-0,0.1e-999]', 'ok'],
    ['a scalar', 'true', 'ok'],
  ])('%s', (_name, text, expected) => {
    expect(verdict(text)).toBe(expected);
    expect(referenceAccepts(Buffer.from(text))).toBe(expected === 'ok');
  });
});

describe('UTF-8 and nothing else (row 11)', () => {
  const text = call('{"name":"safe"}');
  const swapped = Buffer.from(text, 'utf16le').swap16();
  test.each([
    ['a byte order mark', Buffer.from(`\ufeff${text}`), 'byte_order_mark'],
    ['a byte order mark behind white space', Buffer.from(` \ufeff${text}`), 'syntax'],
    ['a byte order mark behind the value', Buffer.from(`${text}\ufeff`), 'trailing_bytes'],
    ['UTF-16LE', Buffer.from(text, 'utf16le'), 'syntax'],
    ['UTF-16BE', swapped, 'syntax'],
    ['UTF-16LE with mark', Buffer.from(`\ufeff${text}`, 'utf16le'), 'invalid_utf8'],
    ['UTF-16BE with mark', Buffer.concat([Buffer.of(0xfe, 0xff), swapped]), 'invalid_utf8'],
    ['a lone continuation byte', Buffer.from([0x22, 0x80, 0x22]), 'invalid_utf8'],
    ['an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'invalid_utf8'],
    ['an overlong quote', Buffer.from([0x22, 0xe0, 0x80, 0xa2, 0x22]), 'invalid_utf8'],
    ['a sequence cut short', Buffer.from([0x22, 0xe2, 0x82, 0x22]), 'invalid_utf8'],
    ['a sequence cut by the end', Buffer.from([0x22, 0xe2, 0x82]), 'invalid_utf8'],
    ['an encoded surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'invalid_utf8'],
    ['above U+10FFFF', Buffer.from([0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]), 'invalid_utf8'],
    ['Latin-1', Buffer.from('{"name":"café"}', 'latin1'), 'invalid_utf8'],
    ['gzip', Buffer.from([0x1f, 0x8b, 0x08, 0x00]), 'invalid_utf8'],
    ['UTF-7 is plain text with another meaning', Buffer.from('{"name":"+AHMAYQBmAGU-"}'), 'ok'],
    ['four-byte characters', Buffer.from('{"😀":"\u{10ffff}"}'), 'ok'],
  ])('%s', (_name, bytes, expected) => {
    expect(verdict(bytes)).toBe(expected);
  });

  test('the offset of invalid UTF-8 points at the first bad byte', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 200 }), fc.constantFrom(0x80, 0xc0, 0xff, 0xf5), (head, tail, byte) => {
        const before = Buffer.from(`"${head}`);
        const result = scan(Buffer.concat([before, Buffer.of(byte), Buffer.from(tail)]), CLIENT_LIMITS);
        expect(result).toMatchObject({ ok: false, code: 'invalid_utf8', offset: before.length });
      }),
    );
  });
});

describe('bombs are refused by the limits (row 39)', () => {
  const limits = { maxBytes: 1000, maxDepth: 5, maxKeys: 10 };
  const nested = (depth: number): Buffer => Buffer.from('['.repeat(depth) + ']'.repeat(depth));
  const object = (keys: number): Buffer => Buffer.from(`{${Array.from({ length: keys }, (_, k) => `"${k}":0`).join(',')}}`);
  const code = (bytes: Buffer, bounds = limits): string => {
    const result = scan(bytes, bounds);
    return result.ok ? 'ok' : `${result.code}@${result.offset}`;
  };

  test('each limit admits its own value and refuses one more', () => {
    expect(code(Buffer.from(`"${'x'.repeat(998)}"`))).toBe('ok');
    expect(code(Buffer.from(`"${'x'.repeat(999)}"`))).toBe('too_large@1000');
    expect(code(nested(5))).toBe('ok');
    expect(code(nested(6))).toBe('too_deep@5');
    expect(code(Buffer.from('{"a":[{"b":[{}]}]}'))).toBe('ok');
    expect(code(Buffer.from('{"a":[{"b":[{"c":{}}]}]}'))).toBe('too_deep@17');
    expect(code(object(10))).toBe('ok');
    expect(code(object(11))).toBe('too_many_keys@61');
  });

  test('keys are counted over all levels, depth is given back', () => {
    expect(code(Buffer.from(`[${Array.from({ length: 11 }, () => '{"a":1}').join(',')}]`))).toMatch(/^too_many_keys@/);
    expect(code(Buffer.from(`[${Array.from({ length: 20 }, () => '[[[[]]]]').join(',')}]`))).toBe('ok');
  });

  test.each([
    ['20 MB of text', Buffer.from(`"${'x'.repeat(20 << 20)}"`), 'too_large'],
    ['20 MB of brackets', Buffer.alloc(20 << 20, '['), 'too_large'],
    ['4 MB of open brackets', Buffer.alloc(4 << 20, '['), 'too_deep'],
    ['10 000 levels', nested(10_000), 'too_deep'],
    ['200 000 levels of objects', Buffer.from('{"a":'.repeat(200_000)), 'too_deep'],
    ['100 000 keys', object(100_000), 'too_many_keys'],
    ['100 000 keys in small objects', Buffer.from(`[${'{"a":1},'.repeat(100_000)}1]`), 'too_many_keys'],
  ])('%s', (_name, bytes, expected) => {
    expect(verdict(bytes)).toBe(expected);
  });

  test('with limits lifted, depth costs no stack and many keys no quadratic time', () => {
    const lifted = { maxBytes: 64 << 20, maxDepth: 3_000_000, maxKeys: 2_000_000 };
    expect(code(nested(2_000_000), lifted)).toBe('ok');
    expect(code(Buffer.from(`${'{"a":'.repeat(500_000)}1${'}'.repeat(500_000)}`), lifted)).toBe('ok');
    expect(code(object(500_000), lifted)).toBe('ok');
    // Multiples of 2^17 share their low bits: an unseeded hash of digits would put them all into one bucket.
    const colliding = Array.from({ length: 200_000 }, (_, k) => `"${(k + 1) * 131_072}":0`);
    expect(code(Buffer.from(`{${colliding.join(',')}}`), lifted)).toBe('ok');
    const [first] = colliding;
    expect(code(Buffer.from(`{${colliding.join(',')},${first}}`), lifted)).toMatch(/^duplicate_key@/);
  });

  test('a million elements pass: only members and bytes are counted', () => {
    expect(verdict(`[${'1,'.repeat(1_000_000)}1]`)).toBe('ok');
  });
});

describe('agreement with the engine', () => {
  test('every JSON text without duplicate names is accepted', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const result = scan(Buffer.from(text), UPSTREAM_LIMITS);
        expect(result.ok ? 'ok' : result.message).toBe('ok');
      }),
      { numRuns: 1500 },
    );
  });

  test('a text is accepted exactly when it is UTF-8, JSON.parse takes it and no name occurs twice', () => {
    let accepted = 0;
    fc.assert(
      fc.property(mutatedJson, (bytes) => {
        const ok = scan(bytes, UPSTREAM_LIMITS).ok;
        if (ok) accepted++;
        expect(ok).toBe(referenceAccepts(bytes));
      }),
      { numRuns: 6000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test('a second member of the same name, however spelled, is refused anywhere in any object', () => {
    const name = fc.tuple(fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é', '😀', '\u0001', '"'), maxLength: 3 }), fc.boolean());
    const spell = (text: string, escaped: boolean): string =>
      escaped ? `"${Array.from({ length: text.length }, (_, k) => `\\u${text.charCodeAt(k).toString(16).padStart(4, '0')}`).join('')}"` : JSON.stringify(text);
    const members = fc.uniqueArray(fc.tuple(name, jsonText), { minLength: 1, maxLength: 40, selector: ([[text]]) => text });
    fc.assert(
      fc.property(members, fc.nat(), fc.nat(), fc.boolean(), jsonText, (list, which, where, escaped, value) => {
        const texts = list.map(([[text, esc], json]) => `${spell(text, esc)}:${json}`);
        expect(scan(Buffer.from(`[{${texts.join(',')}}]`), UPSTREAM_LIMITS).ok).toBe(true);
        const again = list[which % list.length]?.[0][0] ?? '';
        texts.splice(where % (texts.length + 1), 0, `${spell(again, escaped)}:${value}`);
        expect(scan(Buffer.from(`[{${texts.join(',')}}]`), UPSTREAM_LIMITS)).toMatchObject({ ok: false, code: 'duplicate_key' });
      }),
      { numRuns: 500 },
    );
  });

  test('arbitrary bytes of the JSON alphabet', () => {
    const alphabet = fc.constantFrom(...'{}[]:,"\\ue0123.-+tnf \n\u0001é'.split(''), '"a"', 'true', 'null', '\\u0061', '"a":', '{}', '[]');
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
        const bytes = Buffer.from(text);
        expect(scan(bytes, UPSTREAM_LIMITS).ok).toBe(referenceAccepts(bytes));
      }),
      { numRuns: 6000 },
    );
  });

  test('one special byte anywhere in a long string is found, wherever the text lies in memory', () => {
    const specials = Array.from({ length: 256 }, (_, c) => c).filter((c) => c < 0x80);
    for (const size of [40, 47, 48, 49, 50, 51, 52, 63, 64, 65, 66, 67, 80, 97]) {
      for (let shift = 0; shift < 4; shift++) {
        const bytes = Buffer.alloc(shift + size + 6, 0x78).subarray(shift, shift + size + 2);
        bytes[0] = bytes[size + 1] = 0x22;
        expect(scan(bytes, UPSTREAM_LIMITS).ok).toBe(true);
        for (let at = 1; at <= size; at++) {
          const c = specials[(at * 31 + size * 7 + shift * 13) % specials.length] ?? 0;
          for (const byte of [c, 0x00, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x5b, 0x5c, 0x5d, 0x7f]) {
            bytes[at] = byte;
            if (scan(bytes, UPSTREAM_LIMITS).ok !== referenceAccepts(bytes)) expect.fail(`size ${size}, shift ${shift}, at ${at}, byte ${byte}`);
          }
          bytes[at] = 0x78;
        }
      }
    }
  });

  test('long strings of any characters', () => {
    fc.assert(
      fc.property(fc.array(stringText, { minLength: 1, maxLength: 8 }), fc.nat(7), (strings, shift) => {
        const text = `[${strings.join(',')}]`;
        const store = Buffer.alloc(shift + Buffer.byteLength(text) + 9, 0x22);
        const size = store.write(text, shift);
        expect(scan(store.subarray(shift, shift + size), UPSTREAM_LIMITS).ok).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

test('messages for people are one bounded line of printable ASCII, whatever the input', () => {
  const check = (bytes: Buffer): void => {
    const result = scan(bytes, { maxBytes: 5000, maxDepth: 3, maxKeys: 5 });
    if (!result.ok) {
      expect(result.message).toMatch(/^[ -~]{1,200}$/);
      expect(result.offset).toBeGreaterThanOrEqual(0);
      expect(result.offset).toBeLessThanOrEqual(bytes.length);
    }
  };
  check(Buffer.from('{"\u001b[31m":1}'));
  check(Buffer.from(`{"é\u202e${'k'.repeat(300)}":1,"é\u202e${'k'.repeat(300)}":1}`));
  fc.assert(fc.property(mutatedJson, check), { numRuns: 2000 });
});
