/** One thing that is wrong with what was sent. */
export interface FieldProblem {
  /** JSON pointer into the body, or the name of a query parameter. */
  readonly pointer: string;
  readonly message: string;
  readonly help?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** A refusal of the API (`application/problem+json`), or what stands for one when no answer came. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  /** Stable: `not_found`, `precondition_failed`, ...; `network` when no answer came. */
  readonly code: string;
  readonly title: string;
  readonly problems: readonly FieldProblem[];
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(parts: { status: number; code: string; title: string; detail?: string | undefined; problems?: readonly FieldProblem[] | undefined; requestId?: string | null; retryAfterSeconds?: number | null }) {
    super(parts.detail ?? parts.title);
    this.status = parts.status;
    this.code = parts.code;
    this.title = parts.title;
    this.problems = parts.problems ?? [];
    this.requestId = parts.requestId ?? null;
    this.retryAfterSeconds = parts.retryAfterSeconds ?? null;
  }
}

/** @returns the problem that an answer tells, whatever it looks like: a proxy in between may answer with a page of its own */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const retry = Number(response.headers.get('retry-after') ?? Number.NaN);
  const known = { status: response.status, requestId: response.headers.get('x-request-id'), retryAfterSeconds: Number.isFinite(retry) ? retry : null };
  let body: Partial<Record<'title' | 'code' | 'detail', unknown>> & { problems?: unknown } = {};
  if (response.headers.get('content-type')?.includes('json') === true) {
    const parsed: unknown = await response.json().catch(() => null);
    if (typeof parsed === 'object' && parsed !== null) body = parsed;
  }
  return new ApiProblem({
    ...known,
    code: typeof body.code === 'string' ? body.code : `http_${response.status}`,
    title: typeof body.title === 'string' ? body.title : `The gateway answered ${response.status}`,
    detail: typeof body.detail === 'string' ? body.detail : undefined,
    problems: Array.isArray(body.problems) ? body.problems.filter(isFieldProblem) : [],
  });
}

function isFieldProblem(value: unknown): value is FieldProblem {
  return typeof value === 'object' && value !== null && typeof (value as FieldProblem).message === 'string' && typeof (value as FieldProblem).pointer === 'string';
}

/** What to tell a person, in one or two sentences. */
export function readable(error: unknown): string {
  if (error instanceof ApiProblem) {
    const first = error.problems[0];
    if (error.code === 'too_many_requests' && error.retryAfterSeconds !== null) return `${error.message} Try again in ${error.retryAfterSeconds} s.`;
    if (first !== undefined && error.problems.length === 1) return first.message;
    return error.message;
  }
  return error instanceof Error ? error.message : 'Something went wrong.';
}

/**
 * The messages beside the fields of a form.
 * @param field from a JSON pointer (`/command/0`) to the form's own name of the field; default: its first segment
 */
export function fieldErrors(error: unknown, field: (pointer: string) => string = firstSegment): Record<string, string> {
  if (!(error instanceof ApiProblem)) return {};
  const errors: Record<string, string> = {};
  for (const { pointer, message } of error.problems) {
    const name = field(pointer);
    errors[name] = errors[name] === undefined ? message : `${errors[name]} ${message}`;
  }
  return errors;
}

function firstSegment(pointer: string): string {
  return (pointer.startsWith('/') ? pointer.slice(1) : pointer).split('/')[0]?.replaceAll('~1', '/').replaceAll('~0', '~') ?? '';
}
