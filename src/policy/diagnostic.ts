import type { Excerpt, SourceText, Span } from './source-text.ts';
import { printable } from './printable.ts';

/** One thing that is wrong, or that is probably not what the author meant. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** Stable slug, e.g. `unknown_key`. */
  readonly code: string;
  readonly file: string;
  /** From 1; 0 when the document does not come from text. */
  readonly line: number;
  /** From 1, in UTF-16 units; 0 when the document does not come from text. */
  readonly column: number;
  /** JSON Pointer to the place in the document. */
  readonly pointer: string;
  /** One line: what was found and what was expected. */
  readonly message: string;
  /** What to do, or null when the message says it. */
  readonly help: string | null;
  readonly excerpt: Excerpt | null;
}

/** More than this would bury the first, which is the one to repair. */
const MOST = 500;

/** Collects diagnostics while one document is read and checked. */
export class Reporter {
  readonly #source: SourceText;
  readonly #found: { at: number; diagnostic: Diagnostic }[] = [];
  #errors = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  get failed(): boolean {
    return this.#errors > 0;
  }

  error(code: string, span: Span, pointer: string, message: string, help: string | null = null): void {
    this.#errors += 1;
    this.#add('error', code, span, pointer, message, help);
  }

  warning(code: string, span: Span, pointer: string, message: string, help: string | null = null): void {
    this.#add('warning', code, span, pointer, message, help);
  }

  /** Everything of one severity, in the order of the document. */
  list(severity: Diagnostic['severity']): Diagnostic[] {
    const own = this.#found.filter((entry) => entry.diagnostic.severity === severity).sort((a, b) => a.at - b.at);
    const shown = own.slice(0, MOST).map((entry) => entry.diagnostic);
    const last = shown.at(-1);
    if (own.length > MOST && last !== undefined) {
      shown.push({ ...last, code: 'too_many', message: `${own.length - MOST} more of these are not shown`, help: null, excerpt: null });
    }
    return shown;
  }

  #add(severity: Diagnostic['severity'], code: string, span: Span, pointer: string, message: string, help: string | null): void {
    const { line, column } = this.#source.locate(span.start);
    const excerpt = this.#source.excerpt(span);
    this.#found.push({
      at: span.start,
      diagnostic: { severity, code, file: this.#source.file, line, column, pointer, message, help, excerpt },
    });
  }
}

/** For people: `file:line:column: error: message`, the line with a caret under the place, and the help. No trailing newline. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const place = diagnostic.line > 0 ? `${diagnostic.file}:${diagnostic.line}:${diagnostic.column}` : `${diagnostic.file}${printable(diagnostic.pointer, 300)}`;
  const lines = [`${place}: ${diagnostic.severity}: ${diagnostic.message}`];
  if (diagnostic.excerpt !== null && diagnostic.excerpt.text !== '') {
    const { text, column, length } = diagnostic.excerpt;
    lines.push(`    ${text}`, `    ${' '.repeat(column - 1)}${'^'.repeat(length)}`);
  }
  if (diagnostic.help !== null) lines.push(`  help: ${diagnostic.help}`);
  return lines.join('\n');
}
