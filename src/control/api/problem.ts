/** Codes of refusals with their status and title: stable, because programs act on them. */
export const PROBLEMS = {
  invalid_request: [400, 'The request is not valid'],
  unauthenticated: [401, 'Sign in first'],
  forbidden: [403, 'Not permitted'],
  cross_site: [403, 'Refused: this came from another site'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  timeout: [408, 'The body did not arrive in time'],
  conflict: [409, 'Conflict'],
  exists: [409, 'There is one already'],
  owned_by_file: [409, 'Owned by gateway.yaml'],
  precondition_failed: [412, 'It was changed meanwhile'],
  too_large: [413, 'Too large'],
  unsupported_media_type: [415, 'Unsupported media type'],
  idempotency_reused: [422, 'The Idempotency-Key was used for another request'],
  invalid_policy: [422, 'The policy has errors'],
  target_not_allowed: [422, 'The address is not allowed'],
  precondition_required: [428, 'If-Match is needed'],
  too_many_requests: [429, 'Too many requests'],
  internal: [500, 'Something went wrong here'],
  bad_gateway: [502, 'Another server did not answer as expected'],
  unavailable: [503, 'Not available now'],
} as const satisfies Readonly<Record<string, readonly [status: number, title: string]>>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One thing that is wrong. */
export interface Detail {
  /** JSON Pointer (RFC 6901) into the part of the request that `in` names. */
  readonly pointer: string;
  /** Left out: the body. */
  readonly in?: 'body' | 'query' | 'path' | 'header';
  readonly message: string;
  readonly help?: string;
  /** Owners of a code add what they have: line, column, severity. */
  readonly [more: string]: unknown;
}

/** A refusal on its way to the caller: thrown by handlers, written as `application/problem+json` (RFC 9457) by the dispatcher. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code: ProblemCode;
  readonly problems: readonly Detail[];
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param detail one sentence for people: what was found, what was expected, what to do. Never a secret or an argument's value
   * @param more `problems`: everything that is wrong, at once. `headers`: of the answer, e.g. `retry-after`
   */
  constructor(code: ProblemCode, detail: string, more: { readonly problems?: readonly Detail[]; readonly headers?: Readonly<Record<string, string>> } = {}) {
    super(detail);
    this.code = code;
    this.problems = more.problems ?? [];
    this.headers = more.headers ?? {};
  }

  get status(): number {
    return PROBLEMS[this.code][0];
  }
}

/** @param what for example `server` */
export function notFound(what: string): ApiProblem {
  return new ApiProblem('not_found', `there is no such ${what}, or you may not see it`);
}

/** @param seconds rounded up, at least 1 */
export function tooMany(detail: string, seconds: number): ApiProblem {
  return new ApiProblem('too_many_requests', detail, { headers: { 'retry-after': String(Math.max(1, Math.ceil(seconds))) } });
}

/** A request with one thing wrong that no schema can say. */
export function invalid(pointer: string, message: string, more: { readonly in?: NonNullable<Detail['in']>; readonly help?: string } = {}): ApiProblem {
  return new ApiProblem('invalid_request', message, { problems: [{ pointer, message, ...more }] });
}

/** The document that is sent. */
export function problemDocument(problem: ApiProblem, requestId: string): Record<string, unknown> {
  const [status, title] = PROBLEMS[problem.code];
  return {
    type: 'about:blank', title, status, code: problem.code, detail: problem.message, requestId,
    ...(problem.problems.length === 0 ? {} : { problems: problem.problems }),
  };
}
