import type { Html } from './html.ts';
import type { Links } from './links.ts';

export interface Crumb {
  readonly id: string;
  readonly text: string;
}

/** One page, before it is known where its links lead. */
export interface Page {
  /** The address behind the catalogue's own; '' is the catalogue itself. */
  readonly id: string;
  /** Plain text. */
  readonly title: string;
  /** One or two sentences for search engines, plain text. */
  readonly description: string;
  /** From the catalogue to this page, both included. */
  readonly crumbs: readonly Crumb[];
  readonly body: (links: Links) => Html;
  /** What the JSON twin says. */
  readonly json: (links: Links) => object;
  /** Questions with answers, for FAQPage. */
  readonly questions?: readonly { readonly question: string; readonly answer: readonly string[] }[];
  /** False for pages that search engines have no use for. */
  readonly indexed?: boolean;
}

/** How many rows one page holds, so that it stays below 100 KB whatever the names are made of. */
export const ROWS = 80;

/** Ids of the pages of a long list: the list's own, then `~2`, `~3`, ... below it. No segment of a tool begins with `~`. */
export function pageId(base: string, number: number): string {
  return number === 1 ? base : `${base}/~${number}`;
}

export interface Slice<T> {
  readonly rows: readonly T[];
  readonly number: number;
  readonly pages: number;
}

/** Rows in pages; at least one page, which is empty when there are none. */
export function slices<T>(rows: readonly T[], size: number = ROWS): readonly Slice<T>[] {
  const pages = Math.max(1, Math.ceil(rows.length / size));
  return Array.from({ length: pages }, (_, index) => ({ rows: rows.slice(index * size, (index + 1) * size), number: index + 1, pages }));
}
