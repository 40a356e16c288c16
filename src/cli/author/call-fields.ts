import { CATEGORIES, RISKS, type ClassFacts } from '../../policy/class-selector.ts';
import type { TargetKind } from '../../policy/types.ts';
import type { SourceNode } from '../../policy/source-node.ts';
import { suggest } from '../../policy/suggest.ts';
import { JsonNode } from '../../wire/json-node.ts';
import type { Caller, DescribedCall } from '../../control/policy-tools/described-call.ts';
import { jsonOfText } from '../../control/policy-tools/json-text.ts';
import { jsonOfSource } from './json-of-source.ts';
import type { FieldReader, Path, SourceReader } from './source-reader.ts';

const KINDS: readonly TargetKind[] = ['tool', 'resource', 'prompt'];
const INSTANT = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)$/;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Collects `tool` / `resource` / `prompt`, `args` and `args_json` of one call. */
export class CallFields {
  readonly #reader: SourceReader;
  readonly #targets: { readonly kind: TargetKind; readonly name: string | null; readonly node: SourceNode; readonly path: Path }[] = [];
  readonly #args: { readonly value: JsonNode | null; readonly node: SourceNode; readonly path: Path }[] = [];
  #class: ClassFacts | null = null;
  #classAt: { readonly node: SourceNode; readonly path: Path } | null = null;

  constructor(reader: SourceReader) {
    this.#reader = reader;
  }

  get fields(): Readonly<Record<string, FieldReader>> {
    const target = (kind: TargetKind): FieldReader => (node, path) => {
      // A client may send an empty name, so a case may hold one.
      const name = node.kind === 'string' ? node.value : this.#reader.text(node, path, kind === 'resource' ? 'a URI' : `the name of a ${kind}`);
      this.#targets.push({ kind, name, node, path });
    };
    return {
      tool: target('tool'),
      resource: target('resource'),
      prompt: target('prompt'),
      args: (node, path) => void this.#args.push({ value: this.#readArgs(node, path), node, path }),
      args_json: (node, path) => void this.#args.push({ value: this.#readJson(node, path), node, path }),
      class: (node, path) => {
        this.#classAt = { node, path };
        this.#class = readClass(this.#reader, node, path);
      },
    };
  }

  /** The call, after the fields were read. @param node the map that they are in */
  finish(node: SourceNode, path: Path, what: string): DescribedCall | null {
    const [target, second] = this.#targets;
    const [args, more] = this.#args;
    if (node.kind !== 'map') return null;
    if (target === undefined) {
      // One mistake, one message: a misspelt `tool` was reported as an unknown key.
      const misspelt = node.entries.some(({ key }) => suggest(key, KINDS) !== null);
      return node.damaged || misspelt ? null : this.#reader.error('missing_key', node, path, `${what} says nothing of what is called`, `add one of ${KINDS.map((kind) => `\`${kind}:\``).join(', ')}`);
    }
    if (second !== undefined) return this.#reader.error('two_targets', second.node, second.path, `${what} has both \`${target.kind}\` and \`${second.kind}\`; expected one of them`);
    if (more !== undefined) return this.#reader.error('two_arguments', more.node, more.path, `${what} has both \`args\` and \`args_json\`; expected one of them`);
    if (args !== undefined && target.kind === 'resource') return this.#reader.error('no_arguments', args.node, args.path, 'reading a resource takes no arguments', 'remove them');
    if (this.#classAt !== null && target.kind !== 'tool') return this.#reader.error('no_class', this.#classAt.node, this.#classAt.path, `a ${target.kind} has no class`, 'remove it: only tools are classified');
    if (target.name === null || (args !== undefined && args.value === null)) return null;
    return { kind: target.kind, name: target.name, args: args?.value ?? null, toolClass: this.#class };
  }

  #readArgs(node: SourceNode, path: Path): JsonNode | null {
    if (node.kind === 'map') return jsonOfSource(this.#reader, node, path);
    return this.#reader.wrong(node, path, 'a map of argument name to value', node.kind === 'string' ? 'JSON text goes into `args_json`' : null);
  }

  #readJson(node: SourceNode, path: Path): JsonNode | null {
    const text = this.#reader.text(node, path, 'the JSON text of the arguments');
    if (text === null) return null;
    const value = jsonOfText(text);
    if (!(value instanceof JsonNode)) return this.#reader.error('bad_json', node, path, `\`args_json\` is not JSON: ${value}`);
    return value.kind === 'object' ? value : this.#reader.error('bad_json', node, path, `\`args_json\` is a JSON ${value.kind}; expected an object`);
  }
}

/** Reads `class: { category: destructive, risk: critical }`. What is left out is not known. */
function readClass(reader: SourceReader, node: SourceNode, path: Path): ClassFacts | null {
  const found: { category: string | null; risk: string | null } = { category: null, risk: null };
  const isMap = reader.fields(node, path, 'a class', {
    category: (value, at) => void (found.category = reader.choice(value, at, CATEGORIES)),
    risk: (value, at) => void (found.risk = reader.choice(value, at, RISKS)),
  });
  return isMap ? found : null;
}

/** Reads `caller` over what it is without: a key that is not given keeps its value. */
export function readCaller(reader: SourceReader, node: SourceNode, path: Path, base: Caller): Caller {
  const caller = { ...base };
  reader.fields(node, path, 'a caller', {
    grant: (value, at) => void (caller.grant = reader.text(value, at, 'the label of a grant') ?? base.grant),
    tags: (value, at) => {
      const items = reader.items(value, at, 'a list of texts');
      if (items !== null) caller.tags = items.map((item, index) => reader.text(item, [...at, index])).filter((tag) => tag !== null);
    },
    session: (value, at) => void (caller.session = value.kind === 'null' ? null : reader.text(value, at, 'the id of a session, or null')),
    user: (value, at) => void (caller.user = value.kind === 'null' ? null : readUser(reader, value, at)),
    client: (value, at) => {
      const client = { ...base.client };
      reader.fields(value, at, 'a client', {
        name: (name, where) => void (client.name = name.kind === 'null' ? null : reader.text(name, where)),
        version: (version, where) => void (client.version = version.kind === 'null' ? null : reader.text(version, where)),
      });
      caller.client = client;
    },
  });
  return caller;
}

function readUser(reader: SourceReader, node: SourceNode, path: Path): JsonNode | null {
  return node.kind === 'map' ? jsonOfSource(reader, node, path) : reader.wrong(node, path, 'a map of verified claims, e.g. { sub: alice }');
}

/** A moment with its time zone, as milliseconds since the epoch. */
export function readInstant(reader: SourceReader, node: SourceNode, path: Path): number | null {
  const at = node.kind === 'string' ? parseInstant(node.value) : null;
  return at ?? reader.wrong(node, path, 'a time with its zone, such as 2026-01-05T10:00:00Z');
}

/** Null for anything but a date and time with a zone: what depends on the machine's zone would pass here and fail there. */
export function parseInstant(text: string): number | null {
  const at = INSTANT.test(text) ? Date.parse(text.toUpperCase().replace(' ', 'T')) : Number.NaN;
  return Number.isFinite(at) ? at : null;
}

/** `30s`, `10m`, `1h`, `1d`, `500ms`, or seconds; in milliseconds. */
export function readAgo(reader: SourceReader, node: SourceNode, path: Path): number | null {
  const text = node.kind === 'number' ? node.text : node.kind === 'string' ? node.value : '';
  const [whole, amount, unit] = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(text) ?? [];
  return whole === undefined ? reader.wrong(node, path, 'a duration such as 30s, 10m, 1h or 1d') : Number(amount) * (UNITS[unit ?? 's'] ?? 1000);
}
