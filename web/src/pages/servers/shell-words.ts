/**
 * A command line as words, the way a POSIX shell reads quotes and backslashes. Nothing is expanded: `$HOME` stays `$HOME`.
 * @returns null when a quote is not closed
 */
export function shellWords(line: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index] ?? '';
    const next = line[index + 1] ?? '';
    if (quote === null && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (quote === null && character === '\\' && next === '\n') index += 1;
    else if (quote === null && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === quote) quote = null;
    else if (character === '\\' && next !== '' && (quote === null || (quote === '"' && /["\\$`]/.test(next)))) {
      word = (word ?? '') + next;
      index += 1;
    } else word = (word ?? '') + character;
  }
  if (quote !== null) return null;
  if (word !== null) words.push(word);
  return words;
}

/** The line that `shellWords` reads as these words. */
export function shellLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./~^-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
