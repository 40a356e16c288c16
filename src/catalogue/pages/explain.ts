import { baseRisk, CATEGORIES, RISKS } from '../severity.ts';
import type { ToolRecord } from '../server-record.ts';
import type { Signal } from '../types.ts';
import { verbOf } from '../lexicon/lookup.ts';
import { splitWords } from '../words.ts';
import { meanings, spelled } from './glossary.ts';
import { visible } from './visible.ts';
import { CATEGORY_WORDS, CONFIDENCE_WORDS, counted, FINDING_WORDS, listed, RISK_WORDS, SIGNAL_WORDS, upperFirst } from './wording.ts';

/** How much of a name stands in a sentence; the heading has it whole. */
export const NAME_IN_TEXT = 64;

/** The name as it stands in a sentence. */
export function toolName(tool: ToolRecord): string {
  return visible(tool.name, NAME_IN_TEXT);
}

/** `no parameters`, `5 parameters, 1 of them required`. */
export function parameterCount(tool: ToolRecord): string {
  const { parameters } = tool;
  const required = parameters.filter((parameter) => parameter.required).length;
  if (parameters.length === 0) return 'no parameters';
  if (parameters.length === 1) return `1 parameter, ${required === 1 ? 'required' : 'optional'}`;
  if (required === parameters.length) return `${parameters.length} parameters, all required`;
  return `${parameters.length} parameters, ${required === 0 ? 'none' : required} of them required`;
}

/**
 * What a tool does, in our words: made from the class and its evidence, so that no text of the server's is repeated.
 * @returns paragraphs of plain text
 */
export function whatItDoes(tool: ToolRecord): readonly string[] {
  const { category, effects, signals } = tool.classification;
  const first = `As its definition reads, ${toolName(tool)} can ${CATEGORY_WORDS[category].can}.${nameReading(tool)}${grounds(tool)}`;
  const others = CATEGORIES.filter((one) => one !== category && effects.includes(one)).map((one) => CATEGORY_WORDS[one].can);
  const more = others.length === 0 ? '' : ` Other things that it can do: ${others.join('; ')}.`;
  const facts = signals.map((signal) => SIGNAL_WORDS[signal].text).join(' ');
  return [first + more, ...(facts === '' ? [] : [facts]), `${takes(tool)} ${sureness(tool)}`];
}

/** The words that the name is made of, when they say more than the name itself, with what abbreviations among them stand for. */
function nameReading(tool: ToolRecord): string {
  const words = splitWords(tool.name.slice(0, 200));
  const read = words.length < 2 || words.length > 10 ? '' : ` ${saying(words, tool)}`;
  const known = meanings(words);
  return known.length === 0 ? read : `${read} ${upperFirst(listed(known))}.`;
}

/** No verbs that could stand behind `should`. */
const INFLECTED = /^(?:can|has|is|exists|gets|whoami)$/;

/** The words of a name as a sentence: the verb first where there is one, then what it is done to, then where. */
function saying(words: readonly string[], tool: ToolRecord): string {
  const written = (some: readonly string[]): string => some.map((word) => spelled(visible(word, 24))).join(' ');
  const { category, evidence } = tool.classification;
  // Many words are verbs or nouns: the verb is the one that the class rests on.
  const terms = new Set(evidence.filter(({ place, suggests }) => place === 'name' && suggests === category).map(({ term }) => term.toLowerCase()));
  const at = words.findIndex((word) => terms.has(word) && verbOf(word) !== undefined);
  if (at < 0 || INFLECTED.test(words[at] ?? '')) return `Its name reads “${written(words)}”.`;
  const [before, verb, behind] = [words.slice(0, at), words.slice(at, at + 1), words.slice(at + 1)];
  if (behind.length === 0) return `By its name it should ${written([...verb, ...before])}.`;
  return `By its name it should ${written([...verb, ...behind])}${before.length === 0 ? '' : ` (${written(before)})`}.`;
}

const TERMS = 6;

/** The terms of the definition that speak for the category, by where they stand. */
function grounds(tool: ToolRecord): string {
  const { category, evidence } = tool.classification;
  const terms = (place: string): string[] => [...new Set(evidence.filter((one) => one.place === place && one.suggests === category).map(({ term }) => `“${visible(term, 32)}”`))].slice(0, TERMS);
  const parts = (['name', 'title', 'description', 'parameter', 'annotations'] as const).flatMap((place) => {
    const found = terms(place);
    return found.length === 0 ? [] : [`${listed(found)} in ${place === 'parameter' ? 'its parameters' : `its ${place}`}`];
  });
  return parts.length === 0 ? '' : ` What speaks for that: ${listed(parts)}.`;
}

function takes(tool: ToolRecord): string {
  const required = tool.parameters.filter((parameter) => parameter.required).map(({ name }) => visible(name, 40));
  const named = required.length === 0 || required.length > 6 || (required.length === tool.parameters.length && required.length > 4) ? '' : `: ${listed(required)}`;
  return `It takes ${parameterCount(tool)}${named}.`;
}

/** Why we are as sure as we are, with what is missing named. */
export function sureness(tool: ToolRecord): string {
  const { confidence, findings } = tool.classification;
  if (confidence === 'high') return `Confidence is high: ${CONFIDENCE_WORDS.high}.`;
  const reasons: string[] = [];
  if (findings.includes('no_description')) reasons.push('the description is empty');
  if (findings.includes('contradiction')) reasons.push('parts of the definition contradict each other');
  if (findings.includes('invalid_schema')) reasons.push('the schema is not valid');
  if (findings.includes('missing_schema')) reasons.push('there is no schema');
  if (findings.includes('oversized')) reasons.push('the definition is too large to be read whole');
  if (findings.includes('look_alike_name')) reasons.push('the name holds look-alike letters');
  return `Confidence is ${confidence} because ${reasons.length > 0 ? listed(reasons) : CONFIDENCE_WORDS[confidence]}.`;
}

/** Signals that raise a risk class (catalogue.md, "Risk class"). */
const RAISING: readonly Signal[] = ['secrets', 'permissions', 'bulk', 'free_form_code', 'arbitrary_url', 'production'];

/** What moved the risk class away from that of its category; nothing when it was not moved. */
export function riskMove(tool: ToolRecord): string {
  const { category, risk, signals } = tool.classification;
  const base = RISKS[baseRisk(category)] ?? risk;
  const moved = RISKS.indexOf(risk) - RISKS.indexOf(base);
  if (moved === 0) return '';
  const raising = RAISING.filter((signal) => signals.includes(signal)).map((signal) => SIGNAL_WORDS[signal].label);
  if (moved > 0) return ` That is above the ${base} of its category${raising.length === 0 ? '' : `, because of ${listed(raising)}`}.`;
  return ` That is below the ${base} of its category, because it reaches only state of the caller’s own, or what can be restored.`;
}

/** Why it needs a policy, as plain text. */
export function whyPolicy(tool: ToolRecord): readonly string[] {
  const { category, risk, findings } = tool.classification;
  const base = `${CATEGORY_WORDS[category].why} Its risk class is ${risk}: ${RISK_WORDS[risk]}.${riskMove(tool)}`;
  const wrong = findings.map((finding) => FINDING_WORDS[finding].text).join(' ');
  return wrong === '' ? [base] : [base, wrong];
}

/** One sentence for lists and for search engines. */
export function summary(tool: ToolRecord, server: string): string {
  const { category, risk, confidence } = tool.classification;
  return `${toolName(tool)} of ${server}: category ${category}, risk ${risk}, confidence ${confidence}, ${parameterCount(tool)}. What it does, why it needs a policy, and rules to copy.`;
}

/** `3 tools: 2 read, 1 destructive`. */
export function countsText(total: number, counts: ReadonlyMap<string, number>): string {
  const parts = CATEGORIES.filter((category) => (counts.get(category) ?? 0) > 0).map((category) => `${counts.get(category) ?? 0} ${category}`);
  return parts.length === 0 ? counted(total, 'tool') : `${counted(total, 'tool')}: ${parts.join(', ')}`;
}
