import { html, type Html } from './html.ts';

/** What changes a text without being seen: controls, bidi and format characters, blanks of every other kind, unpaired surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u115f\u1160\u2800\u3164\uffa0]|\u034f/u;
const MARK = /\p{M}/u;
/** No language writes more marks on one letter; a name with hundreds would cover the lines around it. */
const MARKS = 4;

interface Piece {
  text: string;
  readonly escape: boolean;
}

function pieces(text: string, max: number): Piece[] {
  const characters = Array.from(text.length > max * 2 + 2 ? text.slice(0, max * 2 + 2) : text);
  const out: Piece[] = [];
  let marks = 0;
  let plain = '';
  let repeated = { text: '', count: 0 };
  const flush = (): void => {
    if (plain !== '') out.push({ text: plain, escape: false });
    plain = '';
  };
  characters.slice(0, max).forEach((character, index) => {
    marks = MARK.test(character) ? marks + 1 : 0;
    // A blank at an edge, or after another one, is not seen either.
    const blank = character === ' ' && (index === 0 || index === characters.length - 1 || characters[index - 1] === ' ');
    if (UNSEEN.test(character) || blank || marks > MARKS) {
      flush();
      const text = `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
      if (text === repeated.text) repeated.count += 1;
      else repeated = { text, count: 1 };
      // Hundreds of the same are one place in the line, with their number.
      const last = out.at(-1);
      if (repeated.count > 1 && last !== undefined) last.text = `${text}×${repeated.count}`;
      else out.push({ text, escape: true });
    } else {
      plain += character;
      repeated = { text: '', count: 0 };
    }
  });
  if (characters.length > max) plain += '…';
  flush();
  return out;
}

/** A server's text for plain text: what could not be seen is written as `\u{hex}`, and no more than `max` characters are shown. */
export function visible(text: string, max = 128): string {
  return text === '' ? '(empty)' : pieces(text, max).map((piece) => piece.text).join('');
}

/** The same for HTML: escapes are marked, and the direction of the text cannot turn what stands beside it. */
export function shown(text: string, max = 128): Html {
  if (text === '') return html`<mark>(empty)</mark>`;
  return html`<bdi>${pieces(text, max).map((piece) => (piece.escape ? html`<mark>${piece.text}</mark>` : html`${piece.text}`))}</bdi>`;
}
