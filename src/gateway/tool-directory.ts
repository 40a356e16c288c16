import { createHash } from 'node:crypto';
import type { JsonNode } from '../wire/json-node.ts';
import type { Classification } from '../catalogue/types.ts';
import { factsOf } from '../policy/tool-facts.ts';
import type { ToolFacts } from '../policy/types.ts';
import { knownKeys, type KnownKeys } from '../mcp/keys.ts';
import { paramHeadersOf, type ParamHeaders } from '../mcp/param-headers.ts';
import { canonicalJson } from './approvals/canonical.ts';
import type { ToolClassifier } from './tool-classifier.ts';

/** A list longer than this is not learnt any further; names beyond it are unknown, so calls for them are refused. */
const MAX_TOOLS = 100_000;
/** A server that lists more than this is not classified, so that nobody waits for it: what a rule for classes would decide is refused. */
const MOST_CLASSIFIED = 4_000;
/** The same in bytes: each takes about a tenth of a microsecond. */
const MOST_CLASSIFIED_BYTES = 8 * 1024 * 1024;
/** How long the answer "no such tool" holds before a call for an unknown name asks the upstream again. */
const NEGATIVE_MS = 1_000;

/** What we keep of a tool. Schema facts are read on first use: most tools are never called. */
export class KnownTool {
  readonly name: string;
  readonly #definition: JsonNode;
  readonly #all: readonly JsonNode[];
  readonly #classifiable: boolean;
  #arguments: KnownKeys | null | undefined;
  #headers: ParamHeaders | undefined;
  #facts: ToolFacts | undefined;
  #hash: string | undefined;
  #classified: { readonly by: ToolClassifier; readonly classification: Classification; readonly facts: ToolFacts } | undefined;

  /**
   * @param others further definitions of the same name: a server that lists a name twice runs one of them, and we cannot know which
   * @param classifiable whether the list that it is in is short enough
   */
  constructor(name: string, definition: JsonNode, others: readonly JsonNode[] = [], classifiable = true) {
    this.name = name;
    this.#definition = definition;
    this.#all = [definition, ...others];
    this.#classifiable = classifiable;
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

  /** What the definition says, without a class. */
  get facts(): ToolFacts {
    this.#facts ??= factsOf(this.#definition);
    return this.#facts;
  }

  /** Every definition of the name, in the order of the list. */
  get definitions(): readonly JsonNode[] {
    return this.#all;
  }

  /** The class of the tool, of all of its definitions the most severe; null when it cannot be told (`ToolClassifier.classify`). */
  classification(classifier: ToolClassifier): Classification | null {
    return this.#classify(classifier)?.classification ?? null;
  }

  /** As `facts`, with the class; without one, rules that ask for it refuse. */
  classifiedFacts(classifier: ToolClassifier): ToolFacts {
    return this.#classify(classifier)?.facts ?? this.facts;
  }

  #classify(by: ToolClassifier) {
    if (this.#classified?.by === by) return this.#classified;
    if (!this.#classifiable) return null;
    const classification = by.classify(this.#all, this.definitionHash);
    if (classification === null) return null;
    this.#classified = { by, classification, facts: classifiedFacts(this.facts, classification) };
    return this.#classified;
  }

  /** SHA-256 (hex) of all different definitions of the name in canonical form: an approval given for one definition is none for another (attack 47). */
  get definitionHash(): string {
    if (this.#hash === undefined) {
      const [only = '', ...more] = [...new Set(this.#all.map(hashOf))].toSorted();
      this.#hash = more.length === 0 ? only : createHash('sha256').update([only, ...more].join()).digest('hex');
    }
    return this.#hash;
  }
}

/** What policies know of a class. */
export function classifiedFacts(facts: ToolFacts, { category, risk, effects }: Classification): ToolFacts {
  return { ...facts, category, risk, effects };
}

function hashOf(definition: JsonNode): string {
  return createHash('sha256').update(canonicalJson(definition, 'keep') ?? definition.bytes()).digest('hex');
}

/**
 * The tools that an upstream really lists, learnt from the lists that pass by. Names are compared exactly (L6); several tools of one
 * name share one entry, because they share one rule.
 */
export class ToolDirectory {
  #tools = new Map<string, KnownTool>();
  /** What each page showed, by the cursor that it was asked with, and of each name the pages that show it. */
  #pages = new Map<string, Map<string, JsonNode[]>>();
  #showing = new Map<string, Set<string>>();
  #definitions = 0;
  /** Of all definitions. */
  #bytes = 0;
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
      if (first) this.#clear();
      this.#learnPage(cursor ?? '', tools);
      this.#lastPage = first && last ? text : null;
    }
    // Names are missing while a list is read anew: "no such tool" cannot be said then.
    if (inOrder && last) this.#learnedAt = now;
    else if (first) this.#learnedAt = Number.NEGATIVE_INFINITY;
  }

  /** A page that is read again takes the place of what came from its cursor before: a definition may have changed there, or gone. */
  #learnPage(cursor: string, tools: JsonNode): void {
    const before = this.#pages.get(cursor) ?? new Map<string, JsonNode[]>();
    for (const definition of [...before.values()].flat()) this.#count(definition, -1);
    const page = new Map<string, JsonNode[]>();
    for (const definition of tools.elements()) {
      const name = definition.get('name')?.text() ?? null;
      if (name === null || this.#definitions >= MAX_TOOLS) continue;
      this.#count(definition, 1);
      const known = page.get(name);
      if (known === undefined) page.set(name, [definition]);
      else known.push(definition);
    }
    if (page.size === 0) this.#pages.delete(cursor);
    else this.#pages.set(cursor, page);
    for (const name of before.keys()) if (!page.has(name)) this.#showing.get(name)?.delete(cursor);
    for (const name of page.keys()) {
      const showing = this.#showing.get(name);
      if (showing === undefined) this.#showing.set(name, new Set([cursor]));
      else showing.add(cursor);
    }
    for (const name of new Set([...before.keys(), ...page.keys()])) this.#gather(name);
  }

  #count(definition: JsonNode, sign: 1 | -1): void {
    this.#definitions += sign;
    this.#bytes += sign * (definition.end - definition.start);
  }

  #gather(name: string): void {
    const [first, ...others] = [...(this.#showing.get(name) ?? [])].flatMap((cursor) => this.#pages.get(cursor)?.get(name) ?? []);
    if (first !== undefined) return void this.#tools.set(name, new KnownTool(name, first, others, this.#definitions <= MOST_CLASSIFIED && this.#bytes <= MOST_CLASSIFIED_BYTES));
    this.#tools.delete(name);
    this.#showing.delete(name);
  }

  #clear(): void {
    this.#tools = new Map();
    this.#pages = new Map();
    this.#showing = new Map();
    this.#definitions = 0;
    this.#bytes = 0;
  }

  /** The upstream said that its list has changed: nothing that we know of it holds any more. */
  forget(): void {
    this.#clear();
    this.#lastPage = null;
    this.#expected = null;
    this.#learnedAt = Number.NEGATIVE_INFINITY;
  }
}
