import { FINDING_WORDS, PLACE_WORDS, SIGNAL_WORDS, suggestsText } from '../../../../src/catalogue/pages/wording.ts';
import type { Evidence } from '../../../../src/catalogue/types.ts';

// The words of the catalogue's pages. A gateway of another version may tell of a kind that this page does not know: then its own name is shown.
const known = <Words extends object>(words: Words, slug: string): Words[keyof Words] | undefined => (Object.hasOwn(words, slug) ? words[slug as keyof Words] : undefined);

/** `free_form_code` as "free form code". */
export function inWords(slug: string): string {
  return slug.replaceAll('_', ' ');
}

export const findingLabel = (slug: string): string => known(FINDING_WORDS, slug)?.label ?? inWords(slug);
/** One sentence about a tool with this finding. */
export const findingText = (slug: string): string => known(FINDING_WORDS, slug)?.text ?? inWords(slug);
/** One sentence about a tool with this signal. */
export const signalText = (slug: string): string => known(SIGNAL_WORDS, slug)?.text ?? inWords(slug);
export const placeLabel = (slug: string): string => known(PLACE_WORDS, slug) ?? inWords(slug);

/** What a piece of evidence speaks for. */
export function suggestsLabel(slug: string): string {
  try {
    return suggestsText(slug as Evidence['suggests']);
  } catch {
    return inWords(slug);
  }
}
