import { Button, Group, SegmentedControl, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { getAll, post } from '../../api/client.ts';
import type { Grant, JournalRow, Tool } from '../../api/types.ts';
import { get, type Page } from '../../api/client.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { Explained, type Explanation } from './explained.tsx';
import { argumentsText, fieldValues, isJson, sampleFields } from './sample.ts';
import { Caution } from '../caution.tsx';

export interface TesterProps {
  readonly text: string;
  readonly server: string | null;
  readonly tools: readonly Tool[];
  readonly onGoTo: (line: number) => void;
}

/** One call against the draft: written by hand, or one that was made. */
export function Tester({ text, server, tools, onGoTo }: TesterProps): ReactNode {
  // A link from the journal names the call.
  const [row, setRow] = useState<string | null>(() => new URLSearchParams(location.search).get('call'));
  const [from, setFrom] = useState<'sample' | 'recorded'>(row === null ? 'sample' : 'recorded');
  const [chosen, setName] = useState<string | null>(null);
  const name = chosen ?? tools[0]?.name ?? null;
  const [json, setJson] = useState('{}');
  const [mode, setMode] = useState<'form' | 'json'>('form');
  const [grant, setGrant] = useState<string | null>(null);
  const tool = tools.find((one) => one.name === name);
  const fields = useMemo(() => sampleFields(tool?.inputSchema), [tool]);
  const values = fieldValues(fields, json);
  const grants = useQuery({ queryKey: ['grants'], queryFn: ({ signal }) => getAll<Grant>('/grants', {}, signal) });
  const rows = useQuery({ queryKey: ['journal', 'tester', server], queryFn: ({ signal }) => get<Page<JournalRow>>('/journal', { server, limit: 50 }, signal), enabled: from === 'recorded' && server !== null });
  const recorded = (rows.data?.items ?? []).filter((one) => one.method === 'tools/call' && one.name !== null);
  const explain = useMutation({
    mutationFn: () => post<Explanation>('/policy-tools/explain', { texts: [text], server, ...(grant === null ? {} : { grant }), ...(from === 'recorded' ? { journalId: row } : { call: { name, arguments: JSON.parse(json) as unknown } }) }),
  });
  const { reset } = explain;
  useEffect(() => reset(), [text, name, json, from, row, grant, reset]);
  if (server === null) return <EmptyState title="No server is chosen">Choose a server above: the tester needs its tools.</EmptyState>;
  const ready = from === 'recorded' ? row !== null : name !== null && isJson(json);
  return (
    <Stack gap="md">
      <SegmentedControl
        aria-label="Which call"
        value={from}
        onChange={(value) => setFrom(value)}
        data={[
          { value: 'sample', label: 'A call I write' },
          { value: 'recorded', label: 'A recorded call' },
        ]}
        style={{ alignSelf: 'flex-start' }}
      />
      <div className="pl-tester">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) explain.mutate();
        }}
      >
        <Stack gap="sm">
          {from === 'sample' ? (
            <>
              <Group grow align="flex-start">
                <Select label="Tool" searchable data={tools.map((one) => one.name)} value={name} onChange={setName} limit={100} nothingFoundMessage="No tool has this name" />
                <GrantSelect grants={grants.data ?? []} server={server} value={grant} onChange={setGrant} />
              </Group>
              <Group justify="space-between">
                <Text fz="sm" fw={600}>
                  Arguments
                </Text>
                <SegmentedControl
                  size="xs"
                  aria-label="How to write the arguments"
                  value={mode}
                  onChange={(value) => setMode(value)}
                  data={[
                    { value: 'form', label: 'Form' },
                    { value: 'json', label: 'JSON' },
                  ]}
                />
              </Group>
              {mode === 'form' && values !== null ? (
                fields.length === 0 ? (
                  <Text fz="sm" c="dimmed">
                    The tool names no arguments. Write JSON to send some all the same.
                  </Text>
                ) : (
                  fields.map((field) => {
                    const change = (value: string): void => setJson(argumentsText(fields, { ...values, [field.name]: value }));
                    const label = field.required ? `${field.name} (required)` : field.name;
                    const value = values[field.name] ?? '';
                    const data = field.kind === 'boolean' ? ['true', 'false'] : field.choices;
                    return field.kind === 'choice' || field.kind === 'boolean' ? (
                      <Select key={field.name} size="sm" label={label} description={field.description} data={[...data]} value={value === '' ? null : value} onChange={(chosen) => change(chosen ?? '')} clearable />
                    ) : field.kind === 'json' ? (
                      <Textarea key={field.name} size="sm" label={`${label}, JSON`} description={field.description} className="pl-mono" autosize minRows={1} value={value} onChange={(event) => change(event.currentTarget.value)} />
                    ) : (
                      <TextInput key={field.name} size="sm" label={label} description={field.description} value={value} onChange={(event) => change(event.currentTarget.value)} />
                    );
                  })
                )
              ) : (
                <Textarea aria-label="Arguments as JSON" className="pl-mono" autosize minRows={4} maxRows={16} spellCheck={false} value={json} onChange={(event) => setJson(event.currentTarget.value)} error={isJson(json) ? (mode === 'form' && values === null ? 'These arguments do not fit the form.' : undefined) : 'This is no JSON.'} />
              )}
            </>
          ) : (
            <Select
              label="Recorded call"
              description="The newest 50 calls of the server. Arguments are there as far as the journal kept them."
              searchable
              data={recorded.map((one) => ({ value: one.id, label: `${one.name ?? ''} · ${one.grant ?? 'no grant'} · ${one.outcome}${one.code === null ? '' : ` ${one.code}`} · ${one.at.slice(0, 19).replace('T', ' ')}` }))}
              value={row}
              onChange={setRow}
              nothingFoundMessage={rows.isPending ? 'Loading' : 'No call was recorded for this server'}
            />
          )}
          <Button type="submit" disabled={!ready} loading={explain.isPending} style={{ alignSelf: 'flex-start' }}>
            Explain
          </Button>
        </Stack>
      </form>
      <div aria-live="polite">
        <ProblemAlert error={explain.error} />
        {explain.data === undefined ? null : <Explained explanation={explain.data} onGoTo={onGoTo} />}
        {rows.error === null ? null : <Caution tone="bad">The journal could not be read.</Caution>}
        {explain.data === undefined && explain.error === null ? (
          <Text fz="sm" c="dimmed">
            What would be decided, and why, comes here. Nothing is sent and nothing is counted.
          </Text>
        ) : null}
      </div>
      </div>
    </Stack>
  );
}

function GrantSelect({ grants, server, value, onChange }: { readonly grants: readonly Grant[]; readonly server: string; readonly value: string | null; readonly onChange: (value: string | null) => void }): ReactNode {
  return <Select label="As grant" placeholder="any" clearable data={grants.filter((one) => one.server === server).map(({ label }) => label)} value={value} onChange={onChange} />;
}
