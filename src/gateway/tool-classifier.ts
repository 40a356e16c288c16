import type { Classification, ServerFacts } from '../catalogue/types.ts';
import type { PolicySet } from '../policy/types.ts';
import type { JsonNode } from '../wire/json-node.ts';
import type * as ClassifyTool from './classify-tool.ts';

let classifyTool: typeof ClassifyTool.classifyTool | null = null;
let loading: Promise<void> | null = null;

/** Classifications that are kept; each is at most a few KB. */
const GENERATION = 4_096;

/**
 * The classifier of one server's tools (catalogue.md). Its code is loaded on demand: most starts of `run` need none of it. What was found
 * for a definition is kept, since every session reads the same list, and a list that did not change is read again and again.
 */
export class ToolClassifier {
  readonly #facts: ServerFacts;
  #young = new Map<string, Classification>();
  #old = new Map<string, Classification>();
  readonly #categories = new Map<string, string>();

  /** @param facts the configured name of the server, and whether the operator trusts its annotations (never unless it says so) */
  constructor(facts: ServerFacts = {}) {
    this.#facts = facts;
  }

  /** Loads the code. @returns null when nothing has to be waited for */
  ready(): Promise<void> | null {
    if (classifyTool !== null) return null;
    loading ??= import('./classify-tool.ts').then((module) => {
      classifyTool = module.classifyTool;
    });
    return loading;
  }

  /** As `ready`, where the policies ask for classes. */
  readyFor(policies: PolicySet): Promise<void> | null {
    return policies.needsClasses ? this.ready() : null;
  }

  /**
   * The class of one tool. Deterministic, and never lower for further definitions of its name.
   * @param definitions every definition that the upstream lists under the name
   * @param hash of all of them (`KnownTool.definitionHash`)
   * @returns null when it cannot be told: the code is not loaded, or there are more different definitions than anybody means
   */
  classify(definitions: readonly JsonNode[], hash: string): Classification | null {
    if (classifyTool === null) return null;
    const known = this.#young.get(hash) ?? this.#old.get(hash);
    const found = known ?? classifyTool(definitions, this.#facts);
    if (found === null) return null;
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(hash, found);
    const name = definitions[0]?.get('name')?.text() ?? null;
    if (name !== null && (this.#categories.size < GENERATION || this.#categories.has(name))) this.#categories.set(name, found.category);
    return found;
  }

  /** The category that this tool was found to have last, for figures; null while nothing has asked for its class. */
  categoryOf(name: string): string | null {
    return this.#categories.get(name) ?? null;
  }
}
