/** A field of an audit entry before and after; null: it was not there. */
export interface Difference {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? ''));

/** The fields that differ. What is no map is shown as one field. */
export function differences(before: unknown, after: unknown): Difference[] {
  if (before === null && after === null) return [];
  if (!(isMap(before) || before === null || before === undefined) || !(isMap(after) || after === null || after === undefined)) {
    return [{ name: 'value', before: before === null || before === undefined ? null : text(before), after: after === null || after === undefined ? null : text(after) }];
  }
  const was = before ?? {};
  const is = after ?? {};
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]))
    .map((name) => ({ name, before: Object.hasOwn(was, name) ? text(was[name]) : null, after: Object.hasOwn(is, name) ? text(is[name]) : null }));
}
