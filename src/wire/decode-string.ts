/**
 * The value of a JSON string that scan() has accepted. Lone surrogate escapes stay lone surrogates, so two names are equal
 * exactly when their values are: raw text cannot spell a lone surrogate in valid UTF-8.
 *
 * @param start index behind the opening quote
 * @param end index of the closing quote
 */
export function decodeString(bytes: Buffer, start: number, end: number): string {
  const raw = bytes.toString('utf8', start, end);
  return raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
}
