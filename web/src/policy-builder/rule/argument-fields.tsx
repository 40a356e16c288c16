import { Autocomplete, Checkbox, Group, Paper, Select, Stack, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { ArgumentForm, ArgumentKind } from './argument-form.ts';
import { argumentForm, argumentSchema, suggestedForm } from './argument-form.ts';
import { AddButton, changedAt, Part, RemoveButton, without, type ErrorAt } from './fields.tsx';

const KINDS: readonly { readonly value: ArgumentKind; readonly label: string }[] = [
  { value: 'number', label: 'A number between' },
  { value: 'text', label: 'A text that matches' },
  { value: 'choice', label: 'One of' },
  { value: 'exactly', label: 'Exactly' },
  { value: 'forbidden', label: 'Must not be given' },
  { value: 'schema', label: 'JSON Schema' },
];

function converted(form: ArgumentForm, kind: ArgumentKind): ArgumentForm {
  const { name } = form;
  switch (kind) {
    case 'number':
      return { name, kind, whole: false, minimum: '', maximum: '', above: false };
    case 'text':
      return { name, kind, pattern: '', minLength: '', maxLength: '' };
    case 'choice':
      return { name, kind, values: [], numbers: false };
    case 'exactly':
      return { name, kind, value: 'true' };
    case 'forbidden':
      return { name, kind };
    case 'schema':
      return { name, kind, text: JSON.stringify(argumentSchema(form), null, 2) };
  }
}

export interface ArgumentFieldsProps {
  readonly value: readonly ArgumentForm[];
  readonly onChange: (value: readonly ArgumentForm[]) => void;
  readonly closed: boolean;
  readonly onClosed: (closed: boolean) => void;
  readonly upstream: boolean;
  readonly onUpstream: (upstream: boolean) => void;
  readonly names: readonly string[];
  readonly inputSchema: unknown;
  readonly error: ErrorAt;
}

/** What each argument must be. Simple constraints have fields; every other schema is written as it is. */
export function ArgumentFields(props: ArgumentFieldsProps): ReactNode {
  const { value, onChange, names, error } = props;
  const [name, setName] = useState('');
  const taken = new Set(value.map((one) => one.name));
  const free = names.filter((one) => !taken.has(one));
  const add = (chosen: string): void => {
    if (chosen.trim() === '' || taken.has(chosen)) return;
    onChange([...value, suggestedForm(chosen, props.inputSchema)]);
    setName('');
  };
  return (
    <Part legend="Arguments" hint="What each argument must be, when it is given. Dots reach inside: card.number.">
      {value.map((form, index) => (
        <Paper key={form.name} withBorder p="xs" radius="sm">
          <Stack gap={6}>
            <Group gap="xs" wrap="nowrap" justify="space-between">
              <span className="pl-mono pl-cut" title={form.name}>
                {form.name}
              </span>
              <Group gap={4} wrap="nowrap">
                <Select size="xs" aria-label={`What ${form.name} must be`} data={[...KINDS]} value={form.kind} allowDeselect={false} w="10.5rem" onChange={(kind) => onChange(changedAt(value, index, converted(form, (kind ?? 'schema'))))} />
                <RemoveButton what={`the constraint of ${form.name}`} onClick={() => onChange(without(value, index))} />
              </Group>
            </Group>
            <Constraint form={form} onChange={(next) => onChange(changedAt(value, index, next))} error={error(`/arguments/${form.name.replaceAll('~', '~0').replaceAll('/', '~1')}`)} />
          </Stack>
        </Paper>
      ))}
      <Group gap="xs" align="flex-end">
        <Autocomplete label="Argument" size="xs" flex={1} maw="16rem" data={free.slice(0, 100)} value={name} onChange={setName} onOptionSubmit={add} placeholder={free[0] ?? 'name'} maxLength={200} />
        <AddButton disabled={name.trim() === '' || taken.has(name)} onClick={() => add(name)}>
          Constraint
        </AddButton>
      </Group>
      <Checkbox label="Forbid arguments that are not named here" description="Use it where money or data moves." checked={props.closed} onChange={(event) => props.onClosed(event.currentTarget.checked)} error={error('/additional')} />
      <Checkbox label="Also hold calls against the tool's own input schema" checked={props.upstream} onChange={(event) => props.onUpstream(event.currentTarget.checked)} error={error('/schema')} />
    </Part>
  );
}

function Constraint({ form, onChange, error }: { readonly form: ArgumentForm; readonly onChange: (form: ArgumentForm) => void; readonly error: string | undefined }): ReactNode {
  const wrong = error === undefined ? {} : { error };
  switch (form.kind) {
    case 'number':
      return (
        <>
          <Group gap="xs" grow align="flex-end">
            <TextInput size="xs" label={form.above ? 'More than' : 'At least'} inputMode="decimal" value={form.minimum} onChange={(event) => onChange({ ...form, minimum: event.currentTarget.value })} />
            <TextInput size="xs" label="At most" inputMode="decimal" value={form.maximum} onChange={(event) => onChange({ ...form, maximum: event.currentTarget.value })} {...wrong} />
          </Group>
          <Group gap="md">
            <Checkbox size="xs" label="Whole numbers only" checked={form.whole} onChange={(event) => onChange({ ...form, whole: event.currentTarget.checked })} />
            <Checkbox size="xs" label="More than, not equal" checked={form.above} onChange={(event) => onChange({ ...form, above: event.currentTarget.checked })} />
          </Group>
        </>
      );
    case 'text':
      return (
        <Group gap="xs" align="flex-end" wrap="wrap">
          <TextInput size="xs" label="Pattern (RE2, anchor with ^ and $)" className="pl-mono" flex={1} miw="10rem" spellCheck={false} value={form.pattern} onChange={(event) => onChange({ ...form, pattern: event.currentTarget.value })} {...wrong} />
          <TextInput size="xs" label="Shortest" w="5rem" inputMode="numeric" value={form.minLength} onChange={(event) => onChange({ ...form, minLength: event.currentTarget.value })} />
          <TextInput size="xs" label="Longest" w="5rem" inputMode="numeric" value={form.maxLength} onChange={(event) => onChange({ ...form, maxLength: event.currentTarget.value })} />
        </Group>
      );
    case 'choice':
      return (
        <>
          <TagsInput size="xs" label="Values" value={[...form.values]} onChange={(values) => onChange({ ...form, values })} {...wrong} />
          <Checkbox size="xs" label="They are numbers" checked={form.numbers} onChange={(event) => onChange({ ...form, numbers: event.currentTarget.checked })} />
        </>
      );
    case 'exactly':
      return <TextInput size="xs" label="Value (JSON)" className="pl-mono" value={form.value} onChange={(event) => onChange({ ...form, value: event.currentTarget.value })} {...wrong} />;
    case 'forbidden':
      return null;
    case 'schema':
      return <Textarea size="xs" label="JSON Schema" className="pl-mono" autosize minRows={3} spellCheck={false} value={form.text} onChange={(event) => onChange({ ...form, text: event.currentTarget.value })} onBlur={() => onChange(tidied(form))} {...wrong} />;
  }
}

/** What has a simpler form is shown in it when the field is left. */
function tidied(form: Extract<ArgumentForm, { kind: 'schema' }>): ArgumentForm {
  try {
    return argumentForm(form.name, JSON.parse(form.text));
  } catch {
    return form;
  }
}
