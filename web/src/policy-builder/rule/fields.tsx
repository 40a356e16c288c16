import { ActionIcon, Button, Fieldset, Group, MultiSelect, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { EMPTY_BUDGET, EMPTY_LIMIT, PER, type BudgetForm, type ConditionForm, type LimitForm } from './rule-form.ts';

/** What is wrong with a part of the rule, by its pointer below the rule: `/require/0`. */
export type ErrorAt = (pointer: string) => string | undefined;

export function changedAt<Value>(list: readonly Value[], index: number, value: Value): Value[] {
  return list.map((one, place) => (place === index ? value : one));
}
export const without = <Value,>(list: readonly Value[], index: number): Value[] => list.filter((_, place) => place !== index);
/** A list of one is written without an index. */
const at = (key: string, index: number, length: number): string => (length === 1 ? `/${key}` : `/${key}/${index}`);

export function RemoveButton({ what, onClick }: { readonly what: string; readonly onClick: () => void }): ReactNode {
  return (
    <ActionIcon variant="subtle" color="gray.7" aria-label={`Remove ${what}`} onClick={onClick} mb={4}>
      <IconTrash size={16} aria-hidden="true" />
    </ActionIcon>
  );
}

export function AddButton({ children, onClick, disabled }: { readonly children: ReactNode; readonly onClick: () => void; readonly disabled?: boolean }): ReactNode {
  return (
    <Button variant="default" size="compact-sm" leftSection={<IconPlus size={14} aria-hidden="true" />} onClick={onClick} disabled={disabled ?? false} style={{ alignSelf: 'flex-start' }}>
      {children}
    </Button>
  );
}

export function Part({ legend, hint, children }: { readonly legend: string; readonly hint: string; readonly children: ReactNode }): ReactNode {
  return (
    <Fieldset legend={legend} p="sm" radius="md">
      <Stack gap="sm">
        <Text fz="sm" c="dimmed">
          {hint}
        </Text>
        {children}
      </Stack>
    </Fieldset>
  );
}

const PER_WORDS: Readonly<Record<string, string>> = { session: 'each session', grant: 'each grant', server: 'the whole server', tool: 'each tool' };

/** `max` in `window`, counted by `per`. */
function Counter({ form, onChange, error, number, what }: { readonly form: LimitForm; readonly onChange: (form: Partial<LimitForm>) => void; readonly error: ErrorAt; readonly number: string; readonly what: string }): ReactNode {
  return (
    <>
      <TextInput label="At most" w="6.5rem" inputMode="decimal" value={form.max} onChange={(event) => onChange({ max: event.currentTarget.value })} error={error(`${number}/max`)} />
      <TextInput label="In" w="6rem" placeholder="1m" value={form.window} onChange={(event) => onChange({ window: event.currentTarget.value })} error={error(`${number}/window`)} list={`windows-${what}`} />
      <datalist id={`windows-${what}`}>
        {['1s', '10s', '1m', '10m', '1h', '1d', '7d', '30d'].map((window) => (
          <option key={window} value={window} />
        ))}
      </datalist>
      <MultiSelect label="Counted for" miw="11rem" flex={1} data={PER.map((value) => ({ value, label: PER_WORDS[value] ?? value }))} value={[...form.per]} onChange={(per) => onChange({ per })} error={error(`${number}/per`)} comboboxProps={{ withinPortal: true }} />
    </>
  );
}

export function LimitFields({ value, onChange, error }: { readonly value: readonly LimitForm[]; readonly onChange: (value: readonly LimitForm[]) => void; readonly error: ErrorAt }): ReactNode {
  return (
    <Part legend="Rate limits" hint="No interval of this length ever holds more calls. Several hold together: a burst, an hour, a day.">
      {value.map((form, index) => {
        const place = at('rate_limit', index, value.length);
        return (
          <Stack key={index} gap={4}>
            <Group align="flex-end" gap="xs" wrap="wrap">
              <Counter form={form} what={`limit-${index}`} number={place} error={error} onChange={(part) => onChange(changedAt(value, index, { ...form, ...part }))} />
              <RemoveButton what={`limit ${index + 1}`} onClick={() => onChange(without(value, index))} />
            </Group>
            <Wrong text={error(place)} />
          </Stack>
        );
      })}
      <AddButton onClick={() => onChange([...value, EMPTY_LIMIT])}>Limit</AddButton>
    </Part>
  );
}

export function BudgetFields({ value, onChange, error, sums }: { readonly value: readonly BudgetForm[]; readonly onChange: (value: readonly BudgetForm[]) => void; readonly error: ErrorAt; readonly sums: readonly string[] }): ReactNode {
  return (
    <Part legend="Budgets" hint="How much of something may be spent. It is reserved before the call and given back when the server did not do the work.">
      {value.map((form, index) => {
        const place = at('budget', index, value.length);
        return (
          <Stack key={index} gap={4}>
            <Group align="flex-end" gap="xs" wrap="wrap">
              <TextInput label="Sum of (CEL)" miw="10rem" flex={1} className="pl-mono" value={form.sum} onChange={(event) => onChange(changedAt(value, index, { ...form, sum: event.currentTarget.value }))} error={error(`${place}/sum`)} list={`sums-${index}`} />
              <datalist id={`sums-${index}`}>
                {sums.map((sum) => (
                  <option key={sum} value={sum} />
                ))}
              </datalist>
              <Counter form={form} what={`budget-${index}`} number={place} error={error} onChange={(part) => onChange(changedAt(value, index, { ...form, ...part }))} />
              <RemoveButton what={`budget ${index + 1}`} onClick={() => onChange(without(value, index))} />
            </Group>
            <Wrong text={error(place)} />
          </Stack>
        );
      })}
      <AddButton onClick={() => onChange([...value, EMPTY_BUDGET])}>Budget</AddButton>
    </Part>
  );
}

export function ConditionFields({ legend, hint, name, value, onChange, error }: { readonly legend: string; readonly hint: string; readonly name: 'require' | 'deny_if'; readonly value: readonly ConditionForm[]; readonly onChange: (value: readonly ConditionForm[]) => void; readonly error: ErrorAt }): ReactNode {
  return (
    <Part legend={legend} hint={hint}>
      {value.map((form, index) => {
        const place = at(name, index, value.length);
        return (
          <Group key={index} align="flex-end" gap="xs">
            <Stack gap={4} flex={1} miw={0}>
              <Textarea label={`Condition ${index + 1} (CEL)`} className="pl-mono" autosize minRows={1} spellCheck={false} value={form.if} onChange={(event) => onChange(changedAt(value, index, { ...form, if: event.currentTarget.value }))} error={error(`${place}/if`) ?? error(place)} placeholder="args.amount <= 500" />
              <TextInput size="xs" aria-label={`Reason of condition ${index + 1}`} placeholder="What the agent is told (optional)" value={form.reason} onChange={(event) => onChange(changedAt(value, index, { ...form, reason: event.currentTarget.value }))} error={error(`${place}/reason`)} />
            </Stack>
            <RemoveButton what={`condition ${index + 1}`} onClick={() => onChange(without(value, index))} />
          </Group>
        );
      })}
      <AddButton onClick={() => onChange([...value, { if: '', reason: '' }])}>Condition</AddButton>
    </Part>
  );
}

export function Wrong({ text }: { readonly text: string | undefined }): ReactNode {
  return text === undefined ? null : (
    <Text fz="xs" c="var(--mantine-color-error)" role="alert">
      {text}
    </Text>
  );
}

