import { Button, Stack, TagsInput, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { Versioned } from '../../api/client.ts';
import { fieldErrors } from '../../api/problem.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import type { Settings } from './settings.ts';
import { useSave } from './use-save.ts';

/** Name, address, and the private addresses that servers may have. */
export function OrganisationSettings({ settings, onSaved }: { readonly settings: Versioned<Settings>; readonly onSaved: () => Promise<void> }): ReactNode {
  const { value } = settings;
  const [name, setName] = useState(value.organisationName);
  const [url, setUrl] = useState(value.publicUrl ?? '');
  const [targets, setTargets] = useState<string[]>([...value.privateTargets]);
  const { save, busy, error, dialog } = useSave(settings, onSaved);
  const wrong = fieldErrors(error);
  const ofFile = value.publicUrlSource === 'file';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void save({ organisationName: name, privateTargets: targets, ...(ofFile ? {} : { publicUrl: url.trim() === '' ? null : url.trim() }) });
      }}
    >
      <Stack maw="36rem">
        <TextInput label="Name of the organisation" value={name} onChange={(event) => setName(event.currentTarget.value)} error={wrong['organisationName']} maxLength={120} />
        <TextInput label="Public address" description={ofFile ? 'gateway.yaml says it; change it there.' : 'By which browsers and clients reach the gateway. It stands in links, and in the configuration of clients. Who changes it from http to https signs in anew at the new address.'} placeholder="https://gateway.example.com" value={url} onChange={(event) => setUrl(event.currentTarget.value)} error={wrong['publicUrl']} disabled={ofFile} maxLength={500} />
        <TagsInput label="Private addresses that servers may have" description="Servers on private networks are refused unless they are named here: hosts, addresses or ranges, such as tickets.internal or 10.2.0.0/16. Metadata addresses of clouds never are." value={targets} onChange={setTargets} error={wrong['privateTargets']} />
        <ProblemAlert error={error} />
        <Button type="submit" loading={busy} style={{ alignSelf: 'flex-start' }}>
          Save
        </Button>
      </Stack>
      {dialog}
    </form>
  );
}
