import { foreignVerb } from './lexicon/foreign.ts';
import { doerOf, inflectedVerbOf, isGeneric, verbOf, wordSet } from './lexicon/lookup.ts';
import { NOUNS_BEFORE_VERBS, THINGS_TO_READ } from './lexicon/english-verbs.ts';
import type { Category } from './types.ts';
import { splitWords } from './words.ts';

const READ_THINGS = wordSet(THINGS_TO_READ);
const SERVER_NOISE = wordSet('mcp server servers tools tool the official agent toolkit io com org local remote');
const JOINS = wordSet('and or then y und et or');
/** Heads under which a verb inside is a noun: `manage_task_list`. */
const MANAGERS = wordSet('manage management handle handler admin administer crud control');
/** Nouns that are verbs elsewhere; `route_list` and `queue_purge` are named thing first. */
const THINGS_THAT_ACT = wordSet(NOUNS_BEFORE_VERBS);
const PLAIN_VERBS = wordSet('get list create delete update add remove set put read write edit find search describe show view insert upsert fetch destroy purge clear start stop run enable disable cancel patch check generate execute send publish validate export import');
const QUERIES = wordSet('query queries sql select cypher statement');
const PARTICLES = wordSet('on off up down out back in over away cycle');
/** Words that make a following `store` a thing. */
const STORES = wordSet('app play');
/** `1-click apps`: a kind of app, and no click. */
const ONES = wordSet('1 one');
/** Verbs that are nothing else, so that they count behind a noun that can be a verb that reads: `monitor_alerts_send_digest`. */
const CLEAR_VERBS = wordSet('create delete remove send start stop restart terminate destroy purge');
/** Behind one noun they are asked for: `place_details`, `order_status`. */
const FACTS = wordSet('details detail info status stats statistics');
/** A verb and its object without a separator; inflected forms (`created`, `listing`) are none. */
const SQUASHED = /^(get|list|create|update|delete|remove)(?=[a-z]{5})(?!(?:d|s|r|rs|ds|ing|ings|ion|ions|ment|ener|eners|able|away|ter|ters)(?:$|[^a-z]))([a-z]+)$/u;
const LOOKS_BACK = wordSet('by for from of in with to on at as into via per using');

/** What a name says: its verb, and what the verb is done to. */
export interface NameReading {
  readonly words: readonly string[];
  /** The leading verb; null for a name of nouns. */
  readonly verb: string | null;
  readonly effect: Category | null;
  /** The verb is as often a noun, and the name could be one of a thing. */
  readonly weak: boolean;
  /** Weak and at the end of other words, where it is most likely a thing: `network_request`. */
  readonly thing: boolean;
  /** `manage`, `handle`: there is a verb, and it says nothing. */
  readonly generic: boolean;
  /** The other words, before the first preposition. */
  readonly object: readonly string[];
  /** It calls itself read-only, and names a query. */
  readonly readOnly: boolean;
  /** All words but the verb. */
  readonly rest: readonly string[];
  /** Further verbs joined by `and` or `or`: `get_or_create`. */
  readonly joined: readonly { readonly verb: string; readonly effect: Category }[];
}

/** Reads one identifier (a tool's name, an operation of a router). `server` words in front of it are its namespace. */
export function readName(identifier: string, server: string): NameReading {
  const all = splitWords(identifier);
  const words = withPhrases(withoutNamespace(all, server));
  const readOnly = saysReadOnly(words);
  const doer = words.length > 1 ? doerOf(words.at(-1) ?? '') : undefined;
  // `deploy-services-reader`: what stands before the doer is what it does it to, unless a verb opens the name.
  // `web_data_seller`: a record of one, not a deed of his.
  if (doer !== undefined && !(doer === 'financial' && words.includes('data')) && !isPlainVerb(words[0] ?? '')) {
    return { words, verb: words.at(-1) ?? '', effect: doer, weak: false, thing: false, generic: false, readOnly, object: words.slice(0, -1), rest: words.slice(0, -1), joined: joinedVerbs(words.slice(0, -1), -1) };
  }
  const at = verbPosition(words);
  const joined = joinedVerbs(words, at);
  if (at < 0) return withoutVerb(identifier, words, joined);
  const verb = words[at] ?? '';
  const found = verbOf(verb);
  const rest = words.filter((_, i) => i !== at);
  const behind = words.slice(at + 1);
  const stop = behind.findIndex((w) => LOOKS_BACK.has(w));
  const objectBehind = stop < 0 ? behind : behind.slice(0, stop);
  const generic = isGeneric(verb) && (found === undefined || found.weak);
  return {
    words, verb, rest, joined, generic, readOnly,
    effect: generic ? null : (found?.effect ?? null),
    weak: found?.weak ?? true,
    thing: found?.weak === true && at > 0 && at === words.length - 1 && !generic,
    object: objectBehind.length > 0 ? objectBehind : words.slice(0, at),
  };
}

/** Verbs of two words as one: `power_off`, `tear_down`. */
function withPhrases(words: readonly string[]): readonly string[] {
  if (!words.some((w) => PARTICLES.has(w) || w === 'store' || w === 'click')) return words;
  const merged: string[] = [];
  for (const word of words) {
    const before = merged.at(-1) ?? '';
    if ((word === 'store' && STORES.has(before)) || (word === 'click' && ONES.has(before))) merged[merged.length - 1] = `${before}${word}`;
    else if (PARTICLES.has(word) && verbOf(`${before}${word}`) !== undefined) merged[merged.length - 1] = `${before}${word}`;
    else merged.push(word);
  }
  return merged;
}

/** `execute_read_only_query`, `readonly_sql`. */
function saysReadOnly(words: readonly string[]): boolean {
  const said = words.some((w, i) => w === 'readonly' || (w === 'only' && words[i - 1] === 'read'));
  return said && words.some((w) => QUERIES.has(w)) && !words.some((w) => verbOf(w)?.effect === 'destructive' || verbOf(w)?.effect === 'write');
}

function isPlainVerb(word: string): boolean {
  const found = verbOf(word);
  return found !== undefined && !found.weak && !found.rare && !THINGS_THAT_ACT.has(word);
}

function withoutVerb(identifier: string, words: readonly string[], joined: NameReading['joined']): NameReading {
  const squashed = words.map((w) => SQUASHED.exec(w)).find((found) => found !== null);
  if (squashed !== undefined) {
    const others = words.filter((w) => w !== squashed[0]);
    const worst = /delete|remove|destroy|purge/u.exec(squashed[2] ?? '')?.[0];
    const verb = worst ?? squashed[1] ?? '';
    return { words, verb, effect: verbOf(verb)?.effect ?? null, weak: false, thing: false, generic: false, readOnly: false, object: others, rest: others, joined };
  }
  const foreign = foreignVerb(words.join(' ') || identifier);
  const rest = words;
  if (foreign !== undefined) {
    return { words, verb: foreign.term, effect: foreign.effect, weak: false, thing: false, generic: false, readOnly: false, object: words.filter((w) => w !== foreign.term), rest, joined };
  }
  return { words, verb: null, effect: null, weak: true, thing: false, generic: false, readOnly: saysReadOnly(words), object: words, rest, joined };
}

function withoutNamespace(words: readonly string[], server: string): readonly string[] {
  const own = new Set(splitWords(server).filter((w) => !SERVER_NOISE.has(w)));
  let from = 0;
  while (from < words.length - 1) {
    const word = words[from] ?? '';
    const found = verbOf(word);
    // A strong verb stays even if the server is called after it; a word is namespace only when something to do is left.
    if ((!own.has(word) && !(from === 0 && word === 'api')) || (found !== undefined && !found.weak && !words.slice(from + 1).some((w) => verbOf(w) !== undefined))) break;
    from++;
  }
  return words.slice(from);
}

function verbPosition(words: readonly string[]): number {
  const last = words.length - 1;
  const first = verbOf(words[0] ?? '');
  if (last > 0 && THINGS_THAT_ACT.has(words[0] ?? '') && PLAIN_VERBS.has(words[last] ?? '')) return last;
  if (last === 1 && THINGS_THAT_ACT.has(words[0] ?? '') && FACTS.has(words[1] ?? '')) return last;
  if (first !== undefined && !first.weak && first.effect === 'read' && THINGS_THAT_ACT.has(words[0] ?? '')) {
    const inner = words.findIndex((w, i) => i > 1 && CLEAR_VERBS.has(w));
    if (inner > 0) return inner;
  }
  if (first !== undefined && !first.weak) return 0;
  if (isGeneric(words[0] ?? '') && words.length > 1 && (first === undefined || first.weak)) {
    if (MANAGERS.has(words[0] ?? '')) return 0;
    const inner = words.findIndex((w, i) => i > 0 && verbOf(w)?.weak === false);
    return inner > 0 ? inner : 0;
  }
  const plainEnd = last > 0 && PLAIN_VERBS.has(words[last] ?? '');
  if (plainEnd && words[last] !== 'list' && words[last] !== 'view' && words[last] !== 'set' && first === undefined) return last;
  const readEnd = READ_THINGS.has(words[last] ?? '');
  const strong = words.findIndex((w, i) => i > 0 && verbOf(w)?.weak === false && !((plainEnd || readEnd) && i < last && THINGS_THAT_ACT.has(w)));
  if (strong > 0) return strong;
  const end = verbOf(words[last] ?? '');
  if (last > 0 && end !== undefined && READ_THINGS.has(words[last] ?? '')) return last;
  if (first !== undefined) return 0;
  if (end !== undefined) return last;
  if (isGeneric(words[last] ?? '')) return last;
  return words.findIndex((w) => isGeneric(w));
}

function joinedVerbs(words: readonly string[], at: number): NameReading['joined'] {
  const joined: { verb: string; effect: Category }[] = [];
  for (const [i, word] of words.entries()) {
    if (i === at) continue;
    const found = JOINS.has(words[i - 1] ?? '') ? inflectedVerbOf(word) : verbOf(word);
    if (found === undefined) continue;
    const afterJoin = JOINS.has(words[i - 1] ?? '');
    // `get_delete_marker` reads, but nobody can tell it from `get_delete`: the severe reading holds.
    const adjacent = i === at + 1 && !found.weak && found.effect === 'destructive';
    if (afterJoin || adjacent) joined.push({ verb: word, effect: found.effect });
  }
  return joined;
}
