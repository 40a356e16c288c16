import { z } from 'zod';
import type { JournalSearchFilter } from '../../state/types.ts';
import type { Caller } from '../api/caller.ts';
import { OUTCOMES } from './row-view.ts';

const MAX_CODES = 20;

const word = z.string().min(1).max(1_024).optional();
const time = z.iso.datetime({ offset: true, error: 'a date and time in ISO 8601 with a time zone is expected' }).optional();
const list = (text: string | undefined): string[] | undefined => text?.split(',').map((one) => one.trim());

/** Filters of the journal as query parameters. */
export const rowFilter = {
  server: z.string().min(1).max(128).optional(), grant: word, name: word, session: word, policy: word.describe('name of a policy, or of one version: name@version'),
  outcome: z.string().max(500).optional().describe('one or more, separated by commas').transform(list).pipe(z.array(z.enum(OUTCOMES)).min(1).optional()),
  code: z.string().max(2_000).optional().describe('one or more, separated by commas').transform(list).pipe(z.array(z.string().min(1).max(100)).min(1).max(MAX_CODES).optional()),
  since: time, until: time, q: z.string().min(1).max(200).optional().describe('somewhere in the name or the reason'),
  order: z.enum(['asc', 'desc']).default('desc'),
} as const;

type Given = { readonly [Key in keyof typeof rowFilter]?: z.output<(typeof rowFilter)[Key]> | undefined };

/** What the store is asked; only rows of servers that the caller may see. */
export function searchFilter(query: Given, caller: Caller): JournalSearchFilter {
  const servers = caller.servers('read');
  const { server, grant, name, session, policy, outcome, code, since, until, q, order } = query;
  return {
    order: order ?? 'desc',
    ...(servers === 'all' ? {} : { servers: [...servers] }), ...(server === undefined ? {} : { server }), ...(grant === undefined ? {} : { grant }), ...(name === undefined ? {} : { name }),
    ...(session === undefined ? {} : { session }), ...(policy === undefined ? {} : { policy }), ...(outcome === undefined ? {} : { outcome }), ...(code === undefined ? {} : { code }),
    ...(since === undefined ? {} : { since: new Date(since) }), ...(until === undefined ? {} : { until: new Date(until) }), ...(q === undefined ? {} : { text: q }),
  };
}
