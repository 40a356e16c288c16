import { foldKey } from '../../mcp/keys.ts';
import type { StarterParameter, StarterTool } from './types.ts';
import { yamlKey } from './yaml-text.ts';

/** What the checks of one tool's arguments are, as YAML of a rule. */
export interface ArgumentChecks {
  /** Lines of the map `arguments`: one argument each. */
  readonly schemas: readonly string[];
  /** CEL conditions for `require`. */
  readonly conditions: readonly string[];
}

/** A rule that nobody reads protects nobody. */
const MOST_CHECKS = 12;

interface Check {
  readonly words: RegExp;
  readonly type: RegExp;
  readonly schema: string;
  /** Said also where a person sees the arguments of each call: it is about what a person overlooks. */
  readonly always: boolean;
}

/**
 * What the name of a required argument promises, as a schema that holds it to that. Only required arguments: a schema says nothing of
 * one that is left out, and `check` warns of it. Patterns are anchored and exist in RE2 and in ECMAScript alike, so that clients can show them.
 */
const CHECKS: readonly Check[] = [
  // Plain http can be read on the way, and a name before `@` is a host that looks like another.
  { words: /(^| )url$/, type: /^string$/, schema: String.raw`{ type: string, pattern: '^https://[^/?#@\s\\]+([/?#]\S*)?$', maxLength: 2048 }`, always: true },
  { words: /(^| )email( address)?$/, type: /^string$/, schema: '{ type: string, format: email, maxLength: 254 }', always: false },
  // Servers put identifiers into paths, queries and command lines: no space, quote, `?`, `#`, `%`, nor a `-` that would begin an option.
  { words: /(^| )(id|arn|uuid|guid|sid|slug|identifier|branch|ref|commit|sha|region|namespace|bucket|(source|target|container|docker|base) image|image (uri|name|tag))$/, type: /^string$/, schema: String.raw`{ type: string, pattern: '^[A-Za-z0-9_][A-Za-z0-9_.,:/@=+~!-]*$', maxLength: 256 }`, always: false },
  { words: /(^| )name$/, type: /^string$/, schema: String.raw`{ type: string, pattern: '^[^\x00-\x1f\x7f]+$', maxLength: 256 }`, always: false },
  { words: /(^| )(amount|price|total|quantity)$/, type: /^(number|integer)$/, schema: '{ type: TYPE, exclusiveMinimum: 0 }', always: true },
  // Whoever approves a command has to be able to read it.
  { words: /(^| )(command|cmd|code|script|sql|query|statement|expression)$/, type: /^string$/, schema: '{ type: string, maxLength: 4000 }', always: true },
  // One call that touches hundreds of things passes every limit that counts calls.
  { words: /./, type: /^array( |$)/, schema: '{ type: array, maxItems: 20 }', always: true },
];

const PATH = /(^| )(path|file|filename|filepath|dir|directory|folder)$/;
const PATHS = /(^| )(paths|files|filenames|filepaths|dirs|directories|folders)$/;

/** Reserved in CEL: `args.in` is no expression. */
const RESERVED = new Set('in true false null as break const continue else for function if import let loop package namespace return var void while'.split(' '));

/**
 * Checks made from the names and types of a tool's parameters; both lists are empty where nothing can be said.
 * @param witnessed a person approves each call
 */
export function argumentChecks(tool: StarterTool, witnessed: boolean): ArgumentChecks {
  const schemas: string[] = [];
  const conditions: string[] = [];
  const spellings = tool.parameters.map((parameter) => foldKey(parameter.name));
  for (const [index, parameter] of tool.parameters.entries()) {
    if (schemas.length + conditions.length >= MOST_CHECKS) break;
    // To govern one of two names that a lax parser reads as the same would refuse the other.
    if (spellings.some((other, at) => at !== index && other === spellings[index])) continue;
    const schema = parameter.required ? schemaFor(parameter, witnessed) : null;
    if (schema !== null) schemas.push(`${argumentKey(parameter.name)}: ${schema}`);
    const condition = conditionFor(parameter);
    if (condition !== null) conditions.push(condition);
  }
  return { schemas, conditions };
}

function schemaFor(parameter: StarterParameter, witnessed: boolean): string | null {
  const { name, type } = parameter;
  if (type === null || name === '' || name.length > 128 || /\p{Cs}/u.test(name)) return null;
  const words = wordsOf(name);
  const check = CHECKS.find((candidate) => candidate.type.test(type) && candidate.words.test(words));
  return check === undefined || (witnessed && !check.always) ? null : check.schema.replace('TYPE', type);
}

/** A path must not climb out of where it begins; RE2 has no look-around to say so in a schema. */
function conditionFor({ name, type, required }: StarterParameter): string | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name) || RESERVED.has(name)) return null;
  const words = wordsOf(name);
  let stays: string;
  if (type === 'string' && PATH.test(words)) stays = `!args.${name}.contains("..")`;
  else if (type === 'string | null' && PATH.test(words)) stays = `args.${name} == null || !args.${name}.contains("..")`;
  else if (type === 'array of string' && PATHS.test(words)) stays = `args.${name}.all(each, !each.contains(".."))`;
  else return null;
  return required ? stays : `!has(args.${name}) || ${stays}`;
}

/** `brokerId`, `broker_id`, `BROKER-ID` → `broker id`. */
function wordsOf(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[^A-Za-z0-9]+/g, ' ').trim().toLowerCase();
}

/** The language reads dots as the way into an object. */
function argumentKey(name: string): string {
  return yamlKey(name.replaceAll('\\', '\\\\').replaceAll('.', '\\.'));
}
