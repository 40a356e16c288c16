import { readFileSync, statSync } from 'node:fs';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import { scan } from '../../wire/scan.ts';
import { ScanFailure } from './scan-failure.ts';

const MAX_FILE = 512 * 1024 * 1024;
const LF = 0x0a;

/**
 * Reads recorded definitions: a `tools/list` result (also inside its JSON-RPC answer), a list of definitions, or one definition per
 * line. Starts no server.
 * @throws ScanFailure with the line that is wrong
 */
export function readDefinitions(path: string): readonly JsonNode[] {
  let bytes: Buffer;
  try {
    if (statSync(path).size > MAX_FILE) throw new ScanFailure('too_large', `${path} has more than ${MAX_FILE / 1_048_576} MB`);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof ScanFailure) throw error;
    throw new ScanFailure('bad_definitions', `cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
  const whole = scan(bytes, { ...UPSTREAM_LIMITS, maxBytes: MAX_FILE });
  if (whole.ok) return fromDocument(whole.root, path);
  if (whole.code !== 'trailing_bytes') throw new ScanFailure('bad_definitions', `${path}: ${whole.message}`);
  return fromLines(bytes, path);
}

function fromDocument(root: JsonNode, path: string): readonly JsonNode[] {
  if (root.kind === 'array') return root.elements();
  const list = root.get('tools') ?? root.get('result')?.get('tools') ?? null;
  if (list?.kind === 'array') return list.elements();
  if (root.get('name') !== null) return [root];
  throw new ScanFailure('bad_definitions', `${path} holds neither a tools/list result nor tool definitions`);
}

function fromLines(bytes: Buffer, path: string): readonly JsonNode[] {
  const tools: JsonNode[] = [];
  let start = 0;
  for (let line = 1; start < bytes.length; line += 1) {
    const found = bytes.indexOf(LF, start);
    const end = found === -1 ? bytes.length : found;
    const text = bytes.subarray(start, end);
    start = end + 1;
    if (text.toString('latin1').trim() === '') continue;
    const parsed = scan(text, UPSTREAM_LIMITS);
    if (!parsed.ok) throw new ScanFailure('bad_definitions', `${path}:${line}: ${parsed.message}`);
    if (parsed.root.kind !== 'object') throw new ScanFailure('bad_definitions', `${path}:${line}: expected one tool definition per line`);
    tools.push(parsed.root);
  }
  return tools;
}
