import { createHash } from 'node:crypto';
import type { JsonNode } from '../wire/json-node.ts';
import type { ToolFacts } from '../policy/types.ts';
import { knownKeys, type KnownKeys } from '../mcp/keys.ts';
import { paramHeadersOf, type ParamHeaders } from '../mcp/param-headers.ts';
import { canonicalJson } from './approvals/canonical.ts';

/** A list longer than this is not learnt any further; names beyond it are unknown, so calls for them are refused. */
const MAX_TOOLS = 100_000;
/** How long the answer "no such tool" holds before a call for an unknown name asks the upstream again. */
const NEGATIVE_MS = 1_000;

/** What conditions can know of a tool, from the definition that a list showed. */
export function toolFacts(definition: JsonNode): ToolFacts {
  return {
    title: definition.get('title')?.text() ?? null,
    annotations: definition.get('annotations'),
    inputSchema: definition.get('inputSchema'),
    category: null,
    risk: null,
  };
}

/** What we keep of a tool. Schema facts are read on first use: most tools are never called. */
export class KnownTool {
  readonly name: string;
  readonly #definition: JsonNode;
  #arguments: KnownKeys | null | undefined;
  #headers: ParamHeaders | undefined;
  #facts: ToolFacts | undefined;
  #hash: string | undefined;

  constructor(name: string, definition: JsonNode) {
    this.name = name;
    this.#definition = definition;
  }

  /** The property names of `inputSchema`, or null when it declares none. */
  get arguments(): KnownKeys | null {
    if (this.#arguments === undefined) {
      const properties = this.#definition.get('inputSchema')?.get('properties')?.members() ?? [];
      this.#arguments = properties.length === 0 ? null : knownKeys(properties.map((property) => property.key));
    }
    return this.#arguments;
  }

  get headers(): ParamHeaders {
    this.#headers ??= paramHeadersOf(this.#definition.get('inputSchema'));
    return this.#headers;
  }

  get facts(): ToolFacts {
    this.#facts ??= toolFacts(this.#definition);
    return this.#facts;
  }

  /** SHA-256 (hex) of the whole definition in canonical form: an approval given for one definition is none for another (attack 47). */
  get definitionHash(): string {
    this.#hash ??= createHash('sha256').update(canonicalJson(this.#definition, 'keep') ?? this.#definition.bytes()).digest('hex');
    return this.#hash;
  }
}

/**
 * The tools that an upstream really lists, learnt from the lists that pass by. Names are compared exactly (L6); several tools of one
 * name share one entry, because they share one rule.
 */
export class ToolDirectory {
  #tools = new Map<string, KnownTool>();
  #learnedAt = Number.NEGATIVE_INFINITY;
  #lastPage: Buffer | null = null;
  /** The cursor of the next page, while pages have come in their order from the first on. */
  #expected: string | null = null;

  get(name: string): KnownTool | null {
    return this.#tools.get(name) ?? null;
  }

  get size(): number {
    return this.#tools.size;
  }

  names(): IterableIterator<string> {
    return this.#tools.keys();
  }

  /** True right after a complete list was read: asking again for an unknown name would only load the upstream. */
  isFresh(now: number): boolean {
    return now - this.#learnedAt < NEGATIVE_MS;
  }

  /**
   * Reads one page of a `tools/list` result.
   * @param cursor JSON text of the cursor that was asked with; null for the first page, which replaces what was known
   */
  learn(result: JsonNode, cursor: string | null, now: number): void {
    const tools = result.get('tools');
    if (tools === null || tools.kind !== 'array') return;
    const first = cursor === null;
    const next = result.get('nextCursor');
    const last = next?.kind !== 'string';
    const inOrder = first || cursor === this.#expected;
    this.#expected = inOrder && !last ? next.lexeme() : null;
    const text = tools.bytes();
    const unchanged = first && this.#lastPage !== null && this.#lastPage.equals(text);
    if (!unchanged) {
      if (first) this.#tools = new Map();
      for (const definition of tools.elements()) {
        const name = definition.get('name')?.text() ?? null;
        if (name !== null && !this.#tools.has(name) && this.#tools.size < MAX_TOOLS) this.#tools.set(name, new KnownTool(name, definition));
      }
      this.#lastPage = first && last ? text : null;
    }
    // Names are missing while a list is read anew: "no such tool" cannot be said then.
    if (inOrder && last) this.#learnedAt = now;
    else if (first) this.#learnedAt = Number.NEGATIVE_INFINITY;
  }

  /** The upstream said that its list has changed: nothing that we know of it holds any more. */
  forget(): void {
    this.#tools = new Map();
    this.#lastPage = null;
    this.#expected = null;
    this.#learnedAt = Number.NEGATIVE_INFINITY;
  }
}
