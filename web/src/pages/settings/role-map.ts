import { ROLES, type Role } from '../../api/types.ts';

/** `value=role` lines. @returns what is wrong, as text */
export function roleMapOf(text: string): Readonly<Record<string, Role>> | string {
  const entries: [string, Role][] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const at = line.lastIndexOf('=');
    const value = line.slice(0, at).trim();
    const role = ROLES.find((one) => one === line.slice(at + 1).trim());
    if (at < 1 || value === '') return `“${line.trim()}” says no role. Write value=role.`;
    if (role === undefined) return `“${line.slice(at + 1).trim()}” is no role. Expected ${ROLES.join(', ')}.`;
    if (entries.some(([known]) => known === value)) return `“${value}” is there twice.`;
    entries.push([value, role]);
  }
  return Object.fromEntries(entries);
}
