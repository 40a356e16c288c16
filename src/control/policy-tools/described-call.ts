import type { ClassFacts } from '../../policy/class-selector.ts';
import type { TargetKind } from '../../policy/types.ts';
import type { JsonNode } from '../../wire/json-node.ts';

/** What an agent wants to do. */
export interface DescribedCall {
  readonly kind: TargetKind;
  readonly name: string;
  /** Null when the call has no `arguments` at all. */
  readonly args: JsonNode | null;
  /** The class of the tool, as the author states it; null: it is that of the definition, or not known. */
  readonly toolClass: ClassFacts | null;
}

/** Whose call it is. */
export interface Caller {
  readonly grant: string;
  readonly tags: readonly string[];
  readonly session: string | null;
  readonly user: JsonNode | null;
  readonly client: { readonly name: string | null; readonly version: string | null };
}

export const NOBODY: Caller = { grant: 'test', tags: [], session: 'session-1', user: null, client: { name: null, version: null } };
