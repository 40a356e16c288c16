import type { EntryStyle } from './entries.ts';
import type { Edit, Field, SyntaxNode } from './syntax.ts';

/** The line ending that the file uses. */
export function lineBreak(text: string): string {
  const at = text.indexOf('\n');
  return at > 0 && text[at - 1] === '\r' ? '\r\n' : '\n';
}

/** What stands before a field on its line when that is nothing but white space; null when something else does. */
export function fieldIndent(text: string, field: Field): string | null {
  return indentAt(text, field.keyStart);
}

function indentAt(text: string, offset: number): string | null {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const before = text.slice(lineStart, offset);
  // The first line of a file has no line break before it, so nothing shows that fields are to stand on lines.
  return lineStart > 0 && /^[ \t]*$/.test(before) ? before : null;
}

/** A text as a value. TOML knows JSON's escapes; a path of Windows is easier to read without any. */
export function textLiteral(text: string, style: EntryStyle): string {
  if (style !== 'json' && text.includes('\\') && !/['\u0000-\u001f\u007f]/.test(text)) return `'${text}'`;
  const json = JSON.stringify(text);
  return style === 'json' ? json : json.replaceAll('\u007f', '\\u007f');
}

/** One level of indentation, as the entry shows it. */
export function indentUnit(text: string, entryStart: number, fieldIndentation: string): string {
  const lineStart = text.lastIndexOf('\n', entryStart - 1) + 1;
  const outer = /^[ \t]*/.exec(text.slice(lineStart, entryStart))?.[0] ?? '';
  if (fieldIndentation.length > outer.length && fieldIndentation.startsWith(outer)) return fieldIndentation.slice(outer.length);
  return fieldIndentation.includes('\t') ? '\t' : '  ';
}

export function pairText(key: string, value: string, style: EntryStyle): string {
  return style === 'json' ? `${JSON.stringify(key)}: ${value}` : `${key} = ${value}`;
}

/** Puts a field behind another one, on a line of its own where that one is. */
export function insertField(text: string, after: Field, key: string, value: string, style: EntryStyle): Edit {
  const indent = fieldIndent(text, after);
  const between = style === 'toml-table' ? `${lineBreak(text)}${indent ?? ''}` : indent === null ? ', ' : `,${lineBreak(text)}${indent}`;
  return { start: after.value.end, end: after.value.end, text: `${between}${pairText(key, value, style)}` };
}

/** Puts texts at the beginning of a list; what is in it stays as it is, comments included. */
export function insertItems(text: string, list: SyntaxNode, fallbackIndent: string | null, items: readonly string[], style: EntryStyle): Edit {
  const [first] = list.items;
  const at = list.start + 1;
  const literals = items.map((item) => textLiteral(item, style));
  if (first === undefined) {
    // Inside may be a comment that runs to the end of its line: what is put in stands before it.
    const inner = text.slice(at, list.end - 1);
    return { start: at, end: at, text: inner.trim() === '' || fallbackIndent === null ? literals.join(', ') : `${literals.join(', ')} ` };
  }
  // The line that follows the bracket may begin with a comment.
  const indent = /^[ \t]*\r?\n(?:[ \t]*\r?\n)*([ \t]*)\S/.exec(text.slice(at, first.end))?.[1];
  if (indent === undefined) return { start: at, end: at, text: `${literals.join(', ')}, ` };
  const eol = lineBreak(text);
  return { start: at, end: at, text: literals.map((literal) => `${eol}${indent}${literal},`).join('') };
}
