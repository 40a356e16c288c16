import { parseDocument, type Document } from 'yaml';

/**
 * Edits a YAML or JSON document by the YAML library, which keeps comments and order but writes spaces its own way. Lines that the edit does not touch are
 * therefore taken from the text as it was; where they cannot be told apart the library's own text counts.
 * @param text has been read without errors before
 * @param edit changes the document; returns why it cannot be done, else null
 */
export function editYaml(text: string, edit: (document: Document) => string | null): { readonly text: string } | { readonly problem: string } {
  const isJson = parses(text);
  const print = (document: Document): string => document.toString({ lineWidth: 0, ...(isJson ? { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'QUOTE_DOUBLE' } : {}) });
  const document = parseDocument(text);
  const before = print(document);
  const problem = edit(document);
  if (problem !== null) return { problem };
  const after = print(document);
  return { text: withLinesOf(text, before, after, document) };
}

function withLinesOf(text: string, before: string, after: string, document: Document): string {
  const own = text.split('\n');
  const printed = before.split('\n');
  const edited = after.split('\n');
  // The library never joins or divides lines of a block document; in any other the lines do not stand for each other.
  if (own.length !== printed.length || own.some((line, index) => squeezed(line) !== squeezed(printed[index] ?? ''))) return after;
  let head = 0;
  while (head < Math.min(printed.length, edited.length) && printed[head] === edited[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(printed.length, edited.length) - head && printed[printed.length - 1 - tail] === edited[edited.length - 1 - tail]) tail += 1;
  const merged = [...own.slice(0, head), ...edited.slice(head, edited.length - tail), ...own.slice(own.length - tail)].join('\n');
  // Lines of two indentations do not mix.
  const read = parseDocument(merged);
  return read.errors.length === 0 && JSON.stringify(read.toJS()) === JSON.stringify(document.toJS()) ? merged : after;
}

function squeezed(line: string): string {
  return line.replaceAll(/\s+/g, '');
}

function parses(text: string): boolean {
  if (!text.trimStart().startsWith('{')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
