import type { Reporter } from '../../policy/diagnostic.ts';
import { pointer } from '../../policy/pointer.ts';
import { quoted } from '../../policy/printable.ts';
import { found, type SourceEntry, type SourceNode } from '../../policy/source-node.ts';
import { suggest } from '../../policy/suggest.ts';

export type Path = readonly (string | number)[];
export type FieldReader = (value: SourceNode, path: Path, entry: SourceEntry) => void;

/**
 * Reads the files of the author's tools out of a checked YAML tree, in the words in which policies report their mistakes. A read that
 * fails returns null and has reported why; the caller goes on, so that one run reports everything.
 */
export class SourceReader {
  readonly reporter: Reporter;

  constructor(reporter: Reporter) {
    this.reporter = reporter;
  }

  error(code: string, node: Pick<SourceNode, 'span'>, path: Path, message: string, help: string | null = null): null {
    this.reporter.error(code, node.span, pointer(...path), message, help);
    return null;
  }

  /** Says that a value is not what it must be. In silence where it was already reported. */
  wrong(node: SourceNode, path: Path, expected: string, help: string | null = null): null {
    if (node.kind === 'broken') return null;
    return this.error('wrong_type', node, path, `${nameOf(path)} is ${found(node)}; expected ${expected}`, help);
  }

  /** Reads a map with known keys. Unknown and missing keys are errors. @returns whether it was a map */
  fields(node: SourceNode, path: Path, what: string, known: Readonly<Record<string, FieldReader>>, required: readonly string[] = []): boolean {
    if (node.kind !== 'map') {
      this.wrong(node, path, `a map with ${list(Object.keys(known))}`);
      return false;
    }
    for (const entry of node.entries) {
      const at = [...path, entry.key];
      // Own members only: a key named `constructor` must not find an inherited one.
      const read = Object.hasOwn(known, entry.key) ? known[entry.key] : undefined;
      if (read !== undefined) {
        read(entry.value, at, entry);
        continue;
      }
      const near = suggest(entry.key, Object.keys(known));
      const help = near === null ? `${what} has ${list(Object.keys(known))}` : `did you mean \`${near}\`?`;
      this.reporter.error('unknown_key', entry.keySpan, pointer(...at), `${what} has no key ${quoted(entry.key, 60)}`, help);
    }
    if (node.damaged) return true;
    for (const key of required) {
      if (!node.entries.some((entry) => entry.key === key)) this.error('missing_key', node, path, `${what} has no \`${key}\``, `add \`${key}:\``);
    }
    return true;
  }

  items(node: SourceNode, path: Path, expected: string): readonly SourceNode[] | null {
    return node.kind === 'list' ? node.items : this.wrong(node, path, expected);
  }

  text(node: SourceNode, path: Path, expected = 'text'): string | null {
    if (node.kind === 'string' && node.value !== '') return node.value;
    const help = ['number', 'boolean', 'null'].includes(node.kind) ? 'put it in quotes' : null;
    return this.wrong(node, path, expected, help);
  }

  integer(node: SourceNode, path: Path, min: number, max: number): number | null {
    if (node.kind === 'number' && Number.isSafeInteger(node.value) && node.value >= min && node.value <= max) return node.value;
    return this.wrong(node, path, `a whole number from ${min} to ${max}`);
  }

  choice<const T extends string>(node: SourceNode, path: Path, values: readonly T[]): T | null {
    const value = node.kind === 'string' ? values.find((one) => one === node.value) : undefined;
    if (value !== undefined) return value;
    const near = node.kind === 'string' ? suggest(node.value, values) : null;
    return this.wrong(node, path, list(values, 'or'), near === null ? null : `did you mean \`${near}\`?`);
  }
}

function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'the document';
  return typeof last === 'number' ? `item ${last + 1} of ${nameOf(path.slice(0, -1))}` : quoted(last, 60);
}

function list(names: readonly string[], word = 'and'): string {
  const marked = names.map((name) => `\`${name}\``);
  return marked.length < 2 ? marked.join('') : `${marked.slice(0, -1).join(', ')} ${word} ${marked.at(-1)}`;
}
