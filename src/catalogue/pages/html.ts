/** HTML that has been escaped, or was written here. A type of its own, so that a plain text cannot be put into a page by mistake. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Html | string | number | null | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text for element content and for quoted attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

function written(part: Part): string {
  if (part === null) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(written).join('');
  return escaped(String(part));
}

/** A template whose values are escaped unless they are HTML already; null is nothing. Attributes have to be quoted. */
export function html(texts: TemplateStringsArray, ...values: readonly Part[]): Html {
  let out = texts[0] ?? '';
  values.forEach((value, index) => {
    out += written(value) + (texts[index + 1] ?? '');
  });
  return new Html(out);
}

/** JSON for a script element that is data: nothing in it can end the element or open a comment. */
export function jsonInHtml(value: unknown): Html {
  return new Html(JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`));
}
