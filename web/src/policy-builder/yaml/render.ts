import { stringify } from 'yaml';

/** Longer than this a rule is written on several lines. */
const LONGEST_LINE = 88;

/** How values of one document are written: JSON documents stay JSON. */
export type Style = 'yaml' | 'json';

/** One line of YAML (flow style) or JSON. */
export function flow(value: unknown, style: Style): string {
  if (style === 'json') return JSON.stringify(value);
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, defaultStringType: 'PLAIN', defaultKeyType: 'PLAIN' }).trimEnd();
}

/** The key of a mapping, quoted where YAML would read something else. */
export function key(name: string, style: Style): string {
  if (style === 'json') return JSON.stringify(name);
  const text = stringify({ [name]: 0 }, { lineWidth: 0 }).trimEnd();
  // A key that needs the explicit form is written as JSON, which every YAML reader takes.
  return text.startsWith('?') ? JSON.stringify(name) : text.slice(0, text.lastIndexOf(':'));
}

/**
 * What follows `key:` in a block mapping: `" value"` on the same line, or lines of a block one step deeper.
 * @param indent columns of the key
 */
export function afterKey(value: unknown, indent: number, style: Style, keyLength: number): string {
  const line = flow(value, style);
  if (style === 'json' || (!line.includes('\n') && indent + keyLength + 2 + line.length <= LONGEST_LINE)) return ` ${line}`;
  if (!isMap(value) && !Array.isArray(value)) return ` ${JSON.stringify(value)}`;
  const inner = indent + 2;
  const pad = ' '.repeat(inner);
  if (Array.isArray(value)) return value.map((item) => `\n${pad}- ${flow(item, style)}`).join('');
  return Object.entries(value)
    .map(([name, member]) => {
      const text = key(name, style);
      return `\n${pad}${text}:${afterKey(member, inner, style, text.length)}`;
    })
    .join('');
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
