import type { ParameterFact } from './parameter-facts.ts';
import { approximateTokens, type ServerRecord, type ToolRecord } from './record-types.ts';
import { CATEGORIES, RISKS } from './severity.ts';
import type { Classification, Confidence, Evidence, Finding, Place, Signal } from './types.ts';

// Records of every member, so that a new one cannot be forgotten here.
const SIGNALS: Readonly<Record<Signal, true>> = {
  secrets: true, free_form_code: true, arbitrary_url: true, filesystem_path: true, bulk: true, permissions: true, sends_messages: true,
  money: true, production: true, reversible: true, router: true, many_parameters: true, open_world: true,
};
const FINDINGS: Readonly<Record<Finding, true>> = {
  model_instructions: true, hidden_characters: true, look_alike_name: true, shadowed_name: true, invalid_schema: true, missing_schema: true,
  no_description: true, contradiction: true, oversized: true,
};
const PLACES: Readonly<Record<Place, true>> = { name: true, title: true, description: true, parameter: true, annotations: true, schema: true, server: true };
const CONFIDENCES: Readonly<Record<Confidence, true>> = { low: true, medium: true, high: true };

const SLUG = /^[a-z0-9][a-z0-9._-]{0,127}$/;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/**
 * Reads a record as JSON.parse made it, and checks all of it: types, vocabularies, and that its totals are those of its tools.
 * @throws TypeError: the JSON Pointer of what is wrong, and what was expected
 */
export function readServerRecord(json: unknown): ServerRecord {
  const record = at(json, '');
  if (record.member('format').value !== 1) record.member('format').refuse('1');
  const bundle = record.member('package');
  const server = record.member('server');
  const tools = record.member('tools').list(readTool);
  const read: ServerRecord = {
    format: 1,
    slug: record.member('slug').matching(SLUG, 'a slug of lower case letters, digits, ., _ and -'),
    package: { registry: bundle.member('registry').oneOf(['npm', 'pypi']), name: bundle.member('name').text(), version: bundle.member('version').text() },
    server: { name: server.member('name').textOrNull(), version: server.member('version').textOrNull(), protocol: server.member('protocol').textOrNull() },
    scannedOn: record.member('scannedOn').matching(DATE, 'a date as YYYY-MM-DD'),
    classifiedOn: record.member('classifiedOn').matching(DATE, 'a date as YYYY-MM-DD'),
    status: record.member('status').text(),
    bytes: record.member('bytes').count(),
    approximateTokens: record.member('approximateTokens').count(),
    unnamed: record.member('unnamed').count(),
    tools,
  };
  const bytes = tools.reduce((sum, tool) => sum + tool.bytes, 0);
  if (read.bytes !== bytes) record.member('bytes').refuse(`${bytes}, the sum over the tools`);
  if (read.approximateTokens !== approximateTokens(bytes)) record.member('approximateTokens').refuse(`${approximateTokens(bytes)}`);
  return read;
}

function readTool(tool: Value): ToolRecord {
  const annotations = tool.member('annotations');
  const hash = tool.member('sha256');
  return {
    name: tool.member('name').text(),
    title: tool.member('title').textOrNull(),
    parameters: tool.member('parameters').list(readParameter),
    annotations: annotations.value === null ? null : annotations.flags(),
    bytes: tool.member('bytes').count(),
    descriptionBytes: tool.member('descriptionBytes').count(),
    sha256: hash.value === null ? null : hash.matching(SHA256, 'a SHA-256 in hex, or null'),
    classification: readClassification(tool.member('classification')),
  };
}

function readParameter(parameter: Value): ParameterFact {
  return { name: parameter.member('name').text(), type: parameter.member('type').textOrNull(), required: parameter.member('required').flag() };
}

function readClassification(value: Value): Classification {
  const category = value.member('category').oneOf(CATEGORIES);
  const effects = value.member('effects').list((item) => item.oneOf(CATEGORIES));
  if (!effects.includes(category)) value.member('effects').refuse(`a list that holds the category, ${category}`);
  return {
    category,
    effects,
    risk: value.member('risk').oneOf(RISKS),
    confidence: value.member('confidence').oneOf(keys(CONFIDENCES)),
    signals: value.member('signals').list((item) => item.oneOf(keys(SIGNALS))),
    findings: value.member('findings').list((item) => item.oneOf(keys(FINDINGS))),
    evidence: value.member('evidence').list(readEvidence),
  };
}

function readEvidence(value: Value): Evidence {
  return {
    place: value.member('place').oneOf(keys(PLACES)),
    pointer: value.member('pointer').text(),
    term: value.member('term').text(),
    suggests: value.member('suggests').oneOf([...CATEGORIES, ...keys(SIGNALS), ...keys(FINDINGS), 'risk_up', 'risk_down']),
  };
}

function keys<T extends string>(record: Readonly<Record<T, true>>): readonly T[] {
  return Object.keys(record) as T[];
}

/** A value and where it stands. */
interface Value {
  readonly value: unknown;
  member(key: string): Value;
  list<T>(read: (item: Value) => T): readonly T[];
  text(): string;
  textOrNull(): string | null;
  matching(pattern: RegExp, expected: string): string;
  oneOf<T extends string>(allowed: readonly T[]): T;
  count(): number;
  flag(): boolean;
  flags(): Readonly<Record<string, boolean>>;
  refuse(expected: string): never;
}

function at(value: unknown, pointer: string): Value {
  const refuse = (expected: string): never => {
    throw new TypeError(`${pointer === '' ? 'the record' : pointer}: expected ${expected}`);
  };
  const below = (key: string | number, inner: unknown): Value => at(inner, `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`);
  const entries = (): [string, unknown][] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('an object');
    return Object.entries(value);
  };
  const text = (): string => (typeof value === 'string' ? value : refuse('text'));
  return {
    value,
    refuse,
    text,
    member: (key) => below(key, entries().find(([name]) => name === key)?.[1]),
    list: (read) => (Array.isArray(value) ? value.map((item: unknown, index) => read(below(index, item))) : refuse('a list')),
    textOrNull: () => (value === null ? null : typeof value === 'string' ? value : refuse('text or null')),
    matching: (pattern, expected) => (pattern.test(text()) ? text() : refuse(expected)),
    oneOf: (allowed) => allowed.find((item) => item === value) ?? refuse(`one of ${allowed.join(', ')}`),
    count: () => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : refuse('a whole number, 0 or more')),
    flag: () => (typeof value === 'boolean' ? value : refuse('true or false')),
    flags: () => Object.fromEntries(entries().map(([key, inner]) => [key, below(key, inner).flag()])),
  };
}
