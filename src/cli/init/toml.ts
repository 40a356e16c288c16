import { parse, TomlError } from 'smol-toml';
import { SyntaxProblem, type Field, type SyntaxNode } from './syntax.ts';

/** One `[table]` or `[[table]]` with the pairs below it; the first has no header and an empty path. */
export interface TomlTable {
  readonly path: readonly string[];
  readonly array: boolean;
  /** Of the header, brackets included; 0 and 0 where there is none. */
  readonly start: number;
  readonly headerEnd: number;
  /** Where the last part of the header's path stands. */
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly pairs: readonly TomlPair[];
  /** Behind the last pair, or behind the header. Comments that follow belong to what comes next. */
  readonly end: number;
}

export interface TomlPair {
  /** More than one key where the author wrote `a.b = 1`. */
  readonly path: readonly string[];
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: SyntaxNode;
}

export interface TomlDocument {
  readonly root: Record<string, unknown>;
  readonly tables: readonly TomlTable[];
}

const MAX_DEPTH = 200;

/**
 * Reads TOML. What the document means comes from smol-toml; where things stand comes from the reader below, which therefore only ever
 * sees valid TOML. Whoever edits must parse the result again and compare (wrap-entry.ts does).
 * @throws SyntaxProblem
 */
export function readToml(text: string): TomlDocument {
  return { root: parseToml(text), tables: new Reader(withoutMark(text)).tables() };
}

/** A byte order mark as a space, so that offsets stay. */
function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? ` ${text.slice(1)}` : text;
}

/** The meaning alone. @throws SyntaxProblem */
export function parseToml(text: string): Record<string, unknown> {
  try {
    return parse(withoutMark(text), { integersAsBigInt: 'asNeeded' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [message = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw new SyntaxProblem(message, text, offsetOf(text, error.line, error.column));
  }
}

function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let current = 1; current < line; current += 1) at = text.indexOf('\n', at) + 1;
  return at + column - 1;
}

const BARE_KEY = /[A-Za-z0-9_-]+/y;
/** A number, a date or a word. */
const BARE_VALUE = /[^\s,\]}#]+(?: \d\d:[^\s,\]}#]+)?/y;

interface Key {
  readonly path: string[];
  /** Of its last part. */
  readonly lastStart: number;
  readonly lastEnd: number;
}

class Reader {
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
