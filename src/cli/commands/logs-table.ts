import { printable } from '../../policy/printable.ts';
import type { JournalRow, Outcome } from '../../state/types.ts';
import type { Style } from '../terminal.ts';

const HEADINGS = ['TIME (UTC)', 'OUTCOME', 'SERVER', 'GRANT', 'NAME', 'CODE', 'RULE', 'TOOK'] as const;
const TOOK = HEADINGS.indexOf('TOOK');
const GAP = 2;
/** Columns that give way when a line is too long, and how narrow they may get; first these, then the code. */
const NARROWEST: readonly (readonly [column: number, narrowest: number])[] = [[2, 8], [3, 7], [4, 12], [6, 10]];
const NARROWEST_LAST: typeof NARROWEST = [[2, 6], [3, 5], [4, 6], [5, 9], [6, 6]];
/** Columns that are left out where even that is not enough. */
const EXPENDABLE = [6, 3, 2];
/** What a table that goes on growing is laid out for, besides the rows at hand. */
const TYPICAL = ['00-00 00:00:00', 'upstream_failed', 'server-name', 'grant-label', 'a_typical_tool_name', 'default_denied', '/tools/name', '1000 ms'];

const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]/u;
const COMBINING = /\p{M}/u;

/** Columns that a terminal gives a character. */
function columnsOf(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** Exactly `width` columns: cut with an ellipsis, or filled up on one side. */
function fit(text: string, width: number, right: boolean): string {
  let shown = text;
  if (widthOf(text) > width) {
    shown = '';
    let used = 0;
    for (const character of text) {
      if (used + columnsOf(character) > width - 1) break;
      shown += character;
      used += columnsOf(character);
    }
    shown += '…';
  }
  const filling = ' '.repeat(Math.max(0, width - widthOf(shown)));
  return right ? filling + shown : shown + filling;
}

function latency(ms: number | null): string {
  if (ms === null) return '-';
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function cells(row: JournalRow): string[] {
  const [, day = '', time = ''] = /^\d+-(\d\d-\d\d)T(\d\d:\d\d:\d\d)/.exec(row.at) ?? [];
  const name = row.code === 'suppressed' ? row.reason : (row.name ?? row.method);
  const texts = [`${day} ${time}`, row.outcome, row.server, row.grant, name, row.code ?? row.observed, row.rule, latency(row.latencyMs)];
  // Longer than any line: what is cut is decided by columns, and an escape never hides what follows it.
  return texts.map((text) => printable(text ?? '-', 200));
}

function paint(outcome: Outcome, text: string, style: Style): string {
  if (outcome === 'ok') return style.green(text);
  if (outcome === 'refused' || outcome === 'rejected') return style.red(text);
  return outcome === 'forwarded' ? style.dim(text) : style.yellow(text);
}

/** Journal rows as lines of at most `width` columns. The layout is made once, from the first rows, so that later lines stand below. */
export class LogsTable {
  readonly #widths: number[];
  #columns: readonly number[];
  readonly #style: Style;

  /** @param growing whether rows will come that are not known yet. */
  constructor(rows: readonly JournalRow[], width: number, style: Style, growing: boolean) {
    this.#style = style;
    const known = [[...HEADINGS], ...rows.map(cells), ...(growing ? [TYPICAL] : [])];
    this.#widths = HEADINGS.map((_, column) => Math.max(...known.map((row) => widthOf(row[column] ?? ''))));
    let shown = HEADINGS.map((_, column) => column);
    this.#columns = shown;
    this.#narrow(width, NARROWEST);
    this.#narrow(width, NARROWEST_LAST);
    for (const column of EXPENDABLE) {
      if (this.#excess(width) <= 0) break;
      shown = shown.filter((one) => one !== column);
      this.#columns = shown;
    }
  }

  /** Column by column from the widest that may still give way, until a line fits. */
  #narrow(width: number, bounds: typeof NARROWEST): void {
    for (let excess = this.#excess(width); excess > 0; excess -= 1) {
      const [widest] = bounds.filter(([column, narrowest]) => this.#width(column) > narrowest).toSorted(([a], [b]) => this.#width(b) - this.#width(a));
      if (widest === undefined) return;
      this.#widths[widest[0]] = this.#width(widest[0]) - 1;
    }
  }

  #excess(width: number): number {
    return this.#columns.reduce((sum, column) => sum + this.#width(column) + GAP, -GAP) - width;
  }

  header(): string {
    return this.#style.bold(this.#join(HEADINGS, (text) => text));
  }

  line(row: JournalRow): string {
    return this.#join(cells(row), (text, column) => (column === 1 ? paint(row.outcome, text, this.#style) : text));
  }

  #width(column: number): number {
    return this.#widths[column] ?? 0;
  }

  /** Painted after fitting: the marks take no room. */
  #join(row: readonly string[], painted: (text: string, column: number) => string): string {
    const texts = this.#columns.map((column) => painted(fit(row[column] ?? '', this.#width(column), column === TOOK), column));
    return texts.join(' '.repeat(GAP)).trimEnd();
  }
}
