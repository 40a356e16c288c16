import type { Category, Confidence, Evidence, Finding, Place, Risk, Signal } from '../types.ts';
import type { FacetValues } from './site.ts';

interface CategoryWords {
  /** What the tool can do, after `it can`. */
  readonly can: string;
  /** Why that needs a policy: what goes wrong when an agent does it unasked. */
  readonly why: string;
}

export const CATEGORY_WORDS: Readonly<Record<Category, CategoryWords>> = {
  read: {
    can: 'return data, and change nothing that anyone else could notice',
    why: 'Whatever it returns stands in the model’s context from then on, where another tool can carry it out. A cap on calls keeps an agent in a loop from reading everything.',
  },
  write: {
    can: 'create or change state that ordinary means can change back',
    why: 'Each call leaves something behind that somebody may have to find and change back. An agent that repeats itself, or follows an instruction hidden in what it reads, leaves hundreds.',
  },
  execute: {
    can: 'make something run or go out, with effects beyond the record that it touches',
    why: 'What it starts goes on after the answer and reaches other systems, so it cannot be taken back by undoing the call. The same arguments from a misled agent do the same work.',
  },
  destructive: {
    can: 'remove or overwrite what cannot be had back by ordinary means',
    why: 'One wrong call is enough, and no later call repairs it. Whether this object is the right one is a question for a person.',
  },
  financial: {
    can: 'move money, or bind somebody to pay',
    why: 'A wrong amount, a wrong recipient or the same call twice costs money at once. An agent has no sense of what is a lot.',
  },
};

export const RISK_WORDS: Readonly<Record<Risk, string>> = {
  low: 'a wrong call does little harm',
  medium: 'a wrong call does harm that can be put right',
  high: 'a wrong call does harm that reaches far, or is hard to put right',
  critical: 'one wrong call does lasting harm',
};

export const CONFIDENCE_WORDS: Readonly<Record<Confidence, string>> = {
  high: 'name, description and parameters agree',
  medium: 'two parts of the definition support the class',
  low: 'little of the definition supports the class',
};

interface Word {
  readonly label: string;
  /** A whole sentence about a tool that has it; `It` is the tool. */
  readonly text: string;
}

export const SIGNAL_WORDS: Readonly<Record<Signal, Word>> = {
  secrets: { label: 'secrets', text: 'It handles secrets or credentials, which would then stand in a model’s context and in logs.' },
  free_form_code: { label: 'free-form code', text: 'It takes code, commands or queries as text, so what it does is decided by the argument.' },
  arbitrary_url: { label: 'arbitrary URL', text: 'It takes an address of the caller’s choice, so it can be sent to hosts inside your network.' },
  filesystem_path: { label: 'file path', text: 'It takes a path of a file, which can lead out of the directory that was meant.' },
  bulk: { label: 'bulk', text: 'It acts on many things in one call, so one mistake is a large one.' },
  permissions: { label: 'permissions', text: 'It changes users, permissions or policies: who may do what afterwards.' },
  sends_messages: { label: 'sends messages', text: 'It sends messages to people, in your name.' },
  money: { label: 'money', text: 'It has to do with money.' },
  production: { label: 'production', text: 'It reaches systems in production.' },
  reversible: { label: 'reversible', text: 'What it does can be taken back, as the definition shows.' },
  router: { label: 'router', text: 'It is several tools in one: an argument chooses what it does, so a rule for its name covers all of them.' },
  many_parameters: { label: 'many parameters', text: 'It has so many parameters, nested ones counted, that few people will have read them all.' },
  open_world: { label: 'open world', text: 'Its server says that it reaches systems outside of its own.' },
};

export const FINDING_WORDS: Readonly<Record<Finding, Word>> = {
  model_instructions: { label: 'instructions to the model', text: 'Its definition tells the model what to do, which is how tools are turned against their users.' },
  hidden_characters: { label: 'hidden characters', text: 'Its definition holds characters that nobody can see, and that a model reads.' },
  look_alike_name: { label: 'look-alike name', text: 'Its name holds letters that look like other letters, so it can pass for another tool.' },
  shadowed_name: { label: 'shadowed name', text: 'Its name is also a name of another server’s tool, so a model may call the wrong one.' },
  contradiction: { label: 'contradiction', text: 'Parts of its definition contradict each other; the more severe reading counts here.' },
  no_description: { label: 'no description', text: 'Its description is empty, so neither a model nor a reviewer is told what it does.' },
  invalid_schema: { label: 'invalid schema', text: 'The schema of its arguments is no valid JSON Schema, so arguments cannot be checked against it.' },
  missing_schema: { label: 'missing schema', text: 'It has no schema of its arguments, so nothing says what it takes.' },
  oversized: { label: 'oversized', text: 'Its definition is larger than what we read of one, so some of it is unknown.' },
};

/** Name of a facet's value as people read it. */
export function valueLabel(facet: keyof FacetValues, value: string): string {
  if (facet === 'signal') return SIGNAL_WORDS[value as Signal].label;
  if (facet === 'finding') return FINDING_WORDS[value as Finding].label;
  if (facet === 'confidence') return `${value} confidence`;
  return value;
}

/** One sentence about the tools of a value. */
export function valueText(facet: keyof FacetValues, value: string): string {
  if (facet === 'signal') return `The definition of each of these tools shows it: ${lowerFirst(SIGNAL_WORDS[value as Signal].text)}`;
  if (facet === 'finding') return `Found with each of these tools: ${lowerFirst(FINDING_WORDS[value as Finding].text)}`;
  if (facet === 'confidence') return `How much of a definition supports its class: ${CONFIDENCE_WORDS[value as Confidence]}.`;
  if (facet === 'risk') return `The category, moved by what the arguments reach: ${RISK_WORDS[value as Risk]}.`;
  return `The most severe thing that each of these tools can do is to ${CATEGORY_WORDS[value as Category].can}.`;
}

export const PLACE_WORDS: Readonly<Record<Place, string>> = {
  name: 'name', title: 'title', description: 'description', parameter: 'parameter', annotations: 'annotations', schema: 'schema', server: 'server',
};

/** What a piece of evidence speaks for. */
export function suggestsText(suggests: Evidence['suggests']): string {
  if (suggests === 'risk_up') return 'higher risk';
  if (suggests === 'risk_down') return 'lower risk';
  if (Object.hasOwn(CATEGORY_WORDS, suggests)) return suggests;
  if (Object.hasOwn(SIGNAL_WORDS, suggests)) return SIGNAL_WORDS[suggests as Signal].label;
  return FINDING_WORDS[suggests as Finding].label;
}

/** `1 tool`, `1,204 tools`. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${numeral(count)} ${count === 1 ? one : many}`;
}

/** With commas between thousands; not by the machine's locale, so that every build is the same. */
export function numeral(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}

/** `640 B`, `1.2 KB`, `38 KB`, `1.4 MB`; a KB is 1,000 bytes. */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const [value, unit] = bytes < 999_500 ? [bytes / 1_000, 'KB'] : [bytes / 1_000_000, 'MB'];
  return `${value < 9.95 ? value.toFixed(1) : numeral(Math.round(value))} ${unit}`;
}

/** `22 November 2026` of `2026-11-22`. */
export function day(date: string): string {
  const [year = '', month = '', dayOfMonth = ''] = date.split('-');
  const name = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'][Number(month) - 1];
  return name === undefined ? date : `${Number(dayOfMonth)} ${name} ${year}`;
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** With a capital letter first. */
export function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
