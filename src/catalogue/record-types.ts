import type { ParameterFact } from './parameter-facts.ts';
import type { Classification } from './types.ts';

/** What is kept of one tool: facts and our classification, no text of its description. */
export interface ToolRecord {
  readonly name: string;
  readonly title: string | null;
  readonly parameters: readonly ParameterFact[];
  /** The boolean members of `annotations`; null when there are none. */
  readonly annotations: Readonly<Record<string, boolean>> | null;
  /** Size of the definition as the server wrote it. */
  readonly bytes: number;
  readonly descriptionBytes: number;
  /** SHA-256 (hex) of the canonical definition (RFC 8785); null when it differed between two starts, so that no hash can be expected. */
  readonly sha256: string | null;
  readonly classification: Classification;
}

/** One scanned server: a file of `catalogue/servers/`. */
export interface ServerRecord {
  readonly format: 1;
  /** Lower case letters, digits, `.`, `_`, `-`; the name of the file. */
  readonly slug: string;
  readonly package: { readonly registry: 'npm' | 'pypi'; readonly name: string; readonly version: string };
  /** What the server says of itself. */
  readonly server: { readonly name: string | null; readonly version: string | null; readonly protocol: string | null };
  /** YYYY-MM-DD */
  readonly scannedOn: string;
  /** YYYY-MM-DD, later than the scan when the classifier has changed since. */
  readonly classifiedOn: string;
  /** `ok`, or `duplicate_tools` when it lists a name more than once. */
  readonly status: string;
  /** Of all definitions that have a name. */
  readonly bytes: number;
  readonly approximateTokens: number;
  /** Items of the list that have no name. */
  readonly unnamed: number;
  /** In the order of the server; a name that is listed twice stands here twice. */
  readonly tools: readonly ToolRecord[];
}

/** A model reads about four bytes of JSON as one token; exact counts differ by model. */
const BYTES_PER_TOKEN = 4;

export function approximateTokens(bytes: number): number {
  return Math.round(bytes / BYTES_PER_TOKEN);
}
