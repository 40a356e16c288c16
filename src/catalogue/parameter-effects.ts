import type { Definition, Parameter } from './definition.ts';
import { withoutClaims } from './lexicon/claims.ts';
import { LIMITS } from './limits.ts';
import { verbOf, wordSet } from './lexicon/lookup.ts';
import * as names from './lexicon/parameters.ts';
import { MONEY_SERVERS } from './lexicon/objects.ts';
import type { NameReading } from './read-name.ts';
import { readName } from './read-name.ts';
import type { Trail } from './trail.ts';
import { isDeep, judgeNewPage, judgeUrl, RECORDERS } from './url-effects.ts';
import { splitWords } from './words.ts';

const CODE = wordSet(names.CODE);
const COMMANDS = wordSet(names.COMMANDS);
const MAYBE_CODE = wordSet(names.MAYBE_CODE);
const PATHS = wordSet(names.PATHS);
const OUTPUT_PATHS = wordSet(names.OUTPUT_PATHS);
const ACTIONS = wordSet(names.ACTIONS);
const SWITCHES = wordSet(names.DESTRUCTIVE_SWITCHES);
const READERS_OF_CODE = wordSet(names.READERS_OF_CODE);
const CODE_RUNNERS = wordSet(names.CODE_RUNNERS);
const LEAVES_FILES = wordSet(names.LEAVES_FILES);
const KEEPERS = wordSet('export download');
const METHOD_KEYS = wordSet('method httpmethod requestmethod');
const RECORD_WORDS = wordSet(names.RECORD_WORDS);
const MONEY = wordSet(MONEY_SERVERS);
const TEXTS_PICKED = wordSet('suggestions recommendations advice insights history logs log status details info summary statistics stats metrics');

/** Effects and signals that the parameters speak for. */
export function judgeParameters(definition: Definition, name: NameReading, server: string, trail: Trail): void {
  if (definition.parameters.length >= 30) trail.signal('many_parameters', 'schema', '/inputSchema/properties', `${definition.parameters.length} parameters`);
  const told = definition.parameters.some((p) => ACTIONS.has(p.key) && p.values.length === 0) ? operationsIn(withoutClaims(definition.description)) : [];
  for (const parameter of definition.parameters) {
    if (ACTIONS.has(parameter.key) && !isStoredMethod(parameter, name)) judgeAction(parameter, name, told, trail);
    judgeCode(definition, parameter, name, server, trail);
    judgeUrl(parameter, name, trail);
    judgePath(parameter, name, trail);
    judgeSwitch(parameter, trail);
  }
  judgeNewPage(definition, name, server, trail);
  judgeGraphql(definition, name, trail);
  judgeRequest(definition, name, server, trail);
}

/** The HTTP method of a request that the tool keeps as a record (`create_mock(method)`) is not what the tool does. */
function isStoredMethod(parameter: Parameter, name: NameReading): boolean {
  return METHOD_KEYS.has(parameter.key) && (isDeep(parameter) || RECORDERS.has(name.verb ?? ''));
}

/** An `action` that lists its values, or names them in its description. */
function judgeAction(parameter: Parameter, name: NameReading, told: readonly string[], trail: Trail): void {
  // A filter of a log (`list_audit_events(action)`) does none of what it names.
  if (name.effect === 'read' && !name.weak && name.words.some((w) => RECORD_WORDS.has(w))) return;
  // Operations in a list are what a name that reads is asked about: `compute_costs(patterns: [{ operation }])`.
  if (name.effect === 'read' && !name.weak && parameter.pointer.includes('/items/')) return;
  const options = parameter.values.length > 0 ? parameter.values : describedOptions(parameter, name, told);
  let seen = 0;
  for (const option of options) {
    const reading = readName(option, '');
    // `list_todos(action: merge_train_removed)`: something that happened, and a filter.
    if (name.effect === 'read' && !name.weak && reading.words.length > 1 && /[a-z]ed$/u.test(reading.words.at(-1) ?? '')) continue;
    // `get_advice(operations: dropIndexSuggestions)`: texts that a name which reads picks from.
    if (name.effect === 'read' && !name.weak && reading.words.length > 1 && TEXTS_PICKED.has(reading.words.at(-1) ?? '')) continue;
    // A mode is an adjective as often as a deed; only an English verb tells it from one.
    if (parameter.key === 'mode' && name.effect === 'read' && !name.weak && reading.words.length === 1 && verbOf(reading.words[0] ?? '') === undefined) continue;
    if (reading.effect === null || reading.weak && (reading.words.length > 1 || parameter.key === 'mode')) continue;
    seen++;
    trail.effect(reading.effect, 'parameter', parameter.pointer, `${parameter.name}: ${option}`);
    for (const { verb, effect } of reading.joined) trail.effect(effect, 'parameter', parameter.pointer, `${parameter.name}: ${verb}`);
  }
  if (seen > 1) trail.signal('router', 'parameter', parameter.pointer, parameter.name);
}

const IDENTIFIER = /(?<![-\w])[a-z]{2,24}(?:[-_][a-z0-9]{1,32}){1,6}|(?<=[`"'*])[A-Za-z]{2,40}(?=[`"'*:])|(?<![\w`"'*])[A-Z][a-z]{2,24}(?:[A-Z][a-zA-Z0-9]{1,40})(?!\w)/gu;

/** Operations that a text names: `delete-item`, or a verb in quotes, stars or backticks. At most 256 of them. */
function operationsIn(text: string): readonly string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(IDENTIFIER)) {
    if (found.size < LIMITS.enumValues && startsWithVerb(match[0])) found.add(match[0]);
  }
  return [...found];
}

function startsWithVerb(option: string): boolean {
  const first = verbOf(splitWords(option)[0] ?? '');
  return first !== undefined && !first.weak;
}

function describedOptions(parameter: Parameter, name: NameReading, told: readonly string[]): readonly string[] {
  if (name.effect !== null && !name.weak && !name.generic) return [];
  const text = withoutClaims(parameter.description);
  const words = text.split(/[^A-Za-z]+/u).slice(0, 200).filter((word) => /^[a-z]+$/u.test(word) && startsWithVerb(word));
  return [...new Set([...operationsIn(text), ...words, ...told])];
}

function judgeCode(definition: Definition, parameter: Parameter, name: NameReading, server: string, trail: Trail): void {
  if (parameter.values.length > 0 || parameter.type === 'boolean' || parameter.type === 'integer' || parameter.type === 'number') return;
  const strong = CODE.has(parameter.key);
  const runs = name.verb === null || name.weak || name.generic || name.effect === 'execute';
  const isRunner = CODE_RUNNERS.has(name.verb ?? '') || name.words.some((w) => CODE_RUNNERS.has(w));
  const weak = MAYBE_CODE.has(parameter.key) && isRunner && (runs || writesByQuery(name)) && (writesByQuery(name) || parameter.key !== 'query' || ofDatabase(name, server));
  if (!strong && !weak) return;
  // Explaining or checking a program does not run it; storing one does not either.
  if (READERS_OF_CODE.has(name.verb ?? '') || (name.effect === 'write' && !name.weak && !writesByQuery(name) && !(COMMANDS.has(parameter.key) && parameter.required && name.verb === 'write'))) return;
  // `get_rows(sql)` runs it, `get_help(command)` looks a word up.
  if (name.effect === 'read' && !name.weak && !(strong && /sql|cypher|hql/u.test(parameter.key))) return;
  // `execute_read_only_query`: a program still, and one that the name says can only look.
  if (name.readOnly) {
    trail.signal('free_form_code', 'parameter', parameter.pointer, parameter.name);
    return;
  }
  if (isReadOnlyLanguage(definition, name, server) || isConversion(name)) return;
  trail.signal('free_form_code', 'parameter', parameter.pointer, parameter.name);
  trail.effect('execute', 'parameter', parameter.pointer, parameter.name);
}

const DATABASES = wordSet(names.DATABASES);

function ofDatabase(name: NameReading, server: string): boolean {
  return name.words.some((w) => DATABASES.has(w)) || splitWords(server).some((w) => DATABASES.has(w));
}

const READ_ONLY_LANGUAGES = wordSet(names.READ_ONLY_QUERY_LANGUAGES);

/** `write_query(query)`: the query does the writing, and whatever else it says. */
function writesByQuery(name: NameReading): boolean {
  return (name.verb === 'write' || name.verb === 'modify') && name.object.some((w) => DATABASES.has(w) || w === 'query');
}

/** `sql_to_rest`: a program goes in and another comes out. */
function isConversion(name: NameReading): boolean {
  return (name.verb === null || name.weak) && name.words.indexOf('to') > 0;
}

/** Names and parameters count, descriptions do not: text never lowers. */
export function isReadOnlyLanguage(definition: Definition, name: NameReading, server: string): boolean {
  const words = [...name.words, ...splitWords(server)];
  return words.some((w) => READ_ONLY_LANGUAGES.has(w)) || isLogInsights(words) || definition.parameters.some((p) => READ_ONLY_LANGUAGES.has(p.key));
}

/** Queries of CloudWatch Logs Insights; other insights are asked for in SQL. */
export function isLogInsights(words: readonly string[]): boolean {
  return words.includes('insights') && (words.includes('log') || words.includes('logs') || words.includes('cwl'));
}

function judgePath(parameter: Parameter, name: NameReading, trail: Trail): void {
  if (parameter.type === 'boolean') return;
  if (PATHS.has(parameter.key) || OUTPUT_PATHS.has(parameter.key)) trail.signal('filesystem_path', 'parameter', parameter.pointer, parameter.name);
  if (PATHS.has(parameter.key) && KEEPERS.has(name.verb ?? '')) trail.effect('write', 'parameter', parameter.pointer, parameter.name);
  if (OUTPUT_PATHS.has(parameter.key) && (name.effect === null || LEAVES_FILES.has(name.verb ?? ''))) {
    trail.effect('write', 'parameter', parameter.pointer, parameter.name);
  }
}

function judgeSwitch(parameter: Parameter, trail: Trail): void {
  if (SWITCHES.has(parameter.key) && parameter.type === 'boolean' && !isDeep(parameter) && !parameter.pointer.includes('/items/')) trail.effect('destructive', 'parameter', parameter.pointer, parameter.name);
}

/** A `query` beside its `variables` is GraphQL, which can hold mutations; a name that reads means a query. */
function judgeGraphql(definition: Definition, name: NameReading, trail: Trail): void {
  const query = definition.parameters.find((p) => p.key === 'query' || p.key === 'mutation');
  if (query === undefined || isDeep(query) || !definition.parameters.some((p) => p.key === 'variables')) return;
  if (name.effect === 'read' && !name.weak && query.key === 'query') return;
  trail.signal('free_form_code', 'parameter', query.pointer, query.name);
  trail.effect('execute', 'parameter', query.pointer, query.name);
}

/** `method` beside a path, or a service and its method: any call of an API, so the worst of them. */
function judgeRequest(definition: Definition, name: NameReading, server: string, trail: Trail): void {
  const keys = new Set(definition.parameters.map((p) => p.key));
  const method = definition.parameters.find((p) => p.key === 'method' || p.key === 'httpmethod');
  if (method === undefined || isStoredMethod(method, name) || (method.values.length > 0 && !method.values.some((v) => /^(?:delete|post)$/iu.test(v)))) return;
  if (!['path', 'url', 'endpoint', 'uri', 'service', 'body', 'request'].some((k) => keys.has(k))) return;
  if (name.effect !== null && !name.weak && !name.words.some((w) => w === 'request' || w === 'http')) return;
  trail.signal('router', 'parameter', method.pointer, method.name);
  trail.effect('destructive', 'parameter', method.pointer, method.name);
  const money = [...splitWords(server), ...name.words].find((w) => MONEY.has(w));
  if (money === undefined) return;
  trail.signal('money', 'server', '', money);
  trail.effect('financial', 'server', '', money);
}
