import { printable } from '../../policy/printable.ts';
import { SyntaxProblem, type Field, type SyntaxNode } from './syntax.ts';

/** Deeper than any settings file; the reader recurses once per level. */
const MAX_DEPTH = 200;

/**
 * Reads JSON with comments and trailing commas, as editors accept it for settings, and keeps where everything stands. Strict otherwise:
 * a text that two programs could read in two ways is an error.
 * @returns null for a text of nothing but white space and comments
 * @throws SyntaxProblem
 */
export function readJsonc(text: string): SyntaxNode | null {
  return new Reader(text).document();
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$]*/y;
/** Everything up to the next thing that a string must treat specially. */
const PLAIN = /[^"\\\u0000-\u001f]*/y;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.charCodeAt(0) === 0xfeff) this.#at = 1;
  }

  document(): SyntaxNode | null {
    this.#skip();
    if (this.#at === this.#text.length) return null;
    const root = this.#value(0);
    this.#skip();
    if (this.#at < this.#text.length) this.#fail('something stands behind the end of the document');
    return root;
  }

  #value(depth: number): SyntaxNode {
    if (depth > MAX_DEPTH) this.#fail(`more than ${MAX_DEPTH} levels of nesting`);
    const start = this.#at;
    switch (this.#text[start]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return node('string', start, this.#string(), this.#at);
      case undefined:
        return this.#fail('the file ends in the middle of a value');
      default:
        return node('other', start, this.#scalar(), this.#at);
    }
  }

  #object(depth: number): SyntaxNode {
    const start = this.#at++;
    const fields: Field[] = [];
    const value = Object.create(null) as Record<string, unknown>;
    for (;;) {
      this.#skip();
      if (this.#take('}')) return { ...node('object', start, value, this.#at), fields };
      const keyStart = this.#at;
      if (this.#text[keyStart] !== '"') this.#fail('expected a key in double quotes, or `}`');
      const key = this.#string();
      const keyEnd = this.#at;
      if (Object.hasOwn(value, key)) this.#fail(`the key "${printable(key, 40)}" stands here twice, and programs differ in which one they take`, keyStart);
      this.#skip();
      if (!this.#take(':')) this.#fail('expected `:` after a key');
      this.#skip();
      const field = { key, keyStart, keyEnd, value: this.#value(depth + 1) };
      fields.push(field);
      // Not by assignment: `__proto__` is a key like any other.
      Object.defineProperty(value, key, { value: field.value.value, enumerable: true, configurable: true, writable: true });
      this.#separator('}');
    }
  }

  #array(depth: number): SyntaxNode {
    const start = this.#at++;
    const items: SyntaxNode[] = [];
    for (;;) {
      this.#skip();
      if (this.#take(']')) return { ...node('array', start, items.map((item) => item.value), this.#at), items };
      items.push(this.#value(depth + 1));
      this.#separator(']');
    }
  }

  #separator(close: string): void {
    this.#skip();
    if (this.#take(',')) return;
    if (this.#text[this.#at] !== close) this.#fail(`expected \`,\` or \`${close}\``);
  }

  /** At an opening quote; ends behind the closing one. */
  #string(): string {
    const start = this.#at++;
    for (;;) {
      PLAIN.lastIndex = this.#at;
      this.#at += PLAIN.exec(this.#text)?.[0].length ?? 0;
      const character = this.#text[this.#at];
      if (character === '"') break;
      if (character === '\\') this.#at += 2;
      else this.#fail(character === undefined ? 'a string has no end' : 'a string holds a control character, or has no end on its line');
      if (this.#at > this.#text.length) this.#fail('a string has no end');
    }
    this.#at += 1;
    try {
      return JSON.parse(this.#text.slice(start, this.#at)) as string;
    } catch {
      return this.#fail('a string holds an escape that JSON does not know', start);
    }
  }

  #scalar(): unknown {
    for (const pattern of [NUMBER, WORD]) {
      pattern.lastIndex = this.#at;
      const found = pattern.exec(this.#text)?.[0];
      if (found === undefined) continue;
      if (pattern === WORD && !['true', 'false', 'null'].includes(found)) break;
      this.#at += found.length;
      return JSON.parse(found) as unknown;
    }
    return this.#fail('expected a value');
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  /** White space and comments. */
  #skip(): void {
    const text = this.#text;
    for (;;) {
      const character = text[this.#at];
      if (character === ' ' || character === '\t' || character === '\n' || character === '\r') {
        this.#at += 1;
      } else if (character === '/' && text[this.#at + 1] === '/') {
        while (this.#at < text.length && text[this.#at] !== '\n' && text[this.#at] !== '\r') this.#at += 1;
      } else if (character === '/' && text[this.#at + 1] === '*') {
        const end = text.indexOf('*/', this.#at + 2);
        if (end === -1) this.#fail('a comment has no end');
        this.#at = end + 2;
      } else return;
    }
  }

  #fail(message: string, offset = this.#at): never {
    throw new SyntaxProblem(message, this.#text, offset);
  }
}

/** `end` comes last, so that a call in the argument before it has moved on by then. */
function node(kind: SyntaxNode['kind'], start: number, value: unknown, end: number): SyntaxNode {
  return { kind, start, end, value, fields: [], items: [] };
}
