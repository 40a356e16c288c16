import { Composer, Lexer, Parser } from 'yaml';
import type { CST, Document } from 'yaml';

/**
 * Collections that are open at once. The library composes them by recursion, and a process whose stack is nearly full when a regular
 * expression is compiled does not throw: it dies. Far more than any policy has.
 */
const MOST_OPEN = 200;
/** Pieces of text: names, signs, white space. A megabyte of one-line rules has half a million; one of brackets has twice as many as this. */
const MOST_PIECES = 800_000;

/** The text is not read to its end, because that could cost more than any policy is worth. */
export class TooMuchYaml extends Error {
  override readonly name = 'TooMuchYaml';
  readonly code: 'too_deep' | 'too_large';
  /** Offset where it became too much. */
  readonly at: number;

  constructor(code: TooMuchYaml['code'], at: number, message: string) {
    super(message);
    this.code = code;
    this.at = at;
  }
}

/** As `parseDocument` of the library, with bounds on depth and size that hold before anything is composed. @throws TooMuchYaml */
export function readYaml(text: string): { readonly document: Document.Parsed; readonly second: Document.Parsed | null } {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    strict: true,
    // The library's own check for duplicates is quadratic; the reader has a linear one.
    uniqueKeys: false,
    stringKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const { stackTraceLimit } = Error;
  try {
    // Every mistake is an Error of the library, and taking its stack costs more than finding it.
    Error.stackTraceLimit = 0;
    const documents = composer.compose(boundedTokens(text), true, text.length);
    const first = documents.next();
    if (first.done === true) throw new TypeError('the YAML library gave no document');
    const second = documents.next();
    return { document: first.value, second: second.done === true ? null : second.value };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function* boundedTokens(text: string): Generator<CST.Token> {
  const parser = new Parser();
  let pieces = 0;
  for (const piece of new Lexer().lex(text)) {
    yield* parser.next(piece);
    pieces += 1;
    if (parser.stack.length > MOST_OPEN) throw new TooMuchYaml('too_deep', parser.offset, 'the document is nested too deeply to read');
    if (pieces > MOST_PIECES) throw new TooMuchYaml('too_large', parser.offset, `the document has more than ${MOST_PIECES} keys, values and signs`);
  }
  yield* parser.end();
}
