import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { allowEntryProblem, createAddressGuard } from '../../src/upstream/address-guard.ts';
import { guardedLookup, type Resolve } from '../../src/upstream/guarded-lookup.ts';
import { guardedRequest } from '../../src/upstream/guarded-request.ts';
import { HttpPool } from '../../src/upstream/http-pool.ts';
import { inRange, ipRange, parseIp, parseRange } from '../../src/upstream/ip-address.ts';

const STRICT = createAddressGuard([]);

/** Every way to write an IPv4 address that some parser of addresses takes. */
function spellings(address: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const whole = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (n: number): string => `0x${n.toString(16)}`;
  const octal = (n: number): string => `0${n.toString(8)}`;
  const wide = (text: string): string => text.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)));
  const dotted = [a, b, c, d];
  return [
    address, `${address}.`, String(whole), hex(whole), hex(whole).toUpperCase().replace('0X', '0X'), octal(whole), dotted.map(hex).join('.'), dotted.map(octal).join('.'),
    dotted.map((n) => `0x00${n.toString(16)}`).join('.'), dotted.map((n) => `000${n.toString(8)}`).join('.'), `${a}.${(b * 256 + c) * 256 + d}`, `${a}.${b}.${c * 256 + d}`, `${hex(a)}.${octal(b)}.${c * 256 + d}`,
    wide(address), wide(String(whole)), address.replaceAll('.', '。'), address.replaceAll('.', '%2e'), encodeURIComponent(address).replace(/^./, (first) => `%3${first}`),
  ];
}

/** Every way to carry it in IPv6. */
function embeddings(address: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const tail = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  return [
    `::ffff:${address}`, `::ffff:${tail}`, `0:0:0:0:0:ffff:${tail}`, `0000:0000:0000:0000:0000:FFFF:${address}`, `::${tail}`, `::${address}`, `::ffff:0:${address}`, `::ffff:0:${tail}`, `64:ff9b::${tail}`, `64:ff9b::${address}`,
    `64:ff9b:1::${tail}`, `2002:${tail}::`, `2002:${tail}::1`, `2002:${tail}:0:0:0:0:1`,
  ];
}

const FORBIDDEN_V4 = [
  '0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.100.100.200', '100.127.255.255', '127.0.0.1', '127.1.2.3', '127.255.255.254', '169.254.0.1', '169.254.169.254', '169.254.170.2', '172.16.0.1', '172.31.255.255',
  '192.0.0.1', '192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.0.1', '192.168.255.255', '198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.9', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255', '168.63.129.16',
];
const FORBIDDEN_V6 = [
  '::', '::1', '0:0:0:0:0:0:0:1', 'fe80::1', 'fe80::1%lo', 'febf::1', 'fec0::1', 'fc00::1', 'fd00::1', 'fd00:ec2::254', 'fdff:ffff::1', 'ff02::1', 'ff05::2', '100::1', '2001::1', '2001:db8::1', '2001:10::1', '2001:20::1', '3fff::1', '4000::1', '5f00::1', '::2', '64:ff9b:1::1',
];
const PUBLIC = ['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.1', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.0.1.1', '192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0', '223.255.255.255', '2606:4700::1111', '2a00:1450:4001::1', '2400:cb00::1', '2001:4860:4860::8888'];

describe('what a host may be', () => {
  test('[#51] every spelling of every forbidden IPv4 address is refused as the host of a URL', () => {
    const passed: string[] = [];
    let judged = 0;
    for (const spelling of FORBIDDEN_V4.flatMap(spellings)) {
      if (!URL.canParse(`https://${spelling}/`)) continue;
      judged += 1;
      if (STRICT.refusesHost(new URL(`https://${spelling}/`).hostname) === null) passed.push(spelling);
    }
    expect(passed).toEqual([]);
    expect(judged).toBeGreaterThan(400);
  });

  test('[#51] every form of IPv6 that carries an IPv4 address is refused, whatever it carries', () => {
    const forms = [...FORBIDDEN_V4, '8.8.8.8', '1.1.1.1'].flatMap(embeddings);
    expect(forms.filter((form) => STRICT.refusesHost(new URL(`https://[${form}]/`).hostname) === null || STRICT.refusesAddress('a.example', form) === null)).toEqual([]);
    expect(forms.length).toBeGreaterThan(400);
  });

  test.each(FORBIDDEN_V6)('[#51] %s is refused', (address) => {
    expect(STRICT.refusesAddress('a.example', address)).not.toBeNull();
    if (!address.includes('%')) expect(STRICT.refusesHost(`[${address}]`)).not.toBeNull();
  });

  test.each(PUBLIC)('%s is public, and may be called', (address) => {
    expect(STRICT.refusesAddress('a.example', address)).toBeNull();
    expect(STRICT.refusesHost(new URL(address.includes(':') ? `https://[${address}]` : `https://${address}`).hostname)).toBeNull();
  });

  test.each(['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'metadata', 'metadata.google.internal', 'METADATA.google.internal.', 'metadata.goog', 'instance-data', '', '.', '0x7f.1', '017700000001', '1.2.3.0x4'])('the name %j is refused before it is resolved', (name) => {
    expect(STRICT.refusesHost(name)).not.toBeNull();
  });

  test.each(['example.com', 'localhost.example.com', 'metadata.example.com', 'a-1.example', '1.example'])('the name %j is judged by its addresses', (name) => {
    expect(STRICT.refusesHost(name)).toBeNull();
  });

  test('no refusal repeats the address or the name', () => {
    for (const host of [...FORBIDDEN_V4, 'localhost', 'metadata.google.internal']) expect(STRICT.refusesHost(host)).not.toContain(host);
  });
});

describe('the allow list', () => {
  const guard = createAddressGuard(['10.1.0.0/16', 'fd12::/16', '127.0.0.1', 'db.internal', '*.corp.internal']);

  test.each([['10.1.2.3', true], ['10.2.0.1', false], ['fd12::5', true], ['fd13::5', false], ['127.0.0.1', true], ['127.0.0.2', false], ['::1', false], ['::ffff:10.1.2.3', false], ['64:ff9b::a01:203', false]])('a range lets %s through: %s', (address, allowed) => {
    expect(guard.refusesAddress('a.example', address) === null).toBe(allowed);
  });

  test.each([['db.internal', '192.168.1.1', true], ['DB.internal.', '10.9.9.9', true], ['x.db.internal', '192.168.1.1', false], ['a.corp.internal', '100.64.1.1', true], ['corp.internal', '10.9.9.9', false], ['evilcorp.internal', '10.9.9.9', false], ['db.internal', '127.0.0.1', true]])('a name lets %s at %s through: %s', (host, address, allowed) => {
    expect(guard.refusesAddress(host, address) === null).toBe(allowed);
  });

  test.each(['169.254.169.254', 'fd00:ec2::254', '168.63.129.16', '169.254.1.1', 'fe80::1', '224.0.0.1', '0.0.0.0', '::', '::ffff:10.0.0.1'])('a name never lets %s through', (address) => {
    expect(guard.refusesAddress('db.internal', address)).not.toBeNull();
  });

  test('the range of NAT64 lets only those through that are allowed themselves', () => {
    const nat = createAddressGuard(['64:ff9b::/96', '10.0.0.0/8']);
    expect(nat.refusesAddress('a.example', '64:ff9b::8.8.8.8')).toBeNull();
    expect(nat.refusesAddress('a.example', '64:ff9b::10.1.1.1')).toBeNull();
    expect(nat.refusesAddress('a.example', '64:ff9b::169.254.169.254')).not.toBeNull();
    expect(nat.refusesAddress('a.example', '64:ff9b::127.0.0.1')).not.toBeNull();
  });

  test.each(['10.0.0.1/8', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '300.1.1.1', '10.0.0', 'fd00::1/8', 'fe80::1%lo', '*', '*.', 'a..b', 'A.example', 'http://a.example', 'a.example:80', 'a b', '', '10.0.0.0/8/8', 'a/8'])('the entry %j is refused', (entry) => {
    expect(allowEntryProblem(entry)).not.toBeNull();
    expect(() => createAddressGuard([entry])).toThrow('not readable');
  });

  test.each(['10.0.0.0/8', '10.0.0.1', '::1', 'fd00::/8', '0.0.0.0/0', 'localhost', 'a.example', '*.a.example', 'my_host', 'xn--bcher-kva.example'])('the entry %j is taken', (entry) => {
    expect(allowEntryProblem(entry)).toBeNull();
  });
});

describe('ranges', () => {
  test('an address is in its own prefix of any length, and with one bit of the prefix changed it is not', () => {
    fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(127), fc.nat(127), (text, length, flipped) => {
      const bytes = parseIp(text);
      expect(bytes).not.toBeNull();
      const address = bytes ?? new Uint8Array();
      const bits = 1 + (length % (address.length * 8));
      const prefix = address.map((byte, index) => byte & ((0xff << (8 - Math.max(0, Math.min(8, bits - index * 8)))) & 0xff));
      expect(inRange(address, { bytes: prefix, bits })).toBe(true);
      const at = flipped % bits;
      const other = Uint8Array.from(address);
      other[at >> 3] = (other[at >> 3] ?? 0) ^ (0x80 >> (at & 7));
      expect(inRange(other, { bytes: prefix, bits })).toBe(false);
    }));
  });

  test('IPv4 and IPv6 ranges do not meet', () => {
    expect(inRange(parseIp('1.2.3.4') ?? new Uint8Array(), ipRange('::/0'))).toBe(false);
    expect(parseRange('1.2.3.4/24')).toBeNull();
    expect(() => ipRange('x')).toThrow('no range');
  });
});

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

async function listen(handler: RequestListener): Promise<{ port: number; requests: string[] }> {
  const requests: string[] = [];
  const started = createServer((request, response) => {
    requests.push(request.url ?? '');
    handler(request, response);
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return { port: (started.address() as AddressInfo).port, requests };
}

describe('on real sockets', () => {
  test.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1'])('[#51, O6] nothing arrives at a loopback server that is named as %s', async (host) => {
    const { port, requests } = await listen((_request, response) => response.end('x'));
    const answer = await guardedRequest(new URL(`http://${host}:${port}/`), { guard: STRICT, allowHttp: true });
    expect(answer).toMatchObject({ kind: 'unreachable', reached: false });
    const pool = new HttpPool(new URL(`http://${host}:${port}/`), { guard: STRICT });
    const problem = await new Promise((resolve) => pool.dispatch({ method: 'GET', path: '/', headers: [], body: null, idempotent: true }, { head: (status) => resolve(status), data: () => true, end: () => undefined, error: resolve }));
    expect(problem).toMatchObject({ kind: 'unreachable', reached: false });
    pool.close();
    expect(requests).toEqual([]);
  });

  test('an allowed loopback address is called', async () => {
    const { port } = await listen((_request, response) => response.end('hello'));
    const answer = await guardedRequest(new URL(`http://127.0.0.1:${port}/a?b=c`), { guard: createAddressGuard(['127.0.0.1']) });
    expect(answer).toMatchObject({ status: 200, body: Buffer.from('hello') });
    const named = await guardedRequest(new URL(`http://localhost:${port}/`), { guard: createAddressGuard(['127.0.0.0/8', '::1']) });
    expect(named).toMatchObject({ status: 200 });
  });

  test('[#51] a redirect is not followed unless asked for, and then each target is judged', async () => {
    const { port, requests } = await listen((request, response) => {
      if (request.url === '/start') response.writeHead(302, { location: '/next' }).end();
      else if (request.url === '/next') response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
      else response.writeHead(307, { location: request.url ?? '' }).end();
    });
    const guard = createAddressGuard(['127.0.0.1']);
    expect(await guardedRequest(new URL(`http://127.0.0.1:${port}/start`), { guard })).toMatchObject({ status: 302 });
    expect(requests).toEqual(['/start']);
    expect(await guardedRequest(new URL(`http://127.0.0.1:${port}/start`), { guard, maxRedirects: 5 })).toMatchObject({ kind: 'unreachable', reached: false });
    expect(await guardedRequest(new URL(`http://127.0.0.1:${port}/loop`), { guard, maxRedirects: 3 })).toMatchObject({ status: 307 });
    expect(requests.filter((url) => url === '/loop')).toHaveLength(4);
    expect(await guardedRequest(new URL(`http://127.0.0.1:${port}/start`), { guard, maxRedirects: 5, method: 'POST', body: Buffer.from('x') })).toMatchObject({ status: 302 });
  });

  test.each(['http://example.com/', 'ftp://example.com/', 'file:///etc/passwd', 'javascript:alert(1)', 'https://user:password@example.com/', `https://example.com/${'a'.repeat(5_000)}`])('[O6] %s is refused without a connection', async (url) => {
    expect(await guardedRequest(new URL(url), { guard: STRICT })).toMatchObject({ kind: 'unreachable', reached: false });
  });

  test('a body that is too long or too slow ends the request', async () => {
    const { port } = await listen((request, response) => {
      if (request.url === '/slow') { response.write('a'); return; }
      if (request.url === '/silent') return;
      response.end(Buffer.alloc(5_000));
    });
    const guard = createAddressGuard(['127.0.0.1']);
    expect(await guardedRequest(new URL(`http://127.0.0.1:${port}/long`), { guard, maxBytes: 4_999 })).toMatchObject({ kind: 'bad_response' });
    expect(await guardedRequest(new URL(`http://127.0.0.1:${port}/long`), { guard, maxBytes: 5_000 })).toMatchObject({ status: 200 });
    expect(await guardedRequest(new URL(`http://127.0.0.1:${port}/slow`), { guard, timeoutMs: 200 })).toMatchObject({ kind: 'timeout' });
    expect(await guardedRequest(new URL(`http://127.0.0.1:${port}/silent`), { guard, timeoutMs: 200 })).toMatchObject({ kind: 'timeout' });
    const controller = new AbortController();
    const given = guardedRequest(new URL(`http://127.0.0.1:${port}/silent`), { guard, signal: controller.signal });
    controller.abort();
    expect(await given).toMatchObject({ kind: 'closed' });
  });
});

describe('the lookup of a socket', () => {
  const lookup = (resolve: Resolve, all: boolean): Promise<unknown> => new Promise((done) => {
    guardedLookup(STRICT, resolve)('a.example', { all }, (error, address, family) => done(error ?? { address, family }));
  });

  test('[#51] hands over the very addresses that were judged, from one resolution', async () => {
    let asked = 0;
    // A name that is rebound: the first answer is public, every further one is not.
    const rebinding: Resolve = (_name, _options, callback) => callback(null, [{ address: asked++ === 0 ? '8.8.8.8' : '169.254.169.254', family: 4 }]);
    expect(await lookup(rebinding, false)).toEqual({ address: '8.8.8.8', family: 4 });
    expect(asked).toBe(1);
    expect(await lookup(rebinding, true)).toMatchObject({ code: 'ERR_TARGET_NOT_ALLOWED' });
    expect(asked).toBe(2);
  });

  test('[#51] one private address among public ones refuses the name', async () => {
    const mixed: Resolve = (_name, _options, callback) => callback(null, [{ address: '8.8.8.8', family: 4 }, { address: '::1', family: 6 }]);
    expect(await lookup(mixed, true)).toMatchObject({ code: 'ERR_TARGET_NOT_ALLOWED' });
    expect(await lookup((_name, _options, callback) => callback(null, []), true)).toMatchObject({ code: 'ERR_TARGET_NOT_ALLOWED' });
    expect(await lookup((_name, _options, callback) => callback(Object.assign(new Error('x'), { code: 'ENOTFOUND' }), []), true)).toMatchObject({ code: 'ENOTFOUND' });
  });
});
