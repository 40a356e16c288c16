import type { ReactNode } from 'react';
import type { ApprovalStatus } from '../../api/types.ts';
import { StatusBadge, type Tone } from '../../components/badges.tsx';

const STATUS: Readonly<Record<ApprovalStatus, readonly [Tone, string]>> = { pending: ['wait', 'waiting'], approved: ['good', 'approved'], denied: ['bad', 'denied'], expired: ['quiet', 'nobody decided'], used: ['good', 'approved, done'] };

export function ApprovalState({ status }: { readonly status: ApprovalStatus }): ReactNode {
  const [tone, word] = STATUS[status];
  return <StatusBadge tone={tone}>{word}</StatusBadge>;
}
