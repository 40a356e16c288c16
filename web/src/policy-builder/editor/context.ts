/** Where in the document a place of the text is, found by indentation and brackets: the text may be half written. */
export interface Context {
  /** Keys from the document's top to the mapping (or value) at this place; list items are numbers as text. */
  readonly path: readonly string[];
  readonly kind: 'key' | 'value';
  /** Where the word begins that is being written, and what is written of it, without an opening quote. */
  readonly from: number;
  readonly word: string;
  /** Keys that the mapping has already. */
  readonly siblings: readonly string[];
}

interface Line {
  readonly indent: number;
  readonly dash: boolean;
  readonly key: string | null;
  readonly start: number;
  readonly end: number;
}

const KEY = /^(\s*)((?:- +)*)(?:("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'{}[\],#&*!|>%@`-][^:#\n]*?|-[^\s:#][^:#\n]*?)\s*:(?=\s|$))?/;

function unquote(text: string): string {
  if (text.startsWith('"')) {
    try {
      return String(JSON.parse(text));
    } catch {
      return text.slice(1, -1);
    }
  }
  return text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : text.trim();
}

function readLines(text: string): Line[] {
  const out: Line[] = [];
  let start = 0;
  for (const line of text.split('\n')) {
    const match = KEY.exec(line);
    if (line.trim() !== '' && !/^\s*#/.test(line) && match !== null) {
      out.push({ indent: (match[1] ?? '').length + (match[2] ?? '').length, dash: (match[2] ?? '') !== '', key: match[3] === undefined ? null : unquote(match[3]), start, end: start + line.length });
    }
    start += line.length + 1;
  }
  return out;
}

/** @param at an offset of the text, from 0 */
export function contextAt(text: string, at: number): Context {
  const begin = text.lastIndexOf('\n', at - 1) + 1;
  const before = text.slice(begin, at);
  const lines = readLines(text);
  const match = KEY.exec(before);
  const key = match?.[3];
  const indent = (match?.[1] ?? '').length + (match?.[2] ?? '').length;
  const dash = (match?.[2] ?? '') !== '';
  const above = lines.filter((line) => line.end < begin);
  if (key === undefined || match === null) {
    const rest = before.slice(indent);
    const path = parents(above, indent, dash);
    if (/^[{[]/.test(rest)) return inFlow(rest, path, at);
    const { from, word } = wordBefore(rest, at);
    return { path, kind: 'key', from, word, siblings: siblings(lines, above, indent, begin) };
  }
  const path = [...parents(above, indent, dash), unquote(key)];
  const rest = before.slice(match[0].length).replace(/^\s+/, '');
  if (/^[{[]/.test(rest)) return inFlow(rest, path, at);
  const { from, word } = wordBefore(rest, at);
  return { path, kind: 'value', from, word, siblings: [] };
}

function wordBefore(rest: string, at: number): { from: number; word: string } {
  const word = rest.replace(/^["']/, '');
  return { from: at - word.length, word };
}

/** The keys under which a line of this indentation stands. */
function parents(above: readonly Line[], indent: number, dash: boolean): string[] {
  const out: string[] = [];
  let limit = dash ? indent - 2 : indent;
  if (dash) out.unshift('0');
  for (let index = above.length - 1; index >= 0; index -= 1) {
    const line = above[index];
    if (line === undefined || line.key === null) continue;
    // The first key of a list item stands behind its dash: the keys under it are its siblings.
    const own = line.dash ? line.indent - 2 : line.indent;
    if (line.indent < limit || (dash && out.length === 1 && !line.dash && line.indent <= limit)) {
      out.unshift(line.key);
      limit = line.indent;
    }
    if (line.dash && own < limit) {
      if (out[0] !== '0' || line.indent === limit) out.unshift('0');
      limit = own + 1;
    }
    if (limit <= 0) break;
  }
  return out;
}

function siblings(lines: readonly Line[], above: readonly Line[], indent: number, begin: number): string[] {
  const out: string[] = [];
  for (let index = above.length - 1; index >= 0; index -= 1) {
    const line = above[index];
    if (line === undefined || line.indent < indent) break;
    if (line.indent === indent && line.key !== null) out.push(line.key);
    if (line.dash && line.indent === indent) break;
  }
  for (const line of lines) {
    if (line.start <= begin) continue;
    if (line.indent < indent || (line.dash && line.indent === indent)) break;
    if (line.indent === indent && line.key !== null) out.push(line.key);
  }
  return out;
}

/** Inside of `{ ... }` and `[ ... ]` of one line. */
function inFlow(rest: string, path: readonly string[], at: number): Context {
  interface Frame { readonly map: boolean; key: string | null; keys: string[]; count: number }
  const frames: Frame[] = [];
  let word = '';
  let quote = '';
  for (const char of rest) {
    if (quote !== '') {
      word += char;
      if (char === quote) quote = '';
      continue;
    }
    const top = frames.at(-1);
    if (char === '{' || char === '[') {
      frames.push({ map: char === '{', key: null, keys: [], count: 0 });
      word = '';
    } else if (char === '}' || char === ']') {
      frames.pop();
      word = '';
    } else if (char === ',') {
      if (top !== undefined) Object.assign(top, { key: null, count: top.count + 1 });
      word = '';
    } else if (char === ':' && top?.map === true && top.key === null) {
      top.key = unquote(word.trim());
      top.keys.push(top.key);
      word = '';
    } else {
      if ((char === '"' || char === "'") && word.trim() === '') quote = char;
      word += char;
    }
  }
  const inner = frames.flatMap((frame, index) => (frame.map ? (frame.key === null ? [] : [frame.key]) : index === frames.length - 1 ? [] : [String(frame.count)]));
  const top = frames.at(-1);
  const bare = word.replace(/^\s+/, '').replace(/^["']/, '');
  const key = top?.map === true && top.key === null;
  return { path: [...path, ...inner, ...(top?.map === false ? [String(top.count)] : [])], kind: key ? 'key' : 'value', from: at - bare.length, word: bare, siblings: key ? (top?.keys ?? []) : [] };
}
