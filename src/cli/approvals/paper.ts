import { shownJson, shownText, type Shown } from '../../gateway/approval-http/shown-json.ts';
import type { Style } from '../terminal.ts';
import { wrap } from './wrap.ts';

const LABEL = 10;
/** Begins every line that goes on from the one before; nothing else stands there. */
const GOES_ON = '↪ ';
const NARROWEST = 20;

/** Lines for a person who decides. Everything that is put on it is escaped, and no line of it can look like another. */
export class Paper {
  readonly lines: string[] = [];
  readonly #style: Style;
  readonly #width: number;

  constructor(style: Style, width: number) {
    this.#style = style;
    this.#width = width;
  }

  line(text: string): void {
    this.lines.push(text);
  }

  row(label: string, value: string): void {
    this.#put(shownText(value), `${this.#style.dim(label.padEnd(LABEL))} `, `${' '.repeat(LABEL - GOES_ON.length + 1)}${GOES_ON}`, LABEL + 1);
  }

  /** @param color of the title; dim unless said */
  exact(title: string, json: string, color: 'dim' | 'red' | 'green' = 'dim'): void {
    this.line(this.#style[color](title));
    this.#put(shownJson(json).pieces, '  ', GOES_ON, 2);
  }

  #put(pieces: readonly Shown[], first: string, continued: string, indent: number): void {
    wrap(pieces, Math.max(NARROWEST, this.#width - indent)).forEach((line, index) => {
      const start = index === 0 ? first : line.continued ? continued : ' '.repeat(indent);
      this.line(start + line.pieces.map((piece) => paint(piece, this.#style)).join(''));
    });
  }
}

function paint({ text, escaped, kind }: Shown, style: Style): string {
  if (escaped) return style.yellow(text);
  return kind === 'name' ? style.bold(text) : kind === 'string' ? style.green(text) : text;
}
