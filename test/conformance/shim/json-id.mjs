// Replaces the top-level "id" of a JSON-RPC message without touching any other byte.

function skipString(text, start) {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  throw new SyntaxError('Unterminated string');
}

/**
 * The extent of the value of a member of the outermost object.
 * @param text one JSON object that JSON.parse accepts
 * @returns [start, end) of the value, or undefined if there is no such member
 */
function memberExtent(text, name) {
  let depth = 0;
  let key;
  let valueStart;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      const end = skipString(text, at);
      if (depth === 1 && valueStart === undefined) key = JSON.parse(text.slice(at, end));
      at = end - 1;
    } else if (char === ':' && depth === 1 && valueStart === undefined) {
      valueStart = at + 1;
    } else if (char === '{' || char === '[') {
      depth += 1;
    } else if (char === '}' || char === ']' || (char === ',' && depth === 1)) {
      if (depth === 1 && valueStart !== undefined) {
        if (key === name) return [valueStart, at];
        valueStart = undefined;
      }
      if (char !== ',') depth -= 1;
    }
  }
  return undefined;
}

/**
 * @param text one JSON object with a top-level "id"
 * @param id the new id: a string or an integer
 */
export function replaceId(text, id) {
  const extent = memberExtent(text, 'id');
  if (extent === undefined) throw new Error('The message has no id to replace');
  return text.slice(0, extent[0]) + JSON.stringify(id) + text.slice(extent[1]);
}
