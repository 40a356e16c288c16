import { Group, MultiSelect, TagsInput, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { Part, Wrong, type ErrorAt } from './fields.tsx';
import { WAYS, type ApprovalForm } from './rule-form.ts';

/** Who is asked, how, and how long; everything has a default. */
export function ApprovalFields({ value, onChange, error, people }: { readonly value: ApprovalForm; readonly onChange: (value: ApprovalForm) => void; readonly error: ErrorAt; readonly people: readonly string[] }): ReactNode {
  const set = (part: Partial<ApprovalForm>): void => onChange({ ...value, ...part });
  return (
    <Part legend="Approval" hint="An approval is for one exact call, and is used once. Empty fields take the defaults.">
      <Group gap="xs" align="flex-end" wrap="wrap">
        <TextInput label="Waits at most" placeholder="1h" w="7rem" value={value.timeout} onChange={(event) => set({ timeout: event.currentTarget.value })} error={error('/approval/timeout')} />
        <TextInput label="Call is held for" placeholder="30s" w="7rem" value={value.wait} onChange={(event) => set({ wait: event.currentTarget.value })} error={error('/approval/wait')} />
        <TextInput label="How many say yes" placeholder="1" w="8rem" inputMode="numeric" value={value.needed} onChange={(event) => set({ needed: event.currentTarget.value })} error={error('/approval/approvers/needed')} />
      </Group>
      <TagsInput label="Who may decide" description="Empty: every approver." data={[...people]} value={[...value.of]} onChange={(of) => set({ of })} error={error('/approval/approvers') ?? error('/approval/approvers/of')} />
      <MultiSelect label="How they may decide" placeholder={value.via.length === 0 ? 'every way but elicitation' : ''} data={[...WAYS]} value={[...value.via]} onChange={(via) => set({ via })} error={error('/approval/via')} />
      <Wrong text={error('/approval')} />
    </Part>
  );
}
