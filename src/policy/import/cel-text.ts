import type { Decimal } from '../../wire/decimal.ts';
import { decimalOf, exactDouble, formatDecimal, parseDecimal } from '../../wire/decimal.ts';

/** Words that CEL does not take as a name behind a dot. */
const RESERVED: ReadonlySet<string> = new Set(['true', 'false', 'null', 'in']);

/** A text as a CEL string, in single quotes so that it reads well in YAML; null when CEL cannot hold it. */
export function celString(text: string): string | null {
  if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)) return null;
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** A number of an old file; null when it is written in a way that YAML readers take for different numbers (`010`), or is none. */
export function decimalIn(value: number, text: string): Decimal | null {
  if (/^[-+]?0[0-9]/.test(text)) return null;
  return parseDecimal(text) ?? decimalOf(value);
}

/** A number as a CEL double, which is what arguments are; null when no double is that number. */
export function celNumber(value: number, text: string): string | null {
  const decimal = decimalIn(value, text);
  if (decimal === null || exactDouble(formatDecimal(decimal)) === null) return null;
  const digits = formatDecimal(decimal);
  return digits.includes('.') ? digits : `${digits}.0`;
}

/** `args.card.number`, with brackets where a name needs them; null when a name cannot be written. */
export function celPath(names: readonly string[]): string | null {
  let path = 'args';
  for (const name of names) {
    const text = celString(name);
    if (text === null) return null;
    path += isName(name) ? `.${name}` : `[${text}]`;
  }
  return path;
}

/** Whether the argument is there and is not null, which is what `exists` asked. */
export function celPresent(names: readonly string[]): string | null {
  const whole = celPath(names);
  if (whole === null) return null;
  const parts: string[] = [];
  let pending = false;
  for (let length = 1; length <= names.length; length += 1) {
    const name = names[length - 1] ?? '';
    const outer = celPath(names.slice(0, length - 1));
    // `has()` takes a name behind a dot, and finds on its own that an outer object is missing.
    if (isName(name)) pending = true;
    else {
      if (pending && outer !== null) parts.push(`has(${outer})`);
      pending = false;
      parts.push(`${celString(name)} in ${outer}`);
    }
  }
  if (pending) parts.push(`has(${whole})`);
  return [...parts, `${whole} != null`].join(' && ');
}

function isName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !RESERVED.has(name);
}
