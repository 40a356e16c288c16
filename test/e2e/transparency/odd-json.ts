import fc, { type GeneratorValue } from 'fast-check';

/** Member name, already as JSON text, and value as JSON text. */
export type Member = readonly [key: string, value: string];

const NUMBERS = ['1.0', '-0', '-0.0', '1e400', '-1E+400', '9007199254740993', '-9007199254740995', '12345678901234567890.000', '1E2', '0.1e-7', '3.141592653589793238462643383279', '0', '1e-400'];
const WORDS = ['', 'Zürich', 'naïve café', '日本語', '👩‍👩‍👧‍👦 🇩🇪', '\u2028\u2029', '\u0000\u0001\u001f\u007f', '"\\/', '__proto__', '</script>', 'e\u0301', '\ufeff', '\u{10ffff}'];

/** Draws legal JSON texts that a parse and a write would not reproduce. Everything comes from one fast-check generator. */
export class OddJson {
  readonly #g: GeneratorValue;
  readonly #spaces: readonly string[];

  /** @param lines line breaks between tokens are allowed */
  constructor(g: GeneratorValue, lines: boolean) {
    this.#g = g;
    this.#spaces = lines ? ['', '', '', ' ', '\t', '\n', '\r\n', ' \r '] : ['', '', '', ' ', '\t', '   '];
  }

  int(min: number, max: number): number {
    return this.#g(fc.integer, { min, max });
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.int(1, times) === 1;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)] as T;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const order = this.#g(fc.shuffledSubarray<number>, items.map((_, index) => index), { minLength: items.length });
    return order.map((index) => items[index] as T);
  }

  space(): string {
    return this.pick(this.#spaces);
  }

  /** Any text, without halves of surrogate pairs. */
  plain(): string {
    return this.once(2) ? this.pick(WORDS) : this.#g(fc.string, { unit: 'binary', maxLength: 12 });
  }

  /** A JSON string with this value, some of it escaped. */
  text(plain: string): string {
    let out = '"';
    for (const char of plain) {
      const code = char.codePointAt(0) ?? 0;
      const must = code < 0x20 || char === '"' || char === '\\';
      if (!must && !this.once(4)) out += char;
      else if ((char === '/' || char === '"' || char === '\\') && this.once(2)) out += `\\${char}`;
      else if (char === '\n') out += '\\n';
      else for (let index = 0; index < char.length; index += 1) out += this.#escape(char.charCodeAt(index));
    }
    return `${out}"`;
  }

  #escape(unit: number): string {
    const hex = unit.toString(16).padStart(4, '0');
    return `\\u${this.once(2) ? hex : hex.toUpperCase()}`;
  }

  number(): string {
    return this.once(4) ? String(this.int(-1_000_000, 1_000_000)) : this.pick(NUMBERS);
  }

  /** Any JSON value, at most this deep. */
  value(depth = 3): string {
    switch (this.int(0, depth > 0 ? 6 : 3)) {
      case 0: return this.number();
      case 1: return this.pick(['true', 'false', 'null']);
      case 2: return this.text(this.plain());
      case 3: return this.pick(['"\\ud800"', '"a\\udfffb"', '"\\uD83D\\uDE00"', '""']);
      case 4: return this.array(Array.from({ length: this.int(0, 4) }, () => this.value(depth - 1)));
      default: return this.object(this.strangers(depth - 1));
    }
  }

  /** Members with names of their own, which are equal to nothing that any protocol gives a meaning. */
  strangers(depth = 2, prefix = ''): Member[] {
    const keys = new Set(Array.from({ length: this.int(0, 4) }, () => prefix + this.plain()));
    return [...keys].map((key): Member => [this.text(key), this.value(depth)]);
  }

  array(values: readonly string[]): string {
    return `[${this.space()}${values.map((value) => `${value}${this.space()}`).join(`,${this.space()}`)}]`;
  }

  /** An object with these members, in any order. */
  object(members: readonly Member[]): string {
    return `{${this.space()}${this.shuffle(members).map(([key, value]) => `${key}${this.space()}:${this.space()}${value}${this.space()}`).join(`,${this.space()}`)}}`;
  }

  /** A JSON-RPC message: its own members, and now and then some that nobody knows. */
  message(members: readonly Member[]): string {
    const strangers = this.once(3) ? this.strangers(2, 'x-') : [];
    const named = members.map(([key, value]): Member => [this.once(12) ? this.text(key) : `"${key}"`, value]);
    return `${this.space()}${this.object([['"jsonrpc"', '"2.0"'], ...named, ...strangers])}${this.space()}`;
  }
}

/** A value nested exactly this deep, in arrays and objects by turns. */
export function deep(levels: number): string {
  let text = '1.0';
  for (let level = 0; level < levels; level += 1) text = level % 2 === 0 ? `[${text} ]` : `{"k" :${text}}`;
  return text;
}
