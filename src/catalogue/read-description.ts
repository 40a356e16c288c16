import { withoutClaims } from './lexicon/claims.ts';
import { foreignVerb } from './lexicon/foreign.ts';
import { inflectedVerbOf, isGeneric, wordSet } from './lexicon/lookup.ts';
import { LIMITS } from './limits.ts';
import { severity } from './severity.ts';
import type { Category } from './types.ts';

export interface SaidVerb {
  readonly verb: string;
  readonly effect: Category;
  /** It is the very first word: the sentence says what the tool does, not what something else is. */
  readonly leads: boolean;
  readonly rare: boolean;
  readonly weak: boolean;
}

export interface DescriptionReading {
  /** The first verb of the first sentence that has one. */
  readonly lead: SaidVerb | null;
  /** The verbs listed with it: `retrieve, create, update, and delete`. */
  readonly listed: readonly SaidVerb[];
  /** Verbs that open a later sentence: destructive or financial ones, and what the tool is said to run. */
  readonly later: readonly SaidVerb[];
}

const OPENERS = wordSet(
  'tip tip: hint hint: usage usage: example example: examples this tool the a an it you can will to allows lets enables used use for api endpoint function permanently completely immediately asynchronously quickly safely efficiently directly ' +
  'please always has have is can exists tool: warning warning: note note: important important: ✓ safe safe: destructive destructive: ⚠ ⚠️ helps provides call called when be is and then also',
);
const SEPARATORS = wordSet('and or as well also then optionally permanently & /');
/** `Makes a GET request`: the method is the verb. */
const HTTP_REQUEST = /\b(?:[Mm]akes?|[Ss]ends?|[Pp]erforms?|[Ii]ssues?) an? (?:HTTP |http )?(GET|HEAD|POST|PUT|PATCH|DELETE) (?:request|call)/gu;
/** `Executes the DescribeBroker operation`: how it is done, not what. */
const API_WRAPPER = /\b(?:[Ee]xecutes?|[Rr]uns?|[Ii]nvokes?|[Cc]alls?|[Pp]erforms?) (?:the |an? )?(?:[\w.:`'"-]{1,64} ){1,6}?(?:operation|API|api|endpoint|action)\b/gu;
/** Before a gerund: another deed than the tool's, as in `call it when writing code`. */
const OTHER_DEEDS = wordSet('when before after while without if by of during upon');
const ARTICLES = wordSet('the a an this its their your each any');
const MANAGES = /^(?:manag(?:e|es|ing)|handl(?:e|es|ing)|administers?)$/u;
const RETURNS = /^returns?$/u;
const RETURNING = { effect: 'read', weak: false, rare: false } as const;
/** Said of what a tool does with its own traces at the end. */
const TIDIES = /^cleans?$/u;
/** As often adjectives as verbs, so only at the head of a list. */
const ADJECTIVES = wordSet('clear empty complete open close live like set read safe');
const LABELS = /^(?:tool name|name): ?\S{1,128} (?:description: ?)?/iu;

/** `Executes GET /items`, as made from API descriptions: the method is the verb. */
const HTTP_CALL = /\b(?:[Ee]xecutes?|[Cc]alls?|[Mm]akes?|[Ss]ends?|[Pp]erforms?|[Ii]nvokes?) (GET|HEAD|POST|PUT|PATCH|DELETE) (?=\/)/gu;
/** Spoken to the reader: where to begin, not what the tool begins. */
const BEGIN_HERE = /^start here (?:if|when|for)\b/iu;
/** `Provides guidance for deploying`: the guidance comes back, and nothing is deployed. */
const TELLS = /^(?:this tool |the tool |it )?(?:provides?|offers?|gives?|shows?) (?:\S{1,24} ){0,2}?(?:guidance|guidelines|instructions|documentation|information|recommendations|details|best practices|examples|explanations?|advice)\b/iu;
const TOLD: SaidVerb = { verb: 'provides', effect: 'read', leads: true, rare: false, weak: false };

/** Reads what a description says the tool does. Claims of safety are removed first: they are no facts (catalogue.md). */
export function readDescription(flat: string): DescriptionReading {
  const text = withoutClaims(flat).replace(LABELS, '').replace(API_WRAPPER, ' ').replace(HTTP_CALL, (_, method: string) => `${method.toLowerCase()} `).replace(HTTP_REQUEST, (_, method: string) => method.toLowerCase()).replace(/\s+/gu, ' ').trim();
  const sentences = text.split(/(?<=[.!?;:])\s+|[。！？]|\s(?:#{1,6}|[-*•])\s/u).filter((s) => s !== '');
  let lead: SaidVerb | null = null;
  let listed: readonly SaidVerb[] = [];
  const later: SaidVerb[] = [];
  for (const [i, sentence] of sentences.slice(0, LIMITS.sentences).entries()) {
    if (lead === null) {
      if (BEGIN_HERE.test(sentence)) continue;
      if (TELLS.test(sentence)) {
        lead = TOLD;
        listed = deedsBeside(sentence);
        continue;
      }
      const found = verbsOfSentence(sentence, i < 20);
      lead = found[0] ?? null;
      listed = found.slice(1);
      continue;
    }
    const opening = firstWord(sentence);
    // `Runs it` is said of the tool, `run it first` to the reader; a removal counts either way.
    if (opening !== null && !TIDIES.test(opening.verb) && (severity(opening.effect) >= 3 || (severity(opening.effect) === 2 && !opening.rare && opening.verb.endsWith('s')))) later.push(opening);
  }
  return { lead, listed, later };
}

/** `Provides details and deletes the copy`: what is told beside the telling, in the third person. */
function deedsBeside(sentence: string): readonly SaidVerb[] {
  return [...sentence.slice(0, 600).matchAll(/(?:\b(?:and|then|also)|,) ([a-z]{2,24}s)\b/giu)].flatMap((match) => {
    const verb = (match[1] ?? '').toLowerCase();
    const found = inflectedVerbOf(verb);
    return found === undefined || found.weak || (found.rare && severity(found.effect) < 3) ? [] : [{ verb, effect: found.effect, leads: false, rare: false, weak: false }];
  });
}

function wordsOf(sentence: string): string[] {
  return sentence.slice(0, 600).replace(/['’]s\b/gu, '').split(/([,\s/|]+)/u).filter((w) => w !== '' && w !== ' ');
}

function firstWord(sentence: string): SaidVerb | null {
  const word = cleaned(sentence.split(' ', 1)[0] ?? '');
  const found = inflectedVerbOf(word);
  return found === undefined || found.weak || ADJECTIVES.has(word) ? null : { verb: word, effect: found.effect, leads: true, rare: found.rare, weak: found.weak };
}

function cleaned(word: string): string {
  return word.toLowerCase().replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
}

function verbsOfSentence(sentence: string, early: boolean): SaidVerb[] {
  if (!/^[\p{ASCII}\p{P}\p{S}\s]*$/u.test(sentence.slice(0, 200)) && /[^\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]/u.test(sentence.slice(0, 200))) {
    const foreign = foreignVerb(sentence);
    if (foreign !== undefined) return [{ verb: foreign.term, effect: foreign.effect, leads: true, rare: false, weak: false }];
  }
  const words = wordsOf(sentence);
  let leads = true;
  for (const [i, word] of words.entries()) {
    if (i > 60) break;
    const plain = cleaned(word);
    if (plain === '') continue;
    const found = leads && RETURNS.test(plain) ? RETURNING : inflectedVerbOf(plain);
    const isVerb = found !== undefined && ((!found.weak && !found.rare) || leads) && (leads || !ADJECTIVES.has(plain)) && !(OPENERS.has(plain) || (isGeneric(plain) && found.weak));
    if (isVerb && plain.endsWith('ing') && OTHER_DEEDS.has(cleaned(words[i - 1] ?? ''))) continue;
    // `The set of permissions`, `manages lists`: behind an article, and behind managing, stands a thing.
    if (isVerb && (ARTICLES.has(cleaned(words[i - 1] ?? '')) || MANAGES.test(cleaned(words[i - 1] ?? '')))) {
      leads = false;
      continue;
    }
    // `Use this tool to …`, `Call this when …`: the verb is spoken to the reader.
    if (isVerb && !/^(?:this|it|when|if)$/u.test(cleaned(words[i + 1] ?? ''))) {
      return [{ verb: plain, effect: found.effect, leads, rare: found.rare, weak: found.weak }, ...listedAfter(words, i + 1, plain)];
    }
    if (!OPENERS.has(plain) && !isGeneric(plain)) leads = false;
  }
  // English sentences are tried in every other language as well; that is worth it only where a description begins.
  const foreign = early ? foreignVerb(sentence) : undefined;
  return foreign === undefined ? [] : [{ verb: foreign.term, effect: foreign.effect, leads: true, rare: false, weak: false }];
}

/** `, create, update, and delete policies`: verbs as long as only separators stand between them, or a new one follows a comma or `and`. */
function listedAfter(words: readonly string[], from: number, lead: string): SaidVerb[] {
  const listed: SaidVerb[] = [];
  let separated = false;
  let apart = false;
  let joined = false;
  for (const word of words.slice(from, from + 60)) {
    const plain = cleaned(word);
    if (/^[,/|\s]+$/u.test(word)) {
      separated ||= /[,/|]/u.test(word);
      continue;
    }
    if (SEPARATORS.has(plain)) {
      separated = true;
      joined ||= plain === 'and' || plain === 'or';
      continue;
    }
    const found = separated ? inflectedVerbOf(plain) : undefined;
    // Behind the first object only `and delete` counts, and only in the form of the first verb: the rest are adjectives and nouns.
    const counts = !apart || (joined && !ADJECTIVES.has(plain) && plain.endsWith('s') === lead.endsWith('s'));
    if (found !== undefined && !found.weak && !found.rare && counts) listed.push({ verb: plain, effect: found.effect, leads: false, rare: found.rare, weak: found.weak });
    else if (found === undefined || found.weak) apart = true;
    separated = false;
    joined = false;
  }
  return listed;
}
