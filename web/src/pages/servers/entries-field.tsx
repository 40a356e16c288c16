import { ActionIcon, Button, Checkbox, Fieldset, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { looksSecret } from './recognise.ts';
import { newEntry, type Entry } from './server-form-values.ts';

/** Environment variables or headers. A secret is sealed when it is saved, and never shown again. */
export function EntriesField({ legend, one, hint, values, onChange, error, disabled }: { readonly legend: string; readonly one: string; readonly hint: string; readonly values: readonly Entry[]; readonly onChange: (values: readonly Entry[]) => void; readonly error: string | undefined; readonly disabled: boolean }): ReactNode {
  const change = (id: string, part: Partial<Entry>): void => onChange(values.map((entry) => (entry.id === id ? { ...entry, ...part } : entry)));
  return (
    <Fieldset legend={<Text component="span" fz="sm" fw={600}>{legend}</Text>} variant="unstyled" m={0} disabled={disabled}>
      <Stack gap="xs" mt={2}>
        <Text fz="sm" c="dimmed">
          {hint}
        </Text>
        {values.map((entry, index) => {
          const name = entry.key === '' ? `${one} ${index + 1}` : entry.key;
          const field = { 'aria-label': `Value of ${name}`, value: entry.value, onChange: (event: { readonly currentTarget: { readonly value: string } }) => change(entry.id, { value: event.currentTarget.value }), flex: '2 1 14rem', autoComplete: 'off', spellCheck: false };
          return (
            <Group key={entry.id} gap="xs" align="center">
              <TextInput aria-label={`Name of ${one} ${index + 1}`} placeholder="NAME" className="pl-mono" flex="1 1 9rem" value={entry.key} spellCheck={false} autoComplete="off" onChange={(event) => change(entry.id, { key: event.currentTarget.value, ...(entry.kept || entry.secret ? {} : { secret: looksSecret(event.currentTarget.value) }) })} />
              {entry.secret ? <PasswordInput {...field} placeholder={entry.kept ? 'kept; type to replace it' : 'secret'} visibilityToggleButtonProps={{ 'aria-label': `Show ${name}`, tabIndex: 0 }} /> : <TextInput {...field} placeholder="value" />}
              <Checkbox label="Secret" checked={entry.secret} disabled={entry.kept} onChange={(event) => change(entry.id, { secret: event.currentTarget.checked })} aria-label={`${name} is a secret`} />
              <ActionIcon variant="subtle" color="gray" aria-label={`Remove ${name}`} onClick={() => onChange(values.filter(({ id }) => id !== entry.id))} disabled={disabled}>
                <IconTrash size={16} aria-hidden="true" />
              </ActionIcon>
            </Group>
          );
        })}
        {error === undefined ? null : (
          <Text fz="sm" c="var(--mantine-color-error)" role="alert">
            {error}
          </Text>
        )}
        <div>
          <Button size="xs" variant="default" leftSection={<IconPlus size={14} aria-hidden="true" />} onClick={() => onChange([...values, newEntry()])} disabled={disabled}>
            Add a {one}
          </Button>
        </div>
      </Stack>
    </Fieldset>
  );
}
