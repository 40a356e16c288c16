import { readFileSync } from 'node:fs';
import { classifyRequest } from '../../mcp/methods.ts';
import type { Diagnostic } from '../../policy/diagnostic.ts';
import type { SourceNode } from '../../policy/source-node.ts';
import type { Caller, DescribedCall } from '../../control/policy-tools/described-call.ts';
import { CallFields, readCaller, readInstant } from './call-fields.ts';
import { jsonOfSource } from './json-of-source.ts';
import { parseSource, readTextFile } from './read-source.ts';
import { SourceReader } from './source-reader.ts';

/** A call with what a file says of its circumstances. */
export interface CallFile {
  readonly call: DescribedCall;
  readonly server: string;
  readonly caller: Caller;
  /** Null: the file does not say. */
  readonly at: number | null;
}

export type ReadCallFile = { readonly ok: true; readonly file: CallFile } | { readonly ok: false; readonly errors: readonly Diagnostic[] };

/**
 * Reads one call: in the words of a test case, or as the JSON-RPC request that a client sends.
 * @param path `-` for stdin
 * @param base what holds where the file says nothing
 */
export async function readCallFile(path: string, base: Omit<CallFile, 'call'>): Promise<ReadCallFile> {
  const text = path === '-' ? readFileSync(0, 'utf8') : readTextFile(path);
  if (typeof text !== 'string') return { ok: false, errors: [text] };
  const { root, reporter } = await parseSource(text, path === '-' ? 'stdin' : path);
  const reader = new SourceReader(reporter);
  const file = root === null ? null : isRequest(root) ? fromRequest(reader, root, base) : fromFields(reader, root, base);
  return file === null || reporter.failed ? { ok: false, errors: reporter.list('error') } : { ok: true, file };
}

function isRequest(root: SourceNode): boolean {
  return root.kind === 'map' && root.entries.some(({ key }) => key === 'method' || key === 'jsonrpc');
}

function fromFields(reader: SourceReader, root: SourceNode, base: Omit<CallFile, 'call'>): CallFile | null {
  const fields = new CallFields(reader);
  const own = { ...base };
  reader.fields(root, [], 'a call', {
    ...fields.fields,
    server: (node, path) => void (own.server = reader.text(node, path, 'the name of a server') ?? base.server),
    caller: (node, path) => void (own.caller = readCaller(reader, node, path, base.caller)),
    at: (node, path) => void (own.at = readInstant(reader, node, path)),
  });
  const call = fields.finish(root, [], 'this call');
  return call === null ? null : { ...own, call };
}

/** As gateway/call/target.ts reads it. */
function fromRequest(reader: SourceReader, root: SourceNode, base: Omit<CallFile, 'call'>): CallFile | null {
  const request = jsonOfSource(reader, root, []);
  if (request === null) return null;
  const type = classifyRequest(request.get('method')?.text() ?? '');
  if (type?.type !== 'governed') return reader.error('bad_request', root, ['method'], 'this request is not governed by rules', 'expected tools/call, resources/read, resources/subscribe or prompts/get');
  const params = request.get('params');
  const name = params?.get(type.key)?.text() ?? null;
  if (name === null) return reader.error('bad_request', root, ['params'], `\`params.${type.key}\` is not text`);
  const args = params?.get('arguments') ?? null;
  if (args !== null && args.kind !== 'object') return reader.error('bad_request', root, ['params', 'arguments'], '`params.arguments` is not an object');
  return { ...base, call: { kind: type.kind, name, args: type.kind === 'resource' ? null : args, toolClass: null } };
}
