import { Button, Group, Select, Stack, Table, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { post } from '../../api/client.ts';
import { StatusBadge, type Tone } from '../../components/badges.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import './simulation.css';

interface Changed {
  readonly seq: number;
  readonly at: string;
  readonly tool: string;
  readonly grant: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly count: number;
}

interface Simulated {
  readonly calls: number;
  readonly changed: readonly Changed[];
  readonly summary: Readonly<Record<string, unknown>>;
  readonly skipped: number | readonly unknown[] | Readonly<Record<string, unknown>>;
}

const SPANS: readonly { readonly value: string; readonly label: string; readonly hours: number }[] = [
  { value: '24', label: 'the last day', hours: 24 },
  { value: '168', label: 'the last 7 days', hours: 168 },
  { value: '720', label: 'the last 30 days', hours: 720 },
];

/** Recorded calls decided again by the draft: what would be different. */
export function Simulation({ policy, text, server }: { readonly policy: string; readonly text: string; readonly server: string | null }): ReactNode {
  const [span, setSpan] = useState('168');
  const run = useMutation({
    mutationFn: () => {
      const hours = SPANS.find(({ value }) => value === span)?.hours ?? 168;
      return post<Simulated>('/policy-tools/simulate', { policy, text, ...(server === null ? {} : { server }), since: new Date(Date.now() - hours * 3_600_000).toISOString() });
    },
  });
  return (
    <Stack gap="md">
      <Group align="flex-end" gap="sm">
        <Select label="Calls of" data={SPANS.map(({ value, label }) => ({ value, label }))} value={span} allowDeselect={false} onChange={(value) => setSpan(value ?? '168')} w="12rem" />
        <Button onClick={() => run.mutate()} loading={run.isPending}>
          Replay them
        </Button>
      </Group>
      {run.data === undefined && run.error === null ? (
        <Text fz="sm" c="dimmed">
          Calls from the journal are decided again with the text as it stands here. Nothing is sent anywhere, and nothing is counted.
        </Text>
      ) : null}
      <div aria-live="polite">
        <ProblemAlert error={run.error} />
        {run.data === undefined ? null : <Outcome result={run.data} />}
      </div>
    </Stack>
  );
}

function Outcome({ result }: { readonly result: Simulated }): ReactNode {
  const differing = result.changed.reduce((sum, { count }) => sum + count, 0);
  const skipped = typeof result.skipped === 'number' ? result.skipped : Array.isArray(result.skipped) ? result.skipped.length : Object.values(result.skipped).reduce<number>((sum, one) => sum + (typeof one === 'number' ? one : 0), 0);
  return (
    <Stack gap="sm">
      <dl className="pl-figures">
        <Figure label="calls" value={result.calls} />
        <Figure label="decided differently" value={differing} />
        {Object.entries(result.summary)
          .filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[0] !== 'calls' && entry[0] !== 'changed')
          .map(([name, value]) => (
            <Figure key={name} label={words(name)} value={value} />
          ))}
        {skipped > 0 ? <Figure label="not replayed" value={skipped} /> : null}
      </dl>
      {result.calls === 0 ? (
        <Text fz="sm">No call of this time can be replayed.</Text>
      ) : result.changed.length === 0 ? (
        <Text fz="sm">Every one of them would be decided as it was.</Text>
      ) : (
        <Table.ScrollContainer type="native" tabIndex={0} role="region" aria-label="Calls that would be decided differently" minWidth={520} maxHeight="45vh">
          <Table fz="sm" verticalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Tool</Table.Th>
                <Table.Th>Grant</Table.Th>
                <Table.Th>Was</Table.Th>
                <Table.Th>Would be</Table.Th>
                <Table.Th ta="right">Calls</Table.Th>
                <Table.Th>Last</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {result.changed.map((one) => (
                <Table.Tr key={`${one.seq} ${one.tool}`}>
                  <Table.Td className="pl-mono">{one.tool}</Table.Td>
                  <Table.Td>{one.grant ?? ''}</Table.Td>
                  <Table.Td>
                    <Verdict value={one.before} />
                  </Table.Td>
                  <Table.Td>
                    <Verdict value={one.after} />
                  </Table.Td>
                  <Table.Td ta="right" className="pl-num">
                    {one.count}
                  </Table.Td>
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
  );
}

const words = (name: string): string => name.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`).replaceAll('_', ' ');

function Figure({ label, value }: { readonly label: string; readonly value: number }): ReactNode {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value.toLocaleString('en')}</dd>
    </div>
  );
}

/** A decision, told as a word or as a map with a code or an effect. */
function Verdict({ value }: { readonly value: unknown }): ReactNode {
  const map = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const text = typeof value === 'string' ? value : [map['code'], map['effect'], map['outcome'], map['decision']].find((one): one is string => typeof one === 'string' && one !== '') ?? 'allow';
  const tone: Tone = text === 'allow' || text === 'ok' ? 'good' : text.startsWith('approval') || text === 'require_approval' ? 'warn' : 'bad';
  return <StatusBadge tone={tone}>{text.replaceAll('_', ' ')}</StatusBadge>;
}
