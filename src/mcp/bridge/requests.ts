import { editObject, type Edit } from '../../wire/splice.ts';
import { metaOf } from '../meta.ts';
import type { Request } from '../message.ts';
import { LATEST_MODERN } from '../versions.ts';
import { edited } from './build.ts';
import { CAPABILITIES_KEY, CLIENT_INFO_KEY, LOG_LEVEL_KEY, VERSION_KEY } from './meta-keys.ts';

const ENVELOPE = [VERSION_KEY, CAPABILITIES_KEY, CLIENT_INFO_KEY, LOG_LEVEL_KEY];

/**
 * A modern request as a legacy server understands it: another id and progress token, no protocol members in `_meta`, no members of a
 * retry. Every other byte stays.
 * @param id JSON text
 * @param token JSON text of the progress token to use in place of the client's
 */
export function legacyRequest(request: Request, id: string, token: string): Request {
  const edits: Edit[] = [...editObject(request.root, new Map([['id', id]]))];
  const { params } = request;
  const meta = metaOf(params);
  if (params !== null) {
    const changes = new Map<string, string | null>([['inputResponses', null], ['requestState', null]]);
    if (meta !== null) {
      const bare = meta.members().every((member) => ENVELOPE.includes(member.key));
      if (bare) changes.set('_meta', null);
      else edits.push(...editObject(meta, legacyMeta(meta.get('progressToken') !== null, token)));
    }
    edits.push(...editObject(params, changes));
  }
  return edited(request, edits);
}

function legacyMeta(progress: boolean, token: string): ReadonlyMap<string, string | null> {
  const changes = new Map<string, string | null>(ENVELOPE.map((key) => [key, null]));
  if (progress) changes.set('progressToken', token);
  return changes;
}

/** What every modern request says about its client; JSON texts. */
export interface ModernEnvelope {
  readonly capabilities: string;
  readonly clientInfo: string | null;
  /** Name of a level, or null when the client asked for no log messages. */
  readonly logLevel: string | null;
}

/** The `_meta` members of an envelope. */
export function envelopeMembers(envelope: ModernEnvelope): Map<string, string | null> {
  return new Map([
    [VERSION_KEY, `"${LATEST_MODERN}"`],
    [CAPABILITIES_KEY, envelope.capabilities],
    [CLIENT_INFO_KEY, envelope.clientInfo],
    [LOG_LEVEL_KEY, envelope.logLevel === null ? null : JSON.stringify(envelope.logLevel)],
  ]);
}

/** An envelope as the text of a `_meta` object. */
export function envelopeText(envelope: ModernEnvelope): string {
  const members: string[] = [];
  for (const [key, json] of envelopeMembers(envelope)) if (json !== null) members.push(`${JSON.stringify(key)}:${json}`);
  return `{${members.join(',')}}`;
}

/** The answers to an `InputRequiredResult`, as its retry carries them. */
export interface Retry {
  /** JSON text of the new id. */
  readonly id: string;
  /** JSON text of the object, or null when nothing was asked. */
  readonly inputResponses: string | null;
  /** The exact JSON text that the server gave, or null when it gave none. */
  readonly requestState: string | null;
}

/**
 * A legacy request as a modern server understands it: the envelope is added to `_meta`, and takes the place of members that the client
 * put there itself. Every other byte stays.
 */
export function modernRequest(request: Request, envelope: ModernEnvelope, retry: Retry | null): Request {
  const { root, params } = request;
  const outer = new Map<string, string | null>();
  const edits: Edit[] = [];
  if (retry !== null) outer.set('id', retry.id);
  if (params === null) outer.set('params', `{"_meta":${envelopeText(envelope)}}`);
  edits.push(...editObject(root, outer));
  if (params !== null) {
    const inner = new Map<string, string | null>([['inputResponses', retry?.inputResponses ?? null], ['requestState', retry?.requestState ?? null]]);
    const meta = metaOf(params);
    if (meta === null) inner.set('_meta', envelopeText(envelope));
    else edits.push(...editObject(meta, envelopeMembers(envelope)));
    edits.push(...editObject(params, inner));
  }
  return edited(request, edits);
}
