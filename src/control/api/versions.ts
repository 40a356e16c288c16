import type { ApplyResult } from '../../state/registry/types.ts';
import { ApiProblem, invalid, notFound } from './problem.ts';

/** The entity tag of a version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * Reads If-Match (RFC 9110 section 13.1.1).
 * @returns the version, null for `*`, undefined where there is none. A tag that was never given here is version -1, which nothing has
 * @throws ApiProblem for a list: one thing is changed, so one version was seen
 */
export function readIfMatch(value: string | null): number | null | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  if (text === '*') return null;
  const match = /^"(0|[1-9]\d{0,14})"$/.exec(text);
  if (match !== null) return Number(match[1]);
  if (/^(?:W\/)?"[^"]*"$/.test(text)) return -1;
  throw invalid('/if-match', 'If-Match must be one entity tag as it came in ETag, or *', { in: 'header' });
}

/** True when the caller has this version already (If-None-Match, weak comparison). */
export function hasVersion(ifNoneMatch: string | null, version: number): boolean {
  return (ifNoneMatch ?? '').split(',', 32).some((tag) => tag.trim().replace(/^W\//, '') === etagOf(version));
}

/**
 * The refusal for changes that the registry did not take.
 * @param what the kind of thing, for people: `server`, `policy`
 * @param guarded the caller sent If-Match: then a conflict is his stale version
 */
export function refusedChange(result: Extract<ApplyResult, { ok: false }>, what: string, guarded: boolean): ApiProblem {
  switch (result.why) {
    case 'not_found':
      return notFound(what);
    case 'exists':
      return new ApiProblem('exists', `there is a ${what} of this name already; choose another name`);
    case 'duplicate':
      return new ApiProblem('exists', `another ${what} has the same value where each must have its own`);
    case 'conflict':
      return guarded
        ? new ApiProblem('precondition_failed', `the ${what} was changed since you read it${result.current === null ? '' : `; its version is ${result.current} now`}. Read it again and repeat the change`)
        : new ApiProblem('conflict', `the ${what} was changed by somebody else at the same moment; try again`);
  }
}
