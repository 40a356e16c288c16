import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import type { RuleModel } from '../../policy/document.ts';
import type { Span } from '../../policy/source-text.ts';

/** Lines of the rules of one document by JSON Pointer, for an editor that shows the text. */
export class RuleLines {
  readonly #policy: CompiledPolicy;
  readonly #spans = new Map<string, Span>();
  readonly #defaultLine: number | null;

  /** @param text the document: where its `default` stands is in no model */
  constructor(policy: CompiledPolicy, text: string) {
    this.#policy = policy;
    for (const kind of ['tool', 'resource', 'prompt'] as const) for (const { rules } of policy.document.rules[kind]) for (const rule of rules) this.#add(rule);
    const lines = text.split('\n');
    const found = lines.findIndex((line) => /^\s*[{,]?\s*["']?default["']?\s*:/.test(line));
    this.#defaultLine = found < 0 ? null : found + 1;
  }

  #add(rule: RuleModel): void {
    this.#spans.set(rule.at, rule.span);
    const parts: readonly { readonly at: string; readonly span: Span }[] = [...(rule.when === null ? [] : [rule.when]), ...rule.arguments.constraints, ...rule.require, ...rule.denyIf];
    for (const part of parts) this.#spans.set(part.at, part.span);
  }

  /** The line of a rule or of a part of one, from 1; null where the document has no text. @param pointer as decisions name rules */
  lineOf(pointer: string): number | null {
    if (pointer === '/default') return this.#defaultLine;
    for (let place = pointer; place !== ''; place = place.slice(0, Math.max(0, place.lastIndexOf('/')))) {
      const span = this.#spans.get(place);
      if (span === undefined) continue;
      const { line } = this.#policy.text.locate(span.start);
      return line === 0 ? null : line;
    }
    return null;
  }
}
