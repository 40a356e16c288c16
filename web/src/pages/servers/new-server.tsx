import { Button, Divider, Group, Stack, Text, Textarea } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent, type ReactNode } from 'react';
import { post } from '../../api/client.ts';
import { fieldErrors } from '../../api/problem.ts';
import { queryClient } from '../../api/query-client.ts';
import { useWhyNot } from '../../api/session.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { nameFor, recognise, type Recognised } from './recognise.ts';
import { ServerFields } from './server-fields.tsx';
import { fromRecognised, mistakes, NEW_SERVER, toBody } from './server-form-values.ts';

export default function NewServerPage(): ReactNode {
  const whyNot = useWhyNot('servers.write', null);
  const navigate = useNavigate();
  const [pasted, setPasted] = useState('');
  const [found, setFound] = useState<readonly Recognised[]>([]);
  const [told, setTold] = useState<string | null>(null);
  const [values, setValues] = useState(NEW_SERVER);
  const [error, setError] = useState<unknown>(null);
  const [checked, setChecked] = useState(false);
  const [busy, setBusy] = useState(false);
  const crumbs = [{ label: 'Servers', to: '/servers' }];
  if (whyNot !== null) {
    return (
      <Page title="Add a server" crumbs={crumbs}>
        <EmptyState title="You may not add servers">{whyNot}</EmptyState>
      </Page>
    );
  }
  const take = (server: Recognised): void => {
    setValues((before) => fromRecognised(server, { ...before, name: '' }));
    setTold(`Taken over as “${nameFor(server)}”. Look through it below; what looks like a secret is marked.`);
  };
  const read = (text: string): void => {
    setPasted(text);
    setTold(null);
    setFound([]);
    if (text.trim() === '') return;
    const result = recognise(text);
    if (typeof result === 'string') setTold(result);
    else if (result.length === 1 && result[0] !== undefined) take(result[0]);
    else setFound(result);
  };
  const own = checked ? mistakes(values, true) : {};
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setChecked(true);
    if (Object.keys(mistakes(values, true)).length > 0) return;
    setBusy(true);
    setError(null);
    try {
      await post('/servers', toBody(values, true));
      await queryClient.invalidateQueries({ queryKey: ['servers'] });
      await navigate({ to: `/servers/${encodeURIComponent(values.name.trim())}`, search: values.kind === 'http' && values.auth === 'oauth' ? { tab: 'oauth' } : { scan: 'now' } });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Page title="Add a server" crumbs={crumbs} lede="The gateway stands between this server and your agents. Nothing can be called until a grant with a policy is minted for it.">
      <form onSubmit={(event) => void submit(event)} noValidate>
        <Stack gap="lg" maw="46rem">
          <Textarea label="Paste what you have" description="A command, a URL, a “claude mcp add …” line, or the JSON of a client’s configuration. It is read here in the browser." autosize minRows={2} maxRows={10} value={pasted} onChange={(event) => read(event.currentTarget.value)} classNames={{ input: 'pl-mono' }} spellCheck={false} autoComplete="off" />
          {told === null ? null : (
            <Text fz="sm" c="dimmed" role="status">
              {told}
            </Text>
          )}
          {found.length > 1 ? (
            <Stack gap={6}>
              <Text fz="sm">There are {found.length} servers in this. Which one?</Text>
              <Group gap="xs">
                {found.map((server, index) => (
                  <Button key={`${index} ${server.name}`} size="xs" variant="default" onClick={() => take(server)}>
                    {nameFor(server)}
                  </Button>
                ))}
              </Group>
            </Stack>
          ) : null}
          <Divider label="or fill it in" />
          <ProblemAlert error={error} />
          <ServerFields values={values} onChange={setValues} errors={{ ...fieldErrors(error), ...own }} create />
          <Group>
            <Button type="submit" loading={busy}>
              Add and look at its tools
            </Button>
            <Button variant="default" onClick={() => void navigate({ to: '/servers' })}>
              Cancel
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  );
}
