import type { Column } from './columns.ts';

export interface BoardTool {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly category: string;
  readonly risk: string;
  readonly column: Column;
  readonly rule: string | null;
  readonly line: number | null;
  readonly guards: readonly string[];
}

export interface BoardFilter {
  readonly search: string;
  readonly categories: readonly string[];
  readonly risks: readonly string[];
}

export const NO_FILTER: BoardFilter = { search: '', categories: [], risks: [] };

/** Every word of the search must be in the name, title, description, class or guards of a tool. */
export function filterTools(tools: readonly BoardTool[], { search, categories, risks }: BoardFilter): BoardTool[] {
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== '');
  return tools.filter((tool) => {
    if (categories.length > 0 && !categories.includes(tool.category)) return false;
    if (risks.length > 0 && !risks.includes(tool.risk)) return false;
    if (words.length === 0) return true;
    const text = `${tool.name} ${tool.title ?? ''} ${tool.description ?? ''} @${tool.category} @${tool.risk} ${tool.guards.join(' ')}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export type Row = { readonly kind: 'group'; readonly name: string; readonly count: number } | { readonly kind: 'tool'; readonly tool: BoardTool };

const SEVERITY = ['financial', 'destructive', 'execute', 'write', 'read'];
const RISK = ['critical', 'high', 'medium', 'low'];

/** The rows of one column: grouped by class the most severe class comes first. */
export function rowsOf(tools: readonly BoardTool[], grouped: boolean): Row[] {
  if (!grouped) return tools.map((tool) => ({ kind: 'tool', tool }));
  const rows: Row[] = [];
  for (const name of SEVERITY) {
    const own = tools.filter(({ category }) => category === name).sort((a, b) => RISK.indexOf(a.risk) - RISK.indexOf(b.risk));
    if (own.length > 0) rows.push({ kind: 'group', name, count: own.length }, ...own.map((tool): Row => ({ kind: 'tool', tool })));
  }
  const rest = tools.filter(({ category }) => !SEVERITY.includes(category));
  if (rest.length > 0) rows.push({ kind: 'group', name: 'not classed', count: rest.length }, ...rest.map((tool): Row => ({ kind: 'tool', tool })));
  return rows;
}
