// Cost of the strict scan next to JSON.parse of the same bytes. Run: node bench/wire-scan.mjs
import { build } from 'esbuild';

const built = await build({
  stdin: { contents: "export * from './src/wire/scan.ts'; export * from './src/wire/lines.ts'; export * from './src/wire/sse.ts';", resolveDir: '.', loader: 'ts' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  write: false,
});
const code = built.outputFiles[0]?.text ?? '';
const { scan, LineSplitter, SseReader } = await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);

const LIMITS = { maxBytes: 64 << 20, maxDepth: 128, maxKeys: 1_000_000 };

/** Median over rounds of the nanoseconds per run. */
function measure(run, runs) {
  const rounds = [];
  for (let k = 0; k < 9; k++) {
    const start = process.cpuUsage();
    for (let r = 0; r < runs; r++) run();
    const used = process.cpuUsage(start);
    rounds.push(((used.user + used.system) * 1000) / runs);
  }
  return rounds.toSorted((a, b) => a - b)[4];
}

function show(name, text, runs) {
  const bytes = Buffer.from(text);
  const result = scan(bytes, LIMITS);
  if (!result.ok) throw new Error(result.message);
  const parse = measure(() => JSON.parse(bytes.toString('utf8')), runs);
  const strict = measure(() => scan(bytes, LIMITS), runs);
  console.log(`${name.padEnd(34)} ${String(bytes.length).padStart(9)} B  JSON.parse ${(parse / 1000).toFixed(2).padStart(9)} us  scan ${(strict / 1000).toFixed(2).padStart(9)} us  ${(strict / parse).toFixed(2)} x`);
}

const call = JSON.stringify({
  jsonrpc: '2.0', id: 17, method: 'tools/call',
  params: {
    name: 'create_charge',
    arguments: { customer: 'cus_9s6XKzkNRiz8i3', amount: 4999, currency: 'usd', capture: true, description: 'Order 1182, two items', tags: ['web', 'eu', 'retry'] },
    _meta: { progressToken: 'p-17', 'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' } },
  },
});
show('tools/call', call, 20_000);
show('100 KB plain string', JSON.stringify({ a: 'x'.repeat(100_000) }), 500);
show('100 KB non-ASCII string', JSON.stringify({ a: 'é漢'.repeat(20_000) }), 300);
show('100 KB source text (\\n, \\")', JSON.stringify({ a: 'const greeting = "hello";\n  return greeting;\n'.repeat(2_100) }), 300);
show('62 KB of small objects', JSON.stringify(Array.from({ length: 1000 }, (_, id) => ({ id, name: `item ${id}`, ok: true, price: id / 4 }))), 200);
show('20 000 keys in one object', `{${Array.from({ length: 20_000 }, (_, k) => `"k${k}":1`).join(',')}}`, 20);
show('2500 objects of 8 long keys', JSON.stringify(Array.from({ length: 2500 }, () => Object.fromEntries(Array.from({ length: 8 }, (_, k) => [`${'k'.repeat(62)}${k}`, 1])))), 20);
show('2 M numbers', `[${'1,'.repeat(2_000_000)}1]`, 1);

function once(name, run) {
  run();
  console.log(`${name.padEnd(34)} ${(measure(run, 1) / 1e6).toFixed(1)} ms`);
}
const SMALL = { maxBytes: 4 << 20, maxDepth: 64, maxKeys: 20_000 };
const depth = Buffer.from('['.repeat(4 << 20));
const keys = Buffer.from(`{${Array.from({ length: 100_000 }, (_, k) => `"k${k}":1`).join(',')}}`);
once('refuse 4 MB depth bomb', () => scan(depth, SMALL));
once('refuse 100 000 keys', () => scan(keys, SMALL));
const line = Buffer.concat([Buffer.alloc(8 << 20, 0x61), Buffer.from('\n')]);
once('8 MB line in 64 KB chunks', () => {
  const splitter = new LineSplitter(16 << 20, { line() {}, overflow() {} });
  for (let i = 0; i < line.length; i += 65536) splitter.push(line.subarray(i, i + 65536));
});
const long = Buffer.concat([Buffer.from('data: '), line, Buffer.from('\n')]);
once('8 MB event in 64 KB chunks', () => {
  const reader = new SseReader(16 << 20, { event() {}, overflow() {} });
  for (let i = 0; i < long.length; i += 65536) reader.push(long.subarray(i, i + 65536));
});
const events = Buffer.from(`event: message\nid: 1\ndata: ${'x'.repeat(470)}\n\n`.repeat(10_000));
once('10 000 events of 500 B', () => {
  const reader = new SseReader(1 << 20, { event() {}, overflow() {} });
  for (let i = 0; i < events.length; i += 65536) reader.push(events.subarray(i, i + 65536));
});
const tiny = Buffer.from(`${'data\n'.repeat(1 << 20)}\n`);
once('one event of 1 M empty data lines', () => {
  const reader = new SseReader(16 << 20, { event() {}, overflow() {} });
  reader.push(tiny);
});
