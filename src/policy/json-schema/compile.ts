import type { JsonNode } from '../../wire/json-node.ts';
import type { GovernedNames } from '../argument-places.ts';
import { pointer } from '../pointer.ts';
import { quoted } from '../printable.ts';
import { compilePattern } from '../re2.ts';
import { SchemaIndex } from './discover.ts';
import { governedNames } from './governed-names.ts';
import { KEYWORDS, LAST } from './keywords.ts';
import { MAX_PATTERN_CHARACTERS, MAX_PATTERNS, MAX_PROBLEMS } from './limits.ts';
import { checkPolicySchema } from './policy-checks.ts';
import type { Check, Dialect, Origin, Pattern, Resource, SchemaProblem, Subschema } from './schema-types.ts';
import { failure } from './schema-types.ts';
import type { Site } from './site.ts';
import { resolveReference } from './uri-reference.ts';

/** Turns one document into subschemas with checks. What is wrong with it is collected; the result then means nothing. */
export class Compiler {
  readonly problems: SchemaProblem[] = [];
  readonly #origin: Origin;
  readonly #dialect: Dialect;
  readonly #index: SchemaIndex;
  readonly #patterns = new Map<string, Pattern>();
  #patternCharacters = 0;
  #tracksSeen = false;

  constructor(origin: Origin, dialect: Dialect) {
    this.#origin = origin;
    this.#dialect = dialect;
    this.#index = new SchemaIndex(dialect, (problem) => this.#report(problem));
  }

  /** True when some schema asks what others have looked at (`unevaluated*`). */
  get tracksSeen(): boolean {
    return this.#tracksSeen;
  }

  compile(root: JsonNode): Subschema | null {
    const compiled = this.#index.add(root, '', 1, null);
    // References can add to the list while it is worked through: they may point into what no keyword of ours holds.
    for (let k = 0; k < this.#index.found.length && !this.#index.full; k++) this.#compileOne(this.#index.found[k] as Subschema);
    if (this.problems.length === 0) this.#findLoops();
    return compiled;
  }

  /** What the compiled schema governs. */
  namesOf(root: Subschema): GovernedNames {
    return governedNames(root, this.#index);
  }

  #report(problem: SchemaProblem): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
  }

  #compileOne(subschema: Subschema): void {
    const { node } = subschema;
    if (node.kind === 'true') return;
    if (node.kind === 'false') {
      subschema.checks = [(_value, place) => failure(place, 'is not allowed', 'is absent')];
      return;
    }
    const site = this.#site(subschema);
    const checks: Check[] = [];
    const last: Check[] = [];
    const done = new Set<string>();
    const keywords = KEYWORDS[this.#dialect];
    const onlyRef = this.#dialect === 'draft-07' && node.get('$ref') !== null;
    for (const { key, value } of node.members()) {
      const keyword = keywords.get(key);
      if (keyword === undefined || (onlyRef && key !== '$ref')) continue;
      if (LAST.has(key)) this.#tracksSeen = true;
      // Keywords that only mean something together are compiled at the first of them.
      if (done.has(keyword.group)) continue;
      done.add(keyword.group);
      const check = keyword.compile(value, site, key);
      if (check !== null) (LAST.has(key) ? last : checks).push(check);
    }
    subschema.checks = [...checks, ...last];
    if (this.#origin === 'policy') checkPolicySchema(subschema, (problem) => this.#report(problem));
  }

  #site(subschema: Subschema): Site {
    const at = (tokens: readonly (string | number)[]): string => subschema.pointer + pointer(...tokens);
    const schemaAt = (node: JsonNode): Subschema | null => this.#index.at(node);
    return {
      origin: this.#origin,
      dialect: this.#dialect,
      subschema,
      node: subschema.node,
      schemaAt,
      schemaHere: (node) => {
        const found = schemaAt(node);
        if (found !== null) {
          subschema.inPlace.push(found);
          found.around = subschema;
        }
        return found;
      },
      reference: (text, ...tokens) => this.#reference(subschema, text, at(tokens)),
      pattern: (text, ...tokens) => this.#pattern(text, at(tokens)),
      problem: (message, help, ...tokens) => this.#report({ pointer: at(tokens), message, help }),
    };
  }

  #pattern(text: string, at: string): Pattern | null {
    const known = this.#patterns.get(text);
    if (known !== undefined) return known;
    this.#patternCharacters += text.length;
    if (this.#patterns.size >= MAX_PATTERNS || this.#patternCharacters > MAX_PATTERN_CHARACTERS) {
      this.#report({ pointer: at, message: `the schema has more than ${MAX_PATTERNS} patterns, or more than ${MAX_PATTERN_CHARACTERS} characters in patterns`, help: null });
      return null;
    }
    const compiled = compilePattern(text);
    if (!compiled.ok) {
      this.#report({ pointer: at, message: `the pattern ${quoted(text, 60)} cannot be used: ${compiled.message}`, help: 'patterns are RE2: without look-around and back-references' });
      return null;
    }
    this.#patterns.set(text, compiled);
    return compiled;
  }

  #reference(from: Subschema, text: string, at: string): { target: Subschema; resource: Resource; anchor: string } | null {
    const { uri, fragment } = resolveReference(from.resource.uri, text);
    const resource = this.#index.resources.get(uri);
    const name = decodeFragment(fragment);
    if (resource === undefined) {
      this.#report({ pointer: at, message: `${quoted(text, 120)} points outside this schema; expected a reference such as \`#/$defs/name\``, help: 'nothing is ever fetched: put the schema under `$defs`' });
      return null;
    }
    const target = name === null ? null : name === '' ? resource.root : name.startsWith('/') ? this.#follow(resource.root, name) : (resource.anchors.get(name) ?? null);
    if (target !== null) return { target, resource: target.resource, anchor: name ?? '' };
    this.#report({ pointer: at, message: `${quoted(text, 120)} points to nothing in this schema`, help: null });
    return null;
  }

  /** Follows a JSON Pointer. What no keyword holds (`#/components/x`) is a schema because something refers to it. */
  #follow(root: Subschema, path: string): Subschema | null {
    let node: JsonNode | null = root.node;
    let last = root;
    const tokens = path.slice(1).split('/').map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
    for (const token of tokens) {
      node = node.kind === 'array' ? (/^(0|[1-9]\d{0,6})$/.test(token) ? (node.elements()[Number(token)] ?? null) : null) : node.get(token);
      if (node === null) return null;
      last = this.#index.at(node) ?? last;
    }
    return this.#index.at(node) ?? this.#index.add(node, last === root ? pointer(...tokens) : `${last.pointer}/…`, last.depth + 1, last.resource);
  }

  /** A schema that applies itself to the same value never ends. What `$dynamicRef` adds to that is bounded while validating. */
  #findLoops(): void {
    const state = new Map<Subschema, 'open' | 'done'>();
    for (const start of this.#index.found) {
      const stack: { schema: Subschema; next: number }[] = state.has(start) ? [] : [{ schema: start, next: 0 }];
      if (stack.length > 0) state.set(start, 'open');
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        const child = top.schema.inPlace[top.next];
        top.next += 1;
        if (child === undefined) {
          state.set(top.schema, 'done');
          stack.pop();
        } else if (state.get(child) === 'open') {
          this.#report({ pointer: top.schema.pointer, message: 'the schema refers to itself without going into a member or an element', help: null });
          return;
        } else if (!state.has(child)) {
          state.set(child, 'open');
          stack.push({ schema: child, next: 0 });
        }
      }
    }
  }
}

function decodeFragment(fragment: string): string | null {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return null;
  }
}
