import { expect, test } from 'vitest';
import type { JsonNode } from '../../src/wire/json-node.ts';
import { CLIENT_LIMITS } from '../../src/wire/limits.ts';
import { LineSplitter } from '../../src/wire/lines.ts';
import { scan } from '../../src/wire/scan.ts';
import { removeElements, removeMember, setMember, splice } from '../../src/wire/splice.ts';
import { formatSse, replaceData, type SseEvent, SseReader } from '../../src/wire/sse.ts';

function root(text: string): JsonNode {
  const result = scan(Buffer.from(text), CLIENT_LIMITS);
  if (!result.ok) throw new Error(result.message);
  return result.root;
}

test('a call is scanned and read without parsing it whole', () => {
  const text = ' {"jsonrpc":"2.0","id": 7,"method":"tools/call","params":{"name":"x\\u0041","arguments":{"n":[1,2.50,{"a":"b\\"]"}]}}} ';
  const node = root(text);
  expect(node.get('id')?.integer()).toBe(7);
  expect(node.get('params')?.get('name')?.text()).toBe('xA');
  const n = node.get('params')?.get('arguments')?.get('n');
  expect(n?.elements().map((e) => e.lexeme())).toEqual(['1', '2.50', '{"a":"b\\"]"}']);
  expect(node.value()).toEqual(JSON.parse(text));
});

test('edits keep every other byte', () => {
  const text = '{ "tools" : [ {"name":"a"} , {"name":"b"},{"name":"c"} ] , "n": 1.0 }';
  const node = root(text);
  const tools = node.get('tools');
  if (tools === null) throw new Error('no tools');
  const edits = [...removeElements(tools, (i) => i !== 1), setMember(node, 'n', '2'), setMember(node, 'z', 'null')];
  expect(splice(node.buffer, edits).toString()).toBe('{ "tools" : [ {"name":"b"} ] , "n": 2,"z":null }');
  const edit = removeMember(node, 'tools');
  expect(splice(node.buffer, edit === null ? [] : [edit]).toString()).toBe('{ "n": 1.0 }');
});

test('lines and events come out whole from single bytes', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter(10, { line: (b) => lines.push(b.toString()), overflow: (n) => lines.push(`!${n}`) });
  for (const byte of Buffer.from('{"a":1}\r\n\n01234567890\n[]\nlast')) splitter.push(Buffer.of(byte));
  splitter.end();
  expect(lines).toEqual(['{"a":1}', '!11', '[]', 'last']);

  const events: SseEvent[] = [];
  const reader = new SseReader(1000, { event: (e) => events.push(e), overflow: () => events.push() });
  const input = ': hi\r\nid: 1\r\ndata: a\r\ndata: b\r\n\r\n: ping\n\ndata';
  for (const byte of Buffer.from(input)) reader.push(Buffer.of(byte));
  expect(events.map((e) => [e.id, e.data?.toString()])).toEqual([['1', 'a\nb'], [null, undefined]]);
  expect(events.map((e) => e.raw.toString()).join('') + reader.end().toString()).toBe(input);
  expect(events[0] && replaceData(events[0], Buffer.from('x')).toString()).toBe(': hi\r\nid: 1\r\ndata: x\r\n\r\n');
  expect(formatSse('a\nb', { id: '7' }).toString()).toBe('id: 7\ndata: a\ndata: b\n\n');
});
