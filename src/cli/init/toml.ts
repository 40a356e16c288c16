import { parse, TomlError } from 'smol-toml';
import { SyntaxProblem, type SyntaxNode } from './syntax.ts';
import { TomlReader } from './toml-reader.ts';

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

/**
 * Reads TOML. What the document means comes from smol-toml; where things stand comes from toml-reader.ts, which therefore only ever
 * sees valid TOML. Whoever edits must parse the result again and compare (wrap-entry.ts does).
 * @throws SyntaxProblem
 */
export function readToml(text: string): TomlDocument {
  return { root: parseToml(text), tables: new TomlReader(withoutMark(text)).tables() };
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
