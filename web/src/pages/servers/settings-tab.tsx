import { Alert, Button, Group, Stack } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { apiPath, get, put, type Versioned } from '../../api/client.ts';
import { fieldErrors } from '../../api/problem.ts';
import { queryClient } from '../../api/query-client.ts';
import { serverQuery } from '../../api/servers.ts';
import type { Server } from '../../api/types.ts';
import { useConflictGuard } from '../../components/conflict.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { told } from '../../components/toasts.ts';
import { ServerFields } from './server-fields.tsx';
import { fromServer, mistakes, toBody, type ServerFormValues } from './server-form-values.ts';

/** @param version of `server`; a newer one is taken over at once, but never over what somebody has begun to write */
export function SettingsTab({ server, version, editable, whyNot }: { readonly server: Server; readonly version: number; readonly editable: boolean; readonly whyNot: string | null }): ReactNode {
  const [opened, setOpened] = useState({ version, values: fromServer(server) });
  const [values, setValues] = useState(opened.values);
  const [error, setError] = useState<unknown>(null);
  const [checked, setChecked] = useState(false);
  const [busy, setBusy] = useState(false);
  const show = (newest: Versioned<Server>): void => {
    const found = { version: newest.version, values: fromServer(newest.value) };
    setOpened(found);
    setValues(found.values);
    setChecked(false);
    setError(null);
  };
  const reload = async (): Promise<void> => show(await queryClient.fetchQuery({ ...serverQuery(server.name), staleTime: 0 }));
  const guard = useConflictGuard(async () => comparable(fromServer(await get<Server>(apiPath('servers', server.name)))), () => void reload().catch(setError));
  if (version !== opened.version && JSON.stringify(values) === JSON.stringify(opened.values)) show({ value: server, version });
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setChecked(true);
    if (Object.keys(mistakes(values, false)).length > 0) return;
    setBusy(true);
    setError(null);
    try {
      const saved = await guard.save(() => put(apiPath('servers', server.name), toBody(values, false), opened.version), comparable(values));
      if (saved) {
        told('The next session uses the new settings.', 'Saved');
        await queryClient.invalidateQueries({ queryKey: ['servers'] });
        await reload();
      }
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="lg" maw="46rem">
        {server.source === 'file' ? <Alert color="accent">This server is written in gateway.yaml. Change it there; the gateway takes it over at once.</Alert> : null}
        {server.source === 'registry' && whyNot !== null ? <Alert color="gray">{whyNot}</Alert> : null}
        <ProblemAlert error={error} />
        <ServerFields values={values} onChange={setValues} errors={{ ...fieldErrors(error), ...(checked ? mistakes(values, false) : {}) }} create={false} disabled={!editable} />
        {editable ? (
          <Group>
            <Button type="submit" loading={busy}>
              Save
            </Button>
          </Group>
        ) : null}
      </Stack>
      {guard.dialog}
    </form>
  );
}

/** For the comparison of two versions: secrets only as what they are. */
function comparable(values: ServerFormValues): unknown {
  const hidden = (list: ServerFormValues['env']): Record<string, string> => Object.fromEntries(list.map(({ key, value, secret }) => [key, secret ? (value === '' ? '(secret, kept)' : '(secret, new)') : value]));
  return { ...values, env: hidden(values.env), headers: hidden(values.headers) };
}
