import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { apiPath, get, getAll, post } from '../api/client.ts';
import type { Diagnostic, Policy, Scan, Tool } from '../api/types.ts';
import type { Column } from './board/columns.ts';

// Answers of /policy-tools and of the parts of /policies that only the builder reads.

export interface Checked {
  readonly diagnostics: readonly Diagnostic[];
  readonly summary?: unknown;
}

/** Where a tool stands, and why. */
export interface PlacedTool {
  readonly name: string;
  readonly column: Column;
  /** JSON Pointer of the rule that decides: `/tools/get_*`, or `/default`. */
  readonly rule: string | null;
  readonly line: number | null;
  readonly guards: readonly unknown[];
  /** What holds is less than what is written: something only observes. */
  readonly observes?: boolean;
  readonly class: { readonly category: string; readonly risk: string } | null;
}

export interface Version {
  readonly number: number;
  readonly stage: 'observe' | 'enforce';
  readonly text?: string;
  readonly author: string;
  readonly comment: string | null;
  readonly at: string;
}

export interface DiffLine {
  readonly kind: 'same' | 'add' | 'remove';
  readonly text: string;
  readonly from?: number | null;
  readonly to?: number | null;
}

export const policyKey = (name: string): readonly string[] => ['policies', name];

export function useCheck(text: string, server: string | null): UseQueryResult<Checked> {
  return useQuery({
    queryKey: ['policy-tools', 'check', server, text],
    queryFn: ({ signal }) => post<Checked>('/policy-tools/check', { text, ...(server === null ? {} : { server }) }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

export function useDecided(text: string, server: string | null, enabled: boolean): UseQueryResult<{ readonly tools: readonly PlacedTool[] }> {
  return useQuery({
    queryKey: ['policy-tools', 'decide', server, text],
    queryFn: ({ signal }) => post<{ readonly tools: readonly PlacedTool[] }>('/policy-tools/decide', { text, server }, { signal }),
    placeholderData: keepPreviousData,
    enabled: enabled && server !== null,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

export function useEditorSchema(): UseQueryResult<unknown> {
  return useQuery({ queryKey: ['policy-tools', 'schema'], queryFn: ({ signal }) => get<unknown>('/policy-tools/schema', undefined, signal), staleTime: Number.POSITIVE_INFINITY });
}

export function useTools(server: string | null): UseQueryResult<Scan> {
  return useQuery({ queryKey: ['servers', server ?? '', 'tools'], queryFn: ({ signal }) => get<Scan>(apiPath('servers', server ?? '', 'tools'), undefined, signal), enabled: server !== null });
}

export function usePolicies(): UseQueryResult<Policy[]> {
  return useQuery({ queryKey: ['policies'], queryFn: ({ signal }) => getAll<Policy>('/policies', {}, signal) });
}

export function useVersions(name: string): UseQueryResult<Version[]> {
  return useQuery({ queryKey: ['policies', name, 'versions'], queryFn: ({ signal }) => getAll<Version>(`${apiPath('policies', name)}/versions`, {}, signal) });
}

export const NO_TOOLS: readonly Tool[] = [];
