import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { StatusBadge } from '../../components/badges.tsx';
import type { RowWithProof } from './detail.tsx';

/** Where the chain holds this row. */
export function Proof({ row }: { readonly row: RowWithProof }): ReactNode {
  return (
    <Stack gap={6} component="section" aria-label="Proof">
      <Text fw={600} fz="sm">
        Proof
      </Text>
      {row.sealed === 'sealed' ? (
        <div>
          <StatusBadge tone="good">sealed</StatusBadge>
          <Text fz="sm" c="dimmed" mt={4}>
            A block of the chain holds the hash of this row, and a signed checkpoint holds the block. “policylayer verify” checks it.
          </Text>
        </div>
      ) : row.sealed === 'redacted' ? (
        <div>
          <StatusBadge tone="warn">redacted</StatusBadge>
          <Text fz="sm" c="dimmed" mt={4}>
            Its contents were erased on purpose. The chain still shows that there was a row here.
          </Text>
        </div>
      ) : (
        <div>
          <StatusBadge tone="info">not sealed yet</StatusBadge>
          <Text fz="sm" c="dimmed" mt={4}>
            New rows are sealed into the chain in blocks, shortly after the call has ended.
          </Text>
        </div>
      )}
      {row.proof?.block == null ? null : (
        <Text fz="sm" c="dimmed">
          Block {row.proof.block}
          {row.proof.checkpoint === null ? ', which no checkpoint has signed yet' : `, signed by checkpoint ${row.proof.checkpoint}`}.
        </Text>
      )}
    </Stack>
  );
}
