import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { apiPath, post } from '../../api/client.ts';
import type { Grant } from '../../api/types.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { TokenOnce } from './token-once.tsx';

const OVERLAPS = [
  { value: '0', label: 'Not at all: it ends now' },
  { value: '600', label: '10 minutes' },
  { value: '3600', label: '1 hour' },
  { value: '86400', label: '1 day' },
];

/** A new token; the one before it may work a while longer, so that nothing stands still. */
export function Rotate({ grant, onClose }: { readonly grant: Grant; readonly onClose: () => void }): ReactNode {
  const queryClient = useQueryClient();
  const [keep, setKeep] = useState('3600');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [made, setMade] = useState<{ readonly grant: Grant; readonly token: string } | null>(null);
  const rotate = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      setMade(await post<{ grant: Grant; token: string }>(`${apiPath('grants', grant.label)}/rotate`, { keepPreviousSeconds: Number(keep) }, { version: grant.version }));
      void queryClient.invalidateQueries({ queryKey: ['grants'] });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  if (made !== null) return <TokenOnce grant={made.grant} token={made.token} title={`New token of ${grant.label}`} onClose={onClose} />;
  return (
    <Modal opened onClose={onClose} title="Rotate the token" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void rotate();
        }}
      >
        <Stack>
          <Text fz="sm">A new token is made and shown once. Counters of limits go on as they are.</Text>
          <Select label="The old token works for" data={OVERLAPS} value={keep} allowDeselect={false} onChange={(value) => setKeep(value ?? '3600')} data-autofocus />
          <ProblemAlert error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy}>
              Rotate
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
