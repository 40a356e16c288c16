import { Button, Group, List, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { get, post, type Page as Rows } from '../../api/client.ts';
import { StatusBadge } from '../../components/badges.tsx';
import { ErrorState } from '../../components/empty-state.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import type { Settings } from './settings.ts';
import { Caution } from '../../policy-builder/caution.tsx';

interface Checkpoint {
  readonly number: number;
  readonly at: string;
  readonly lastSeq?: number;
  readonly keyId?: string;
}

interface Report {
  readonly ok: boolean;
  readonly rows: number;
  readonly blocks?: number;
  readonly checkpoints?: number;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  readonly publicKey: string | null;
  readonly problems: readonly { readonly message?: string; readonly what?: string; readonly seq?: number | null }[];
}

/** What the journal keeps, and the proof that nobody changed it. */
export function JournalSettings({ settings }: { readonly settings: Settings }): ReactNode {
  const checkpoints = useQuery({ queryKey: ['journal', 'checkpoints'], queryFn: ({ signal }) => get<Rows<Checkpoint>>('/journal/checkpoints', { limit: 10 }, signal) });
  const verify = useMutation({ mutationFn: () => post<Report>('/journal/verify') });
  return (
    <Stack maw="44rem">
      <Paper withBorder p="md" radius="md">
        <Title order={2} mb="xs">
          What is kept
        </Title>
        <List>
          <List.Item>{settings.retainDays === null ? 'Rows are kept for ever.' : `Rows are kept for ${settings.retainDays} days.`}</List.Item>
          <List.Item>{settings.journalArguments === 'values' ? 'Arguments are kept with their values.' : 'Of arguments only names and a hash are kept.'} A policy may say otherwise for its own calls.</List.Item>
        </List>
        <Text fz="sm" c="dimmed" mt="xs">
          gateway.yaml says both, below journal.
        </Text>
      </Paper>
      <Paper withBorder p="md" radius="md">
        <Stack gap="sm">
          <Group justify="space-between">
            <Title order={2}>Proof</Title>
            <Button onClick={() => verify.mutate()} loading={verify.isPending}>
              Verify the journal
            </Button>
          </Group>
          <Text>Rows are chained by hashes, and the chain is signed again and again. The check reads all of it.</Text>
          <div aria-live="polite">
            <ProblemAlert error={verify.error} />
            {verify.data === undefined ? null : <Result report={verify.data} />}
          </div>
          {checkpoints.error === null ? null : <ErrorState error={checkpoints.error} retry={() => void checkpoints.refetch()} />}
          {(checkpoints.data?.items.length ?? 0) === 0 ? null : (
            <Table.ScrollContainer type="native" tabIndex={0} role="region" aria-label="Checkpoints" minWidth={360}>
              <Table fz="sm" aria-label="Checkpoints">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Checkpoint</Table.Th>
                    <Table.Th>Up to row</Table.Th>
                    <Table.Th>Signed</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {checkpoints.data?.items.map((one) => (
                    <Table.Tr key={one.number}>
                      <Table.Td className="pl-num">{one.number}</Table.Td>
                      <Table.Td className="pl-num">{one.lastSeq ?? ''}</Table.Td>
                      <Table.Td>
                        <RelativeTime at={one.at} />
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )}
        </Stack>
      </Paper>
    </Stack>
  );
}

function Result({ report }: { readonly report: Report }): ReactNode {
  const rows = `${report.rows.toLocaleString('en')} ${report.rows === 1 ? 'row' : 'rows'}`;
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <StatusBadge tone={report.ok ? 'good' : 'bad'}>{report.ok ? 'the chain holds' : 'the chain is broken'}</StatusBadge>
        <Text fz="sm">
          {rows} read{report.firstSeq === null || report.lastSeq === null ? '' : `, ${report.firstSeq} to ${report.lastSeq}`}
          {report.checkpoints === undefined ? '' : `, ${report.checkpoints} signatures checked`}
        </Text>
      </Group>
      {report.problems.length === 0 ? null : (
        <Caution tone="bad">
          <List fz="sm">
            {report.problems.slice(0, 50).map((problem, index) => (
              <List.Item key={index}>
                {typeof problem.seq === 'number' ? `Row ${problem.seq}: ` : ''}
                {problem.message ?? problem.what ?? JSON.stringify(problem)}
              </List.Item>
            ))}
          </List>
        </Caution>
      )}
    </Stack>
  );
}
