import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Approval } from '../../api/types.ts';
import { RelativeTime } from '../../components/relative-time.tsx';
import { ApprovalState } from './status.tsx';

/** What was decided about this tool before. */
export function History({ history }: { readonly history: Approval['history'] }): ReactNode {
  return (
    <Stack gap={6}>
      <Text fw={600} fz="sm">
        Earlier requests for it
      </Text>
      {history.length === 0 ? (
        <Text fz="sm" c="dimmed">
          None. This is the first time.
        </Text>
      ) : (
        <Stack component="ul" gap={4} m={0} p={0} style={{ listStyle: 'none' }}>
          {history.slice(0, 6).map(({ id, status, grant, createdAt, votes }) => (
            <Text component="li" key={id} fz="sm">
              <ApprovalState status={status} />{' '}
              <span style={{ color: 'var(--pl-soft)' }}>
                {grant}, <RelativeTime at={createdAt} />
                {votes.length === 0 ? '' : `, by ${votes.map(({ approver }) => approver).join(', ')}`}
              </span>
            </Text>
          ))}
        </Stack>
      )}
    </Stack>
  );
}
