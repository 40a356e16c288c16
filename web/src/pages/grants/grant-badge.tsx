import type { ReactNode } from 'react';
import type { Grant } from '../../api/types.ts';
import { StatusBadge, type Tone } from '../../components/badges.tsx';

const TONES: Readonly<Record<Grant['status'], Tone>> = { active: 'good', expired: 'quiet', revoked: 'bad', unusable: 'warn' };

export function GrantBadge({ grant }: { readonly grant: Grant }): ReactNode {
  return (
    <StatusBadge tone={TONES[grant.status]} title={grant.problem ?? undefined}>
      {grant.status}
    </StatusBadge>
  );
}
