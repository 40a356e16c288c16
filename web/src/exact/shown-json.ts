/** A piece of what a person reads. `escaped` stands for a character that cannot be seen; names and strings are told apart from the structure around them. */
export interface Shown {
  readonly text: string;
  readonly escaped: boolean;
  readonly kind: 'structure' | 'name' | 'string';
}

/**
 * Everything that could change what is seen without being seen: controls, format characters (bidi overrides, zero width), blanks other than
 * the space, fillers, unpaired surrogates, private and unassigned code points. The same as on the approval pages for links.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{White_Space}/u;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
/** Longer texts are shown as they are: a million spans would stop the page. */
const LONGEST = 400_000;

/**
 * JSON as it was sent, indented: numbers keep their spelling (a double would round them), members their order; strings are decoded, so that
 * an escape hides no letter, and what cannot be seen is written as an escape. A text that is no JSON is shown as it is.
 */
export function shownJson(text: string): readonly Shown[] {
  if (text.length > LONGEST || !isJson(text)) return shownText(text);
  const pieces: Shown[] = [];
  const plain = (part: string): void => void pieces.push({ text: part, escaped: false, kind: 'structure' });
  const tokens = Array.from(text.matchAll(TOKENS), ([token]) => token);
  let depth = 0;
  const line = (): void => plain(`\n${'  '.repeat(depth)}`);
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    if (token === '{' || token === '[') {
      plain(token);
      depth += 1;
      if (next !== '}' && next !== ']') line();
    } else if (token === '}' || token === ']') {
      depth -= 1;
      const before = tokens[index - 1];
      if (before !== '{' && before !== '[') line();
      plain(token);
    } else if (token === ',') {
      plain(token);
      line();
    } else if (token === ':') plain(': ');
    else if (token.startsWith('"')) string(JSON.parse(token) as string, next === ':' ? 'name' : 'string', pieces);
    else plain(token);
  });
  return pieces;
}

/** Text with every character that cannot be seen written as an escape; line breaks stay. */
export function shownText(text: string): readonly Shown[] {
  const pieces: Shown[] = [];
  characters(text, false, 'structure', pieces);
  return pieces;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function string(value: string, kind: 'name' | 'string', pieces: Shown[]): void {
  pieces.push({ text: '"', escaped: false, kind });
  characters(value, true, kind, pieces);
  pieces.push({ text: '"', escaped: false, kind });
}

function characters(text: string, quoted: boolean, kind: Shown['kind'], pieces: Shown[]): void {
  let plain = '';
  const flush = (): void => {
    if (plain !== '') pieces.push({ text: plain, escaped: false, kind });
    plain = '';
  };
  for (const character of text) {
    const short = quoted ? SHORT[character] : undefined;
    if (character === '"' || character === '\\') plain += short ?? character;
    else if (!quoted && (character === '\n' || character === '\t')) plain += character;
    else if (short !== undefined || HIDDEN.test(character)) {
      flush();
      pieces.push({ text: short ?? codeOf(character), escaped: true, kind });
    } else plain += character;
  }
  flush();
}

function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
