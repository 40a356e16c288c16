import type { ReactNode } from 'react';
import type { Server } from '../../api/types.ts';
import { StatusBadge, type Tone } from '../../components/badges.tsx';

const STATUS: Readonly<Record<Server['status'], readonly [Tone, string]>> = {
  ready: ['good', 'ready'],
  starting: ['info', 'starting'],
  failing: ['bad', 'failing'],
  disabled: ['quiet', 'switched off'],
  unknown: ['quiet', 'not seen yet'],
};

export function ServerStatus({ server }: { readonly server: Pick<Server, 'status' | 'problem'> }): ReactNode {
  const [tone, word] = Object.hasOwn(STATUS, server.status) ? STATUS[server.status] : (['quiet', server.status] as const);
  return (
    <StatusBadge tone={tone} title={server.problem ?? undefined}>
      {word}
    </StatusBadge>
  );
}
