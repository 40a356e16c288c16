import { Accordion, Fieldset, Radio, SegmentedControl, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { EntriesField } from './entries-field.tsx';
import type { ServerFormValues } from './server-form-values.ts';
import { shellWords } from './shell-words.ts';

export interface ServerFieldsProps {
  readonly values: ServerFormValues;
  readonly onChange: (values: ServerFormValues) => void;
  readonly errors: Readonly<Record<string, string>>;
  readonly create: boolean;
  readonly disabled?: boolean;
}

/** The fields of a server, for a new one and for its settings. */
export function ServerFields({ values, onChange, errors, create, disabled = false }: ServerFieldsProps): ReactNode {
  const set = <Key extends keyof ServerFormValues>(key: Key, value: ServerFormValues[Key]): void => onChange({ ...values, [key]: value });
  const text = (key: 'name' | 'description' | 'command' | 'cwd' | 'url') => ({ value: values[key], onChange: (event: { readonly currentTarget: { readonly value: string } }) => set(key, event.currentTarget.value), error: errors[key], disabled });
  const words = shellWords(values.command) ?? [];
  return (
    <Stack gap="md">
      {create ? <TextInput label="Name" description="A part of the address that clients use" maxLength={64} spellCheck={false} autoComplete="off" {...text('name')} /> : null}
      <TextInput label="Description" description="For people; optional" maxLength={500} {...text('description')} />
      <Stack gap={4}>
        <Text fz="sm" fw={600} id="server-kind">
          How it is reached
        </Text>
        <SegmentedControl aria-labelledby="server-kind" value={values.kind} disabled={disabled || !create} onChange={(kind) => set('kind', kind === 'http' ? 'http' : 'command')} data={[{ value: 'command', label: 'A command that the gateway starts' }, { value: 'http', label: 'A URL' }]} />
      </Stack>
      {values.kind === 'command' ? (
        <>
          <TextInput label="Command" description="Started without a shell. Quotes group words; nothing is expanded." classNames={{ input: 'pl-mono' }} spellCheck={false} autoComplete="off" {...text('command')} />
          {words.length > 1 ? (
            <Text fz="xs" c="dimmed" className="pl-mono" mt={-8}>
              {words.map((word) => JSON.stringify(word)).join(' ')}
            </Text>
          ) : null}
          <EntriesField legend="Environment" one="variable" hint="The server gets these variables and none of the gateway’s own." values={values.env} onChange={(env) => set('env', env)} error={errors['env']} disabled={disabled} />
        </>
      ) : (
        <>
          <TextInput label="URL" description="Of the server’s MCP endpoint" placeholder="https://" classNames={{ input: 'pl-mono' }} spellCheck={false} autoComplete="off" {...text('url')} />
          <Radio.Group label="How the gateway signs in there" value={values.auth} onChange={(auth) => set('auth', auth === 'oauth' ? 'oauth' : 'none')}>
            <Stack gap="xs" mt={6}>
              <Radio value="none" label="With headers, or not at all" disabled={disabled} />
              <Radio value="oauth" label="With OAuth" description="You connect it once; the gateway keeps and renews the tokens, agents never see them." disabled={disabled} />
            </Stack>
          </Radio.Group>
          <EntriesField legend="Headers" one="header" hint="Sent with every request to the server." values={values.headers} onChange={(headers) => set('headers', headers)} error={errors['headers']} disabled={disabled} />
        </>
      )}
      <Accordion variant="separated" chevronPosition="left" order={2}>
        <Accordion.Item value="more">
          <Accordion.Control>More: isolation, changed tools, protocol versions</Accordion.Control>
          <Accordion.Panel>
            <Stack gap="md">
              {values.kind === 'command' ? <TextInput label="Working directory" description="Empty: the gateway’s own" classNames={{ input: 'pl-mono' }} spellCheck={false} autoComplete="off" {...text('cwd')} /> : null}
              <Select label="Who shares a process or session" allowDeselect={false} disabled={disabled} value={values.isolation} onChange={(value) => set('isolation', value === 'grant' || value === 'shared' ? value : 'session')} error={errors['isolation']} data={[{ value: 'session', label: 'Nobody: one for each session' }, { value: 'grant', label: 'The sessions of one grant' }, { value: 'shared', label: 'Everybody' }]} />
              <Select label="When a tool’s definition changes for the worse" allowDeselect={false} disabled={disabled} value={values.drift} onChange={(value) => set('drift', value === 'warn' || value === 'off' ? value : 'hold')} error={errors['drift']} data={[{ value: 'hold', label: 'Hold the tool back until somebody accepts it' }, { value: 'warn', label: 'Only note it' }, { value: 'off', label: 'Do not compare' }]} />
              <Fieldset variant="unstyled" disabled={disabled}>
                <Stack gap="sm">
                  <Switch label="Translate between protocol versions" description="Clients of another version than the server’s can connect." checked={values.bridge} onChange={(event) => set('bridge', event.currentTarget.checked)} />
                  <Switch label="Believe the server’s own annotations" description="Only for servers whose authors you trust: an annotation can make a tool look harmless." checked={values.trustedAnnotations} onChange={(event) => set('trustedAnnotations', event.currentTarget.checked)} />
                </Stack>
              </Fieldset>
            </Stack>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  );
}
