import type { JsonNode } from '../../wire/json-node.ts';
import { scan } from '../../wire/scan.ts';

/**
 * A piece of what an approver reads. `escaped` marks what stands for a character that cannot be shown. Names and strings are told apart from
 * the structure around them, because a long string with look-alike quotes and many spaces could otherwise be taken for members of its own.
 */
export interface Shown {
  readonly text: string;
  readonly escaped: boolean;
  readonly kind: 'structure' | 'name' | 'string';
}

/** Above the longest arguments that can be approved, with room for indentation: only what is built to be unreadable is cut. */
const MAX_SHOWN = 2 * 1024 * 1024;
const LIMITS = { maxBytes: 64 * 1024 * 1024, maxDepth: 512, maxKeys: 1_000_000 };

/**
 * Everything that could change what is seen without being seen (attack 44): controls, format characters (bidi overrides, zero width), blanks
 * other than the space, fillers and variation selectors, unpaired surrogates, private and unassigned code points.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{White_Space}/u;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };

/**
 * The arguments of a call as an approver reads them: the exact values, indented, every string decoded (a `\u0077` in the source cannot hide
 * a letter) and every character that cannot be seen written as an escape. Numbers stay as they were sent.
 * @param text the exact text of the arguments
 * @param max UTF-16 units, above which it is cut
 */
export function shownJson(text: string, max: number = MAX_SHOWN): { readonly pieces: readonly Shown[]; readonly cut: boolean } {
  const scanned = scan(Buffer.from(text, 'utf8'), LIMITS);
  const writer = new Writer(max);
  if (scanned.ok) writer.value(scanned.root, '');
  else writer.characters(text);
  return { pieces: writer.pieces, cut: writer.cut };
}

/** One line of text, whole, with every character that cannot be seen written as an escape. The store bounds its length. */
export function shownText(text: string): readonly Shown[] {
  const writer = new Writer(Number.POSITIVE_INFINITY);
  writer.characters(text);
  return writer.pieces;
}

class Writer {
  readonly pieces: Shown[] = [];
  cut = false;
  #length = 0;
  #plain = '';
  #kind: Shown['kind'] = 'structure';
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  plain(text: string): void {
    if (this.#full(text.length)) return;
    this.pieces.push({ text, escaped: false, kind: this.#kind });
  }

  #full(length: number): boolean {
    this.#length += length;
    if (this.#length > this.#max) this.cut = true;
    return this.cut;
  }

  /** Text outside a string: its quotes and backslashes mean nothing. */
  characters(text: string, quoted = false): void {
    this.#plain = '';
    for (const character of text) {
      if (this.#full(character.length)) break;
      const short = quoted || (character !== '"' && character !== '\\') ? SHORT[character] : undefined;
      if (character === '"' || character === '\\') this.#plain += short ?? character;
      else if (short !== undefined) this.#escape(short);
      else if (HIDDEN.test(character)) this.#escape(codeOf(character));
      else this.#plain += character;
    }
    this.#flush();
  }

  #escape(text: string): void {
    this.#flush();
    this.pieces.push({ text, escaped: true, kind: this.#kind });
  }

  #flush(): void {
    if (this.#plain !== '') this.pieces.push({ text: this.#plain, escaped: false, kind: this.#kind });
    this.#plain = '';
  }

  #string(text: string, kind: 'name' | 'string'): void {
    this.#kind = kind;
    this.plain('"');
    this.characters(text, true);
    this.plain('"');
    this.#kind = 'structure';
  }

  value(node: JsonNode, indent: string): void {
    if (this.cut) return;
    const { kind } = node;
    if (kind === 'object') return this.#list('{', '}', indent, node.members(), (member, inner) => {
      this.#string(member.key, 'name');
      this.plain(': ');
      this.value(member.value, inner);
    });
    if (kind === 'array' && fitsOneLine(node)) return this.#oneLine(node.elements());
    if (kind === 'array') return this.#list('[', ']', indent, node.elements(), (element, inner) => this.value(element, inner));
    if (kind === 'string') return this.#string(node.text() ?? '', 'string');
    this.plain(node.lexeme());
  }

  #oneLine(elements: readonly JsonNode[]): void {
    this.plain('[');
    elements.forEach((element, index) => {
      if (index > 0) this.plain(', ');
      this.value(element, '');
    });
    this.plain(']');
  }

  #list<T>(open: string, close: string, indent: string, items: readonly T[], write: (item: T, indent: string) => void): void {
    if (items.length === 0) return this.plain(open + close);
    const inner = `${indent}  `;
    this.plain(`${open}\n`);
    items.forEach((item, index) => {
      if (this.cut) return;
      this.plain(inner);
      write(item, inner);
      this.plain(index + 1 < items.length ? ',\n' : '\n');
    });
    this.plain(indent + close);
  }
}

/** A few plain values: each on a line of its own would only push what follows out of sight. */
function fitsOneLine(array: JsonNode): boolean {
  return array.end - array.start <= 60 && array.elements().every(({ kind }) => kind !== 'object' && kind !== 'array');
}

function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
