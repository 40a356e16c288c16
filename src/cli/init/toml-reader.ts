import { parse } from 'smol-toml';
import { SyntaxProblem, type Field, type SyntaxNode } from './syntax.ts';
import type { TomlPair, TomlTable } from './toml.ts';

const MAX_DEPTH = 200;
const BARE_KEY = /[A-Za-z0-9_-]+/y;
/** A number, a date or a word. */
const BARE_VALUE = /[^\s,\]}#]+(?: \d\d:[^\s,\]}#]+)?/y;

interface Key {
  readonly path: string[];
  /** Of its last part. */
  readonly lastStart: number;
  readonly lastEnd: number;
}

/** Finds where tables, pairs and values stand in a text that is known to be TOML. What it takes for more than it is, no edit survives (wrap-entry.ts). */
export class TomlReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  tables(): TomlTable[] {
    const tables: TomlTable[] = [];
    let pairs: TomlPair[] = [];
    let open: Omit<TomlTable, 'pairs' | 'end'> = { path: [], array: false, start: 0, headerEnd: 0, keyStart: 0, keyEnd: 0 };
    const close = (): void => void tables.push({ ...open, pairs, end: pairs.at(-1)?.value.end ?? open.headerEnd });
    for (;;) {
      this.#skip(true);
      if (this.#at >= this.#text.length) break;
      if (this.#text[this.#at] === '[') {
        close();
        pairs = [];
        open = this.#header();
      } else pairs.push(this.#pair(0));
    }
    close();
    return tables;
  }

  #header(): Omit<TomlTable, 'pairs' | 'end'> {
    const start = this.#at;
    const array = this.#text.startsWith('[[', start);
    this.#at += array ? 2 : 1;
    const key = this.#key();
    this.#at += array ? 2 : 1;
    return { path: key.path, array, start, headerEnd: this.#at, keyStart: key.lastStart, keyEnd: key.lastEnd };
  }

  #pair(depth: number): TomlPair {
    const keyStart = this.#at;
    const { path, lastEnd } = this.#key();
    this.#expect('=');
    this.#skip(false);
    return { path, keyStart, keyEnd: lastEnd, value: this.#value(depth) };
  }

  /** Ends behind white space. */
  #key(): Key {
    const path: string[] = [];
    for (;;) {
      this.#skip(false);
      const lastStart = this.#at;
      const quote = this.#text[this.#at];
      if (quote === '"' || quote === "'") {
        path.push(this.#string().value as string);
      } else {
        BARE_KEY.lastIndex = this.#at;
        const bare = BARE_KEY.exec(this.#text)?.[0] ?? this.#fail('expected a key');
        path.push(bare);
        this.#at += bare.length;
      }
      const lastEnd = this.#at;
      this.#skip(false);
      if (this.#text[this.#at] !== '.') return { path, lastStart, lastEnd };
      this.#at += 1;
    }
  }

  #value(depth: number): SyntaxNode {
    if (depth > MAX_DEPTH) this.#fail(`more than ${MAX_DEPTH} levels of nesting`);
    const start = this.#at;
    switch (this.#text[start]) {
      case '"':
      case "'":
        return this.#string();
      case '[':
        return this.#array(depth);
      case '{':
        return this.#inlineTable(depth);
      default: {
        BARE_VALUE.lastIndex = start;
        const text = BARE_VALUE.exec(this.#text)?.[0] ?? this.#fail('expected a value');
        this.#at += text.length;
        return { kind: 'other', start, end: this.#at, value: text, fields: [], items: [] };
      }
    }
  }

  #array(depth: number): SyntaxNode {
    const start = this.#at++;
    const items: SyntaxNode[] = [];
    for (;;) {
      this.#skip(true);
      if (this.#text[this.#at] === ']') break;
      items.push(this.#value(depth + 1));
      this.#skip(true);
      if (this.#text[this.#at] === ',') this.#at += 1;
    }
    this.#at += 1;
    return { kind: 'array', start, end: this.#at, value: items.map((item) => item.value), fields: [], items };
  }

  #inlineTable(depth: number): SyntaxNode {
    const start = this.#at++;
    const fields: Field[] = [];
    const value = Object.create(null) as Record<string, unknown>;
    for (;;) {
      this.#skip(true);
      if (this.#text[this.#at] === '}') break;
      const pair = this.#pair(depth + 1);
      // Deeper paths are not written back by anybody here; they keep one field so that nothing is taken for absent.
      const key = pair.path.join('.');
      fields.push({ key, keyStart: pair.keyStart, keyEnd: pair.keyEnd, value: pair.value });
      Object.defineProperty(value, key, { value: pair.value.value, enumerable: true, configurable: true, writable: true });
      this.#skip(true);
      if (this.#text[this.#at] === ',') this.#at += 1;
    }
    this.#at += 1;
    return { kind: 'object', start, end: this.#at, value, fields, items: [] };
  }

  #string(): SyntaxNode {
    const start = this.#at;
    const quote = this.#text[start] ?? '';
    const long = this.#text.startsWith(quote.repeat(3), start);
    this.#at += long ? 3 : 1;
    const end = long ? quote.repeat(3) : quote;
    while (!this.#text.startsWith(end, this.#at)) {
      if (this.#at >= this.#text.length) this.#fail('a string has no end');
      this.#at += quote === '"' && this.#text[this.#at] === '\\' ? 2 : 1;
    }
    this.#at += end.length;
    // `""""` ends a text whose last character is a quote: up to two of them belong to it.
    if (long) for (let extra = 0; extra < 2 && this.#text[this.#at] === quote; extra += 1) this.#at += 1;
    return { kind: 'string', start, end: this.#at, value: parse(`x = ${this.#text.slice(start, this.#at)}`)['x'], fields: [], items: [] };
  }

  #skip(lines: boolean): void {
    const text = this.#text;
    for (;;) {
      const character = text[this.#at];
      if (character === ' ' || character === '\t') this.#at += 1;
      else if (lines && (character === '\n' || character === '\r')) this.#at += 1;
      else if (lines && character === '#') while (this.#at < text.length && text[this.#at] !== '\n') this.#at += 1;
      else return;
    }
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) this.#fail(`expected \`${character}\``);
    this.#at += 1;
  }

  #fail(message: string): never {
    throw new SyntaxProblem(message, this.#text, this.#at);
  }
}
