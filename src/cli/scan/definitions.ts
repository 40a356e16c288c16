import { readFileSync, statSync } from 'node:fs';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import { scan } from '../../wire/scan.ts';
import { ScanFailure } from '../../gateway/scan/scan-failure.ts';

const MAX_FILE = 512 * 1024 * 1024;
/** A member takes four bytes at least; the size bounds them. */
const FILE_LIMITS = { ...UPSTREAM_LIMITS, maxBytes: MAX_FILE, maxKeys: MAX_FILE };
const LF = 0x0a;
const BOM = Buffer.from('\uFEFF');

/** A line that holds no JSON: it keeps its place among the items, so that the n-th line stays the n-th item. */
export interface UnreadableLine {
  readonly line: number;
  readonly message: string;
}

/** One item of recorded definitions. */
export interface RecordedItem {
  /** The definition; JSON null for a line that cannot be read. */
  readonly definition: JsonNode;
  /** The server that the line names beside its tool; null when it names none. */
  readonly server: string | null;
  readonly unreadable: UnreadableLine | null;
}

/**
 * Reads recorded definitions: a `tools/list` result (also inside its JSON-RPC answer), a list of definitions, or one definition per
 * line. Starts no server.
 * @throws ScanFailure with the line that is wrong
 */
export function readDefinitions(path: string): readonly JsonNode[] {
  return readRecorded(path).map(({ definition, unreadable }) => {
    if (unreadable !== null) throw new ScanFailure('bad_definitions', `${path}:${unreadable.line}: ${unreadable.message}`);
    return definition;
  });
}

/**
 * As `readDefinitions`, but an item that is no definition, or no JSON, stops nothing: one bad line of ten thousand must not hide the rest.
 * A line may wrap its definition as `{"tool": {...}, "server": "name"}`.
 * @throws ScanFailure when the file cannot be read or holds no items at all
 */
export function readRecorded(path: string): readonly RecordedItem[] {
  const bytes = readBytes(path);
  const whole = scan(bytes, FILE_LIMITS);
  // One line of text is a document, unless the name of the file says that its lines are.
  const lines = /\.(?:jsonl|ndjson)$/i.test(path) || (!whole.ok && (whole.code === 'trailing_bytes' || mostLinesAreObjects(bytes)));
  if (lines) return linesOf(bytes);
  if (!whole.ok) throw new ScanFailure('bad_definitions', `${path}: ${whole.message}`);
  return fromDocument(whole.root, path).map((element) => item(element));
}

function readBytes(path: string): Buffer {
  try {
    if (statSync(path).size > MAX_FILE) throw new ScanFailure('too_large', `${path} has more than ${MAX_FILE / 1_048_576} MB`);
    const bytes = readFileSync(path);
    return bytes.subarray(0, BOM.length).equals(BOM) ? bytes.subarray(BOM.length) : bytes;
  } catch (error) {
    if (error instanceof ScanFailure) throw error;
    throw new ScanFailure('bad_definitions', `cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
}

function fromDocument(root: JsonNode, path: string): readonly JsonNode[] {
  if (root.kind === 'array') return root.elements();
  const list = root.get('tools') ?? root.get('result')?.get('tools') ?? null;
  if (list?.kind === 'array') return list.elements();
  if (['name', 'inputSchema', 'tool'].some((key) => root.get(key) !== null)) return [root];
  throw new ScanFailure('bad_definitions', `${path} holds neither a tools/list result nor tool definitions`);
}

function linesOf(bytes: Buffer): readonly RecordedItem[] {
  const items: RecordedItem[] = [];
  for (const { line, text } of eachLine(bytes)) {
    const parsed = scan(text, UPSTREAM_LIMITS);
    if (parsed.ok) items.push(item(parsed.root));
    else items.push({ definition: nothing(), server: null, unreadable: { line, message: parsed.message } });
  }
  return items;
}

/** A definition has a name of its own; only where there is none can `tool` be a wrapper. */
function item(node: JsonNode): RecordedItem {
  const inner = node.get('tool');
  if (inner?.kind === 'object' && node.get('name') === null && node.get('inputSchema') === null) return { definition: inner, server: node.get('server')?.text() ?? null, unreadable: null };
  return { definition: node, server: null, unreadable: null };
}

/** Tells a file of lines, the first of which is broken, from one broken document. */
function mostLinesAreObjects(bytes: Buffer): boolean {
  let [lines, objects] = [0, 0];
  for (const { text } of eachLine(bytes)) {
    lines += 1;
    const parsed = scan(text, UPSTREAM_LIMITS);
    if (parsed.ok && parsed.root.kind === 'object') objects += 1;
  }
  return objects * 2 > lines;
}

function* eachLine(bytes: Buffer): Generator<{ readonly line: number; readonly text: Buffer }> {
  let start = 0;
  for (let line = 1; start < bytes.length; line += 1) {
    const found = bytes.indexOf(LF, start);
    const end = found === -1 ? bytes.length : found;
    const text = bytes.subarray(start, end);
    start = end + 1;
    if (text.some((byte) => byte > 0x20)) yield { line, text };
  }
}

function nothing(): JsonNode {
  const parsed = scan(Buffer.from('null'), UPSTREAM_LIMITS);
  if (!parsed.ok) throw new TypeError('null cannot be read');
  return parsed.root;
}
