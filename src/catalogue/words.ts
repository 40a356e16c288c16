import { nfkc } from '../wire/nfkc.ts';
/** Letters of other scripts that look like Latin ones; a name written with them must not hide its verb. */
const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    а: 'a', в: 'b', с: 'c', ԁ: 'd', е: 'e', һ: 'h', і: 'i', ј: 'j', к: 'k', ӏ: 'l', м: 'm', н: 'h', о: 'o', р: 'p', ԛ: 'q', ѕ: 's', т: 't', у: 'y', ѵ: 'v', ԝ: 'w', х: 'x',
    А: 'A', В: 'B', С: 'C', Е: 'E', Н: 'H', І: 'I', Ј: 'J', К: 'K', М: 'M', О: 'O', Р: 'P', Ѕ: 'S', Т: 'T', У: 'Y', Х: 'X',
    α: 'a', ε: 'e', ι: 'i', κ: 'k', ν: 'v', ο: 'o', ρ: 'p', τ: 't', υ: 'u', χ: 'x', Α: 'A', Β: 'B', Ε: 'E', Η: 'H', Ι: 'I', Κ: 'K', Μ: 'M', Ν: 'N', Ο: 'O', Ρ: 'P', Τ: 'T', Χ: 'X',
    ı: 'i', ɡ: 'g', ɑ: 'a', ǀ: 'l',
  }),
);

const HAS_LATIN = /\p{Script=Latin}/u;
const HAS_LOOK_ALIKE_SCRIPT = /[\p{Script=Cyrillic}\p{Script=Greek}]/u;
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e01ef}]/gu;

/** Latin and a look-alike script in one word: nobody's language, only a disguise. */
export function mixesScripts(word: string): boolean {
  return HAS_LATIN.test(word) && HAS_LOOK_ALIKE_SCRIPT.test(word);
}

/** Normalising a run of n combining marks takes n² steps; no language writes more than a few on one letter. */
const MARKS_TOO_MANY = /([\p{M}\uFF9E\uFF9F]{30})[\p{M}\uFF9E\uFF9F]+/gu;

/** Invisible characters gone and compatibility forms folded, in linear time whatever the text is made of. */
export function folding(text: string): string {
  return nfkc(text.replace(INVISIBLE, '').replace(MARKS_TOO_MANY, '$1')).replace(INVISIBLE, '');
}

/** The name as an eye reads it: compatibility forms folded, invisible characters gone, look-alike letters made Latin. */
export function visibleForm(name: string): string {
  const folded = folding(name);
  if (!mixesScripts(folded)) return folded;
  return Array.from(folded, (c) => LOOK_ALIKES.get(c) ?? c).join('');
}

/** Comparison key for names that look the same: case, separators and 0/o, 1/l/i are folded as well. */
export function nameSkeleton(name: string): string {
  const visible = Array.from(folding(name), (c) => LOOK_ALIKES.get(c) ?? c).join('');
  return visible.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '').replaceAll('0', 'o').replace(/[1|i]/g, 'l');
}

/** Lower-case words of an identifier in camelCase, PascalCase, snake_case, kebab-case or with dots, slashes and colons. */
export function splitWords(identifier: string): string[] {
  return identifier
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((word) => word !== '');
}

/** The words, and each two neighbours as one: `api`, `key`, `apikey`. */
export function withPairs(words: readonly string[]): readonly string[] {
  return [...words, ...words.slice(1).map((word, i) => `${words[i] ?? ''}${word}`)];
}

/** A parameter's name without case and separators: `userId`, `user_id` and `USER-ID` are one name. */
export function squash(name: string): string {
  return visibleForm(name).toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** Text with every run of white space as one space: layout is no fact. */
export function flattenText(text: string): string {
  // Plain text is the rule, and needs none of it.
  if (/^[!-~]*(?: [!-~]+)*$/u.test(text)) return text;
  return folding(text).replace(/\s+/gu, ' ').trim();
}

/** A term that is safe to print: visible, one line, at most 48 characters. */
export function shortTerm(text: string): string {
  const plain = Array.from(text.slice(0, 200).replace(/[\p{C}\p{Z}]+/gu, ' ').trim());
  return plain.length > 48 ? `${plain.slice(0, 47).join('')}…` : plain.join('');
}
