import { Button, Group, Modal, Radio, Select, Stack, Table, Text, TextInput, VisuallyHidden } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { apiPath, get, post } from '../../api/client.ts';
import type { Policy } from '../../api/types.ts';
import { StatusBadge } from '../../components/badges.tsx';
import { EmptyState, ErrorState } from '../../components/empty-state.tsx';
import { PageLoading } from '../../app/fallbacks.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { told } from '../../components/toasts.ts';
import { policyKey, useVersions, type DiffLine, type Version } from '../api.ts';
import { DiffView } from './diff-view.tsx';

export interface VersionsProps {
  readonly policy: Policy;
  readonly writable: boolean;
  readonly flush: () => Promise<number | null>;
  readonly onRolledBack: (policy: Policy) => void;
}

/** Every text that ever held, the difference of any two, and the way back. */
export function Versions({ policy, writable, flush, onRolledBack }: VersionsProps): ReactNode {
  const versions = useVersions(policy.name);
  const [from, setFrom] = useState<string | null>(null);
  const [to, setTo] = useState<string | null>(null);
  const [back, setBack] = useState<Version | null>(null);
  const newest = versions.data?.[0]?.number;
  const left = from ?? (versions.data?.[1] === undefined ? String(newest ?? '') : String(versions.data[1].number));
  const right = to ?? (policy.draft === null ? String(newest ?? '') : 'draft');
  const diff = useQuery({
    queryKey: [...policyKey(policy.name), 'diff', left, right, policy.version],
    queryFn: async ({ signal }) => {
      if (right === 'draft') await flush();
      return (await get<{ lines: readonly DiffLine[] }>(`${apiPath('policies', policy.name)}/diff`, { from: left, to: right }, signal)).lines;
    },
    enabled: left !== '' && right !== '' && left !== right,
  });
  if (versions.error !== null && versions.data === undefined) return <ErrorState error={versions.error} retry={() => void versions.refetch()} />;
  if (versions.data === undefined) return <PageLoading />;
  if (versions.data.length === 0) return <EmptyState title="Nothing was published yet">Until then a grant with this policy can call nothing.</EmptyState>;
  const names = versions.data.map(({ number }) => ({ value: String(number), label: `Version ${number}` }));
  return (
    <Stack gap="md">
      <Table.ScrollContainer type="native" tabIndex={0} role="region" aria-label="Versions" minWidth={480}>
        <Table fz="sm" verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Version</Table.Th>
              <Table.Th>Holds</Table.Th>
              <Table.Th>By</Table.Th>
              <Table.Th>When</Table.Th>
              <Table.Th>Comment</Table.Th>
              <Table.Th>
                <VisuallyHidden>Go back</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {versions.data.map((version) => (
              <Table.Tr key={version.number}>
                <Table.Td className="pl-num">{version.number}</Table.Td>
                <Table.Td>
                  {version.number === policy.published?.number ? <StatusBadge tone={policy.published.stage === 'enforce' ? 'good' : 'info'}>{policy.published.stage === 'enforce' ? 'enforced now' : 'observes now'}</StatusBadge> : version.stage}
                </Table.Td>
                <Table.Td>{version.author}</Table.Td>
                <Table.Td>
                  <RelativeTime at={version.at} />
                </Table.Td>
                <Table.Td maw="18rem">{version.comment ?? ''}</Table.Td>
                <Table.Td ta="right">
                  {writable && version.number !== policy.published?.number ? (
                    <Button size="compact-xs" variant="default" onClick={() => setBack(version)} aria-label={`Roll back to version ${version.number}`}>
                      Roll back
                    </Button>
                  ) : null}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {versions.data.length > 1 || policy.draft !== null ? (
        <Stack gap="xs">
          <Group align="flex-end" gap="sm">
            <Select label="Compare" data={names} value={left} onChange={setFrom} allowDeselect={false} w="10rem" />
            <Select label="with" data={policy.draft === null ? names : [{ value: 'draft', label: 'The draft' }, ...names]} value={right} onChange={setTo} allowDeselect={false} w="10rem" />
          </Group>
          {left === right ? <Text fz="sm">The same version is chosen twice.</Text> : diff.data === undefined ? diff.error === null ? <PageLoading /> : <ProblemAlert error={diff.error} /> : <DiffView lines={diff.data} label="Difference of the two" />}
        </Stack>
      ) : null}
      {back === null ? null : <RollBack policy={policy} version={back} flush={flush} onClose={() => setBack(null)} onDone={onRolledBack} />}
    </Stack>
  );
}

function RollBack({ policy, version, flush, onClose, onDone }: { readonly policy: Policy; readonly version: Version; readonly flush: () => Promise<number | null>; readonly onClose: () => void; readonly onDone: (policy: Policy) => void }): ReactNode {
  const queryClient = useQueryClient();
  const [stage, setStage] = useState<'observe' | 'enforce'>(version.stage);
  const [comment, setComment] = useState(`Back to version ${version.number}`);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const act = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const seen = await flush();
      await post<unknown>(`${apiPath('policies', policy.name)}/rollback`, { number: version.number, stage, ...(comment.trim() === '' ? {} : { comment: comment.trim() }) }, { version: seen });
      onDone(await get<Policy>(apiPath('policies', policy.name)));
      void queryClient.invalidateQueries({ queryKey: ['policies'] });
      told(`The text of version ${version.number} holds again.`, policy.name);
      onClose();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={`Roll back to version ${version.number}`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void act();
        }}
      >
        <Stack>
          <Text fz="sm">
            Its text becomes a new version and holds at once.{policy.draft === null ? '' : ' The draft that is being written is dropped.'}
          </Text>
          <Radio.Group label="How it holds" value={stage} onChange={(value) => setStage(value)}>
            <Group mt={6}>
              <Radio value="observe" label="Observe" />
              <Radio value="enforce" label="Enforce" />
            </Group>
          </Radio.Group>
          <TextInput label="Comment" value={comment} onChange={(event) => setComment(event.currentTarget.value)} maxLength={500} data-autofocus />
          <ProblemAlert error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy}>
              Roll back
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
