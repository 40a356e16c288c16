import { ActionIcon, Button, Group, Select, TextInput, Tooltip } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { grantsQuery, policiesQuery, serversQuery } from '../../api/lists.ts';
import { LASTS, type FilterKey, type Filters } from './filters.ts';

const OUTCOMES = [
  { value: 'ok', label: 'ok' },
  { value: 'refused', label: 'refused by policy' },
  { value: 'rejected', label: 'rejected: malformed or not signed in' },
  { value: 'tool_error', label: 'tool error' },
  { value: 'upstream_error,upstream_failed', label: 'upstream failed' },
  { value: 'cancelled', label: 'cancelled' },
  { value: 'forwarded', label: 'running' },
  { value: 'dropped', label: 'dropped' },
];

/** The values of a choice, with the one of the address even where it is not among them. */
function withOwn(values: readonly string[], own: string | undefined): string[] {
  return own === undefined || values.includes(own) ? [...values] : [own, ...values];
}

export function FilterBar({ filters, onChange }: { readonly filters: Filters; readonly onChange: (changes: Partial<Record<FilterKey, string | null>>) => void }): ReactNode {
  const servers = useQuery(serversQuery).data ?? [];
  const grants = useQuery(grantsQuery).data ?? [];
  const policies = useQuery(policiesQuery).data ?? [];
  const size = { size: 'sm', searchable: true, clearable: true, clearButtonProps: { 'aria-label': 'Clear' }, comboboxProps: { withinPortal: true } } as const;
  const outcomes = filters.outcome === undefined || OUTCOMES.some(({ value }) => value === filters.outcome) ? OUTCOMES : [{ value: filters.outcome, label: filters.outcome }, ...OUTCOMES];
  const others = (['name', 'code', 'session', 'since', 'until'] as const).filter((key) => filters[key] !== undefined);
  return (
    <Group gap="xs" role="search" aria-label="Journal">
      <TextFilter label="Search" value={filters.q ?? ''} onChange={(q) => onChange({ q })} icon />
      <Select aria-label="Outcome" placeholder="Any outcome" data={outcomes} value={filters.outcome ?? null} onChange={(outcome) => onChange({ outcome })} w={{ base: '100%', xs: '10rem' }} {...size} />
      <Select aria-label="Server" placeholder="Any server" data={withOwn(servers.map(({ name }) => name), filters.server)} value={filters.server ?? null} onChange={(server) => onChange({ server })} w={{ base: '48%', xs: '9rem' }} {...size} />
      <Select aria-label="Grant" placeholder="Any grant" data={withOwn(grants.map(({ label }) => label), filters.grant)} value={filters.grant ?? null} onChange={(grant) => onChange({ grant })} w={{ base: '48%', xs: '9rem' }} {...size} />
      <Select aria-label="Policy" placeholder="Any policy" data={withOwn(policies.map(({ name }) => name), filters.policy)} value={filters.policy ?? null} onChange={(policy) => onChange({ policy })} w={{ base: '48%', xs: '9rem' }} {...size} />
      <Select aria-label="Time" placeholder="Any time" data={Object.entries(LASTS).map(([value, { label }]) => ({ value, label }))} value={filters.last ?? null} onChange={(last) => onChange({ last, since: null, until: null })} w={{ base: '48%', xs: '9.5rem' }} {...size} searchable={false} />
      {others.map((key) => (
        <Button key={key} size="compact-sm" variant="light" rightSection={<IconX size={12} aria-hidden="true" />} onClick={() => onChange({ [key]: null })} aria-label={`Remove the filter ${key} ${filters[key] ?? ''}`}>
          {key} {filters[key]}
        </Button>
      ))}
      {Object.keys(filters).length > 0 ? (
        <Tooltip label="Clear all filters">
          <ActionIcon variant="default" size="lg" aria-label="Clear all filters" onClick={() => onChange({ server: null, grant: null, name: null, outcome: null, code: null, policy: null, session: null, q: null, since: null, until: null, last: null })}>
            <IconX size={16} aria-hidden="true" />
          </ActionIcon>
        </Tooltip>
      ) : null}
    </Group>
  );
}

function TextFilter({ label, value, onChange, icon = false }: { readonly label: string; readonly value: string; readonly onChange: (value: string | null) => void; readonly icon?: boolean }): ReactNode {
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  // The address changed otherwise: a link, "clear", the back button.
  if (seen !== value) {
    setSeen(value);
    setTyped(value);
  }
  const tell = useDebouncedCallback((text: string) => {
    setSeen(text.trim());
    onChange(text.trim() === '' ? null : text.trim());
  }, 350);
  return (
    <TextInput
      size="sm"
      type="search"
      aria-label={label}
      placeholder={label}
      value={typed}
      maxLength={200}
      w={{ base: '100%', xs: '13rem' }}
      leftSection={icon ? <IconSearch size={15} aria-hidden="true" /> : undefined}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        tell(event.currentTarget.value);
      }}
    />
  );
}
