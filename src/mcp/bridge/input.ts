import type { JsonNode } from '../../wire/json-node.ts';
import { editObject, type Edit } from '../../wire/splice.ts';
import type { Request } from '../message.ts';
import { metaOf } from '../meta.ts';
import { editedText, toRequest } from './build.ts';
import { RELATED_TASK_KEY } from './meta-keys.ts';

/** What a legacy server asks by a request and a modern one by an `InputRequiredResult` (S26 mrtr). */
export const INPUT_METHODS: ReadonlySet<string> = new Set(['elicitation/create', 'sampling/createMessage', 'roots/list']);

/** The request of a legacy server as an entry of `inputRequests`. Its own token and task mean nothing to the client. */
export function inputRequest(request: Request): string {
  const { method, params } = request;
  if (params === null) return `{"method":${JSON.stringify(method)}}`;
  const edits: Edit[] = editObject(params, new Map([['task', null], ['elicitationId', null]]));
  const meta = metaOf(params);
  if (meta !== null) edits.push(...editObject(meta, new Map([['progressToken', null], [RELATED_TASK_KEY, null]])));
  return `{"method":${JSON.stringify(method)},"params":${editedText(params, edits)}}`;
}

/** An entry of `inputRequests` as a request to a legacy client. @param id JSON text, also used where the era wants an elicitation id */
export function serverRequest(id: string, method: string, params: JsonNode | null): Request {
  if (params === null || params.kind !== 'object') return toRequest(id, method, null);
  const url = method === 'elicitation/create' && params.get('mode')?.text() === 'url';
  return toRequest(id, method, editedText(params, url ? editObject(params, new Map([['elicitationId', id]])) : []));
}

/**
 * An `InputRequiredResult`.
 * @param requests key to the JSON text of an entry
 * @param state the plain text of `requestState`
 */
export function inputRequiredResult(requests: ReadonlyMap<string, string>, state: string): string {
  const entries = [...requests].map(([key, json]) => `${JSON.stringify(key)}:${json}`);
  return `{"resultType":"input_required","inputRequests":{${entries.join(',')}},"requestState":${JSON.stringify(state)}}`;
}
