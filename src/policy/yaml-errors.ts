import type { YAMLError } from 'yaml';
import { printable, quoted } from './printable.ts';
import type { Span } from './source-text.ts';

/** Finding the beginning reads the text up to the mistake: past these, many mistakes would cost their square. */
const MOST_TRACED = 20;

export interface SyntaxProblem {
  readonly code: string;
  readonly span: Span;
  readonly message: string;
  readonly help: string | null;
}

/**
 * What the YAML reader stumbled over, in the words of a policy author. One problem per line: what follows on the same line is
 * the reader's confusion about the first.
 */
export function syntaxProblems(errors: readonly YAMLError[], text: string): SyntaxProblem[] {
  const ordered = errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  const problems: SyntaxProblem[] = [];
  let lineEnd = -1;
  for (const error of ordered) {
    const [reported, end] = error.pos;
    if (reported <= lineEnd) continue;
    const start = problems.length < MOST_TRACED ? whereItBegan(error, text) : reported;
    const newline = text.indexOf('\n', reported);
    lineEnd = newline === -1 ? text.length : newline;
    const runsOn = error.code === 'BLOCK_AS_IMPLICIT_KEY' && ordered.some((other) => other.code === 'MULTILINE_IMPLICIT_KEY' && other.pos[0] === reported);
    const [code, message, help] = runsOn ? INDENTED_TOO_FAR : text[start] === '*' ? noAlias(text, start) : describe(error, text);
    problems.push({ code, span: { start, end: Math.max(start + 1, Math.min(start === reported ? end : start + 1, lineEnd)) }, message, help });
  }
  return problems;
}

/** The reader reports what is not closed where the text ends, and an alias behind its name. */
function whereItBegan(error: YAMLError, text: string): number {
  const [reported] = error.pos;
  if (error.code === 'BAD_ALIAS') {
    const star = text.lastIndexOf('*', reported);
    return star > text.lastIndexOf('\n', reported - 1) ? star : reported;
  }
  const words = error.code === 'MISSING_CHAR' || error.code === 'BAD_INDENT' ? describe(error, text)[1] : '';
  if (!words.endsWith('is not closed') && !words.includes('is not closed, or')) return reported;
  return lastOpen(text.slice(0, reported), words.includes('quoted')) ?? reported;
}

/** The last quote, or else the last bracket, that is open at the end of the text. Good enough for a message. */
function lastOpen(text: string, wantsQuote: boolean): number | null {
  const brackets: number[] = [];
  let quote: number | null = null;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quote !== null) {
      if (character === '\\' && text[quote] === '"') at += 1;
      else if (character === text[quote]) quote = null;
    } else if (character === '#' && /\s/.test(text[at - 1] ?? '\n')) {
      const end = text.indexOf('\n', at);
      if (end === -1) break;
      at = end;
    } else if ((character === '"' || character === "'") && /(?:^|[\s[{,])$/.test(text.slice(Math.max(0, at - 1), at))) quote = at;
    else if (character === '[' || character === '{') brackets.push(at);
    else if (character === ']' || character === '}') brackets.pop();
  }
  return wantsQuote ? quote : (brackets.at(-1) ?? null);
}

type Words = readonly [code: string, message: string, help: string | null];

const INDENTED_TOO_FAR: Words = ['yaml_syntax', 'the line after this one is indented too far, so it was read as part of this value', 'align both lines'];
const NO_PROPERTIES: Words = ['yaml_syntax', 'YAML anchors, aliases and tags are not supported', 'remove it; quote a name that starts with `&`, `*` or `!`'];
const NO_DIRECTIVES: Words = ['directive', 'a line that starts with `%` is a YAML directive; directives are not supported', 'remove this line; quote a name that starts with `%`'];

/** What stands behind the star belongs to the selector: `*_admin:` wants to be `"*_admin":`. */
function noAlias(text: string, start: number): Words {
  const word = /^\*[^\s,[\]{}"'\\]{0,60}/.exec(text.slice(start, start + 64))?.[0].replace(/:$/, '') ?? '*';
  return ['alias', 'a `*` outside quotes starts a YAML alias; aliases are not supported', `if this is a selector, put it in quotes: "${printable(word, 64)}"`];
}

function describe(error: YAMLError, text: string): Words {
  const [start] = error.pos;
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return ['tab', 'a tab is used for indentation; YAML allows only spaces', 'replace the tab by spaces'];
    case 'MULTIPLE_DOCS':
      return ['multiple_documents', 'a second document starts here; expected one document', 'put each policy in a file of its own'];
    case 'BAD_INDENT':
      return error.message.startsWith('Flow')
        ? ['yaml_syntax', 'this `{` or `[` is not closed, or its closing bracket is indented too little', 'close it with `}` or `]`']
        : ['yaml_syntax', 'the indentation does not fit the lines above', 'align this line with the keys it belongs to'];
    case 'BAD_ALIAS':
      return noAlias(text, start);
    case 'BAD_SCALAR_START':
      return ['yaml_syntax', `a plain value cannot start with ${quoted(text[start] ?? '')}`, 'put the text in quotes: "..."'];
    case 'BLOCK_AS_IMPLICIT_KEY':
      return ['yaml_syntax', 'a second `key: value` stands on the same line', 'give it a line of its own, or put text that holds `: ` in quotes'];
    case 'MULTILINE_IMPLICIT_KEY':
      return ['yaml_syntax', 'expected `key: value`; the colon, or the space after it, is missing', 'write `key: value` on one line'];
    case 'BAD_DQ_ESCAPE':
      return ['yaml_syntax', 'this backslash escape does not exist in double quotes', "write \\\\ for a backslash, or use single quotes: '...'"];
    case 'MISSING_CHAR':
      return missingCharacter(error.message);
    case 'UNEXPECTED_TOKEN':
      return ['yaml_syntax', `unexpected ${quoted(wordAt(text, start))}; what stands before it is complete`, 'check the indentation and the brackets, or put the whole value in quotes'];
    case 'ALIAS_PROPS':
    case 'BAD_PROP_ORDER':
    case 'MULTIPLE_ANCHORS':
    case 'MULTIPLE_TAGS':
    case 'TAG_RESOLVE_FAILED':
    case 'BAD_COLLECTION_TYPE':
      return NO_PROPERTIES;
    case 'BAD_DIRECTIVE':
      return NO_DIRECTIVES;
    case 'KEY_OVER_1024_CHARS':
      return ['yaml_syntax', 'a key is longer than 1024 characters', 'use a shorter selector'];
    case 'RESOURCE_EXHAUSTION':
      return ['too_deep', 'the document is nested too deeply to read', null];
    default:
      if (/^[[{]/.test(text.slice(start, start + 1))) return ['yaml_syntax', `a ${quoted(text[start] ?? '')} stands where a key is expected`, 'put the name in quotes: "..."'];
      return ['yaml_syntax', `this is not YAML: ${error.message.split('\n', 1)[0] ?? ''}`, null];
  }
}

function missingCharacter(message: string): Words {
  if (message.includes('quote')) return ['yaml_syntax', 'a quoted text is not closed', 'add the closing quote'];
  if (message.includes('directives-end')) return NO_DIRECTIVES;
  if (message.startsWith('Flow map')) return ['yaml_syntax', 'a `{` is not closed', 'add `}`'];
  if (message.startsWith('Flow seq')) return ['yaml_syntax', 'a `[` is not closed', 'add `]`'];
  if (message.includes('followed by map values')) return ['yaml_syntax', 'expected `key: value`; the colon and the value are missing', 'write `key: value`'];
  return ['yaml_syntax', `this is not YAML: ${message}`, null];
}

/** Enough of the text to recognise it. */
function wordAt(text: string, start: number): string {
  return /^\S{1,40}/.exec(text.slice(start, start + 40))?.[0] ?? 'end of the document';
}
