/** The language refuses longer selectors. */
const LONGEST_SELECTOR = 1024;

/**
 * How a policy can speak of a tool. `exact`: its name, compared byte for byte. `glob`: the name holds a `*` or begins with `@`, which a
 * selector reads as a pattern or a class, so only a pattern that also fits other names reaches it: good for forbidding, never for
 * allowing. `none`: no selector can name it; `default` decides.
 */
export type ToolSelector = { readonly kind: 'exact' | 'glob'; readonly text: string } | { readonly kind: 'none' };

/** @param name the tool's name as the server lists it, any text */
export function selectorOf(name: string): ToolSelector {
  if (name === '' || name.length > LONGEST_SELECTOR || /\p{Cs}/u.test(name)) return { kind: 'none' };
  if (!name.includes('*') && !name.startsWith('@')) return { kind: 'exact', text: name };
  const text = (name.startsWith('@') ? `*${name}` : name).replace(/\*{2,}/g, '*');
  // A pattern of one star would speak of every tool.
  return text === '*' || text.length > LONGEST_SELECTOR ? { kind: 'none' } : { kind: 'glob', text };
}
