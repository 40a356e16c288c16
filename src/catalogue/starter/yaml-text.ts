/** Words that some YAML reader takes for something other than text; also those of YAML 1.1, so that no tool disagrees with us. */
const YAML_WORDS = new Set(['true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n']);

/** What could change how a line looks without being seen, or end it: written as an escape wherever a server's text stands. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\u00a0\u115f\u1160\u2800\u3164\uffa0]|\u034f/gu;

/** A text as a YAML key: plain where every reader takes it for the same text, else in double quotes. */
export function yamlKey(text: string): string {
  return /^[A-Za-z_][A-Za-z0-9_./-]*$/.test(text) && !YAML_WORDS.has(text.toLowerCase()) ? text : yamlString(text);
}

/** A text in double quotes, on one line, with everything escaped that cannot be seen. @throws RangeError on an unpaired surrogate */
export function yamlString(text: string): string {
  if (/\p{Cs}/u.test(text)) throw new RangeError('an unpaired surrogate cannot be written in YAML');
  return JSON.stringify(text).replace(UNSAFE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
  });
}

/** A text of others for a comment: one line, at most `max` characters, nothing invisible. */
export function commentText(text: string, max = 100): string {
  const characters = Array.from(text.slice(0, max * 2 + 2));
  const shown = characters.slice(0, max).join('').replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return characters.length > max ? `${shown}…` : shown;
}
