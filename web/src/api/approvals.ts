import { apiPath, get, post, type Page } from './client.ts';
import { queryClient } from './query-client.ts';
import type { Approval, ApprovalSummary } from './types.ts';

export const approvalsQuery = (status: 'pending' | 'decided') =>
  ({
    queryKey: ['approvals', 'list', status],
    queryFn: ({ signal }: { signal: AbortSignal }) => get<Page<ApprovalSummary>>('/approvals', { status: status === 'pending' ? 'pending' : 'approved,denied,expired,used', limit: status === 'pending' ? 200 : 50 }, signal),
  }) as const;

export const approvalQuery = (id: string) => ({ queryKey: ['approvals', 'one', id], queryFn: ({ signal }: { signal: AbortSignal }) => get<Approval>(apiPath('approvals', id), undefined, signal) }) as const;

/** @throws ApiProblem */
export async function decide(id: string, decision: 'approve' | 'deny', comment: string): Promise<Approval> {
  try {
    return await post<Approval>(`${apiPath('approvals', id)}/decide`, { decision, ...(comment === '' ? {} : { comment }) });
  } finally {
    // Also after a refusal: somebody else may have decided.
    void queryClient.invalidateQueries({ queryKey: ['approvals'] });
    void queryClient.invalidateQueries({ queryKey: ['overview'] });
  }
}
