import { Accordion, Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { apiPath, request } from '../../api/client.ts';
import { fieldErrors } from '../../api/problem.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { told } from '../../components/toasts.ts';

/** For issuers at which no client can register itself. */
export function OAuthClientForm({ server }: { readonly server: string }): ReactNode {
  const [values, setValues] = useState({ clientId: '', clientSecret: '', scopes: '' });
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const field = (key: keyof typeof values) => ({ value: values[key], error: fieldErrors(error)[key], autoComplete: 'off', onChange: (event: { readonly currentTarget: { readonly value: string } }) => setValues({ ...values, [key]: event.currentTarget.value }) });
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const scopes = values.scopes.split(/\s+/).filter((scope) => scope !== '');
      await request('PUT', `${apiPath('servers', server)}/oauth/client`, { body: { clientId: values.clientId.trim(), ...(values.clientSecret === '' ? {} : { clientSecret: values.clientSecret }), ...(scopes.length === 0 ? {} : { scopes }) } });
      setValues({ clientId: '', clientSecret: '', scopes: '' });
      told('Connect the server now.', 'Client saved');
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Accordion variant="separated" chevronPosition="left" order={2}>
      <Accordion.Item value="client">
        <Accordion.Control>A client that was registered by hand</Accordion.Control>
        <Accordion.Panel>
          <form onSubmit={(event) => void submit(event)}>
            <Stack>
              <Text fz="sm" c="dimmed">
                Only needed where the issuer lets no client register itself.
              </Text>
              <ProblemAlert error={error} />
              <TextInput label="Client id" required withAsterisk={false} {...field('clientId')} />
              <PasswordInput label="Client secret" description="Empty: it has none, or the one that is kept stays" visibilityToggleButtonProps={{ 'aria-label': 'Show the secret', tabIndex: 0 }} {...field('clientSecret')} />
              <TextInput label="Scopes" description="Separated by spaces; empty: what the server asks for" {...field('scopes')} />
              <Group>
                <Button type="submit" variant="default" loading={busy}>
                  Save the client
                </Button>
              </Group>
            </Stack>
          </form>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
