import { ToolClassifier } from '../../gateway/tool-classifier.ts';
import { KnownTool } from '../../gateway/tool-directory.ts';
import type { ClassFacts } from '../../policy/class-selector.ts';
import type { ToolFacts } from '../../policy/types.ts';
import type { JsonNode } from '../../wire/json-node.ts';

/** The tools that a server lists; null: every tool exists, and nothing is known of any. */
export type Tools = KnownTools | null;

/** Tools as the gateway learns and classifies them: of several definitions with one name the first counts, with the class of the most severe. */
export class KnownTools {
  readonly #tools = new Map<string, KnownTool>();
  readonly #classifiers = new Map<string, ToolClassifier>();
  readonly #trusted: boolean;

  private constructor(definitions: readonly JsonNode[], trusted: boolean) {
    this.#trusted = trusted;
    const named = new Map<string, JsonNode[]>();
    for (const definition of definitions) {
      const name = definition.get('name')?.text() ?? null;
      if (name !== null) named.set(name, [...(named.get(name) ?? []), definition]);
    }
    for (const [name, [first, ...others]] of named) if (first !== undefined) this.#tools.set(name, new KnownTool(name, first, others));
  }

  /** Loads the classifier as well. @param trusted the annotations of the server may lower a class */
  static async of(definitions: readonly JsonNode[], trusted = false): Promise<KnownTools> {
    await new ToolClassifier().ready();
    return new KnownTools(definitions, trusted);
  }

  get(name: string): KnownTool | null {
    return this.#tools.get(name) ?? null;
  }

  /** What a gateway tells its policies of a tool. @param server its configured name, which the classifier knows */
  factsOf(tool: KnownTool, server: string): ToolFacts {
    let classifier = this.#classifiers.get(server);
    if (classifier === undefined) {
      classifier = new ToolClassifier({ server, trusted: this.#trusted });
      this.#classifiers.set(server, classifier);
    }
    return tool.classifiedFacts(classifier);
  }
}

/** What is known of a tool of which only its class was given. */
export function factsOfClass(given: ClassFacts): ToolFacts {
  return { title: null, annotations: null, inputSchema: null, ...given };
}
