import type { JsonNode } from '../../wire/json-node.ts';
import { editObject, type Edit } from '../../wire/splice.ts';
import { errorAnswer } from '../answers.ts';
import { INTERNAL_ERROR } from '../error-codes.ts';
import type { Id, Request, Response } from '../message.ts';
import { edited, toMessage } from './build.ts';
import { legacyErrorEdits, modernErrorEdits } from './errors.ts';

/** Results that S26 caching requires `ttlMs` and `cacheScope` of. */
const CACHEABLE: ReadonlySet<string> = new Set(['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list', 'resources/read', 'server/discover']);

/** An error response of our own. */
export function errorResponse(id: Id, code: number, text: string, data?: unknown): Response {
  return toMessage(errorAnswer(id, code, text, data)) as Response;
}

/** A result of our own; `json` is the text of the result object. */
export function resultResponse(id: Id, json: string): Response {
  return toMessage(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${json}}`) as Response;
}

/** Answers by error that say whose request could not be read carry no id; on a stream of one request they can only mean that one. */
function addressed(response: Response, id: Id): Edit[] {
  return editObject(response.root, new Map([['id', JSON.stringify(id)]]));
}

/**
 * The answer of a legacy server as a modern client expects it.
 * @param request what was sent to the server
 * @param id the client's own id
 */
export function modernResponse(request: Request, response: Response, id: Id): Response {
  const { result, error } = response;
  if (error !== null) return edited(response, [...addressed(response, id), ...modernErrorEdits(request.method, error)]);
  if (result === null || result.kind !== 'object') return errorResponse(id, INTERNAL_ERROR, `The server answered ${request.method} with a result that is not an object`);
  const changes = new Map<string, string>([['resultType', '"complete"']]);
  if (CACHEABLE.has(request.method)) {
    changes.set('ttlMs', '0');
    changes.set('cacheScope', '"private"');
  }
  const edits = [...addressed(response, id), ...editObject(result, changes)];
  if (request.method === 'tools/list') edits.push(...withoutExecution(result.get('tools')));
  return edited(response, edits);
}

/** `execution.taskSupport` promises tasks, which end at this bridge. */
function withoutExecution(tools: JsonNode | null): Edit[] {
  return (tools?.elements() ?? []).flatMap((tool) => (tool.kind === 'object' ? editObject(tool, new Map([['execution', null]])) : []));
}

/**
 * The answer of a modern server as a legacy client expects it. `resultType`, `ttlMs` and `cacheScope` stay: unknown members, which
 * clients have to ignore.
 * @param request the client's request
 */
export function legacyResponse(request: Request, response: Response): Response {
  const { result, error } = response;
  const edits = addressed(response, request.id);
  if (error !== null) return edited(response, [...edits, ...legacyErrorEdits(request.method, request.params, error)]);
  if (result === null || result.kind !== 'object') return errorResponse(request.id, INTERNAL_ERROR, `The server answered ${request.method} with a result that is not an object`);
  if (request.method === 'tools/list') edits.push(...withoutOpenSchemas(result.get('tools')));
  if (request.method === 'tools/call') edits.push(...objectContent(result));
  return edited(response, edits);
}

/** Legacy output schemas describe objects, and a client drops the whole list over one that does not. */
function withoutOpenSchemas(tools: JsonNode | null): Edit[] {
  return (tools?.elements() ?? []).flatMap((tool) => {
    const schema = tool.get('outputSchema');
    return schema === null || schema.get('type')?.text() === 'object' ? [] : editObject(tool, new Map([['outputSchema', null]]));
  });
}

/** Only modern structured content may be another value than an object. It stays readable as text. */
function objectContent(result: JsonNode): Edit[] {
  const structured = result.get('structuredContent');
  if (structured === null || structured.kind === 'object') return [];
  const changes = new Map<string, string | null>([['structuredContent', null]]);
  const content = result.get('content');
  const block = `{"type":"text","text":${JSON.stringify(structured.lexeme())}}`;
  const blocks = content?.elements() ?? [];
  if (content === null || content.kind !== 'array' || blocks.length === 0) changes.set('content', `[${block}]`);
  else if (!blocks.some((item) => item.get('type')?.text() === 'text')) {
    changes.set('content', `[${[...blocks.map((item) => item.lexeme()), block].join(',')}]`);
  }
  return editObject(result, changes);
}
