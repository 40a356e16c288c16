import { Accordion, Button, Group, PasswordInput, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { apiPath, request } from '../../api/client.ts';
import { fieldErrors } from '../../api/problem.ts';
import { queryClient } from '../../api/query-client.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { told } from '../../components/toasts.ts';

type Grant = 'authorization_code' | 'client_credentials';

/** For issuers at which no client can register itself. */
export function OAuthClientForm({ server }: { readonly server: string }): ReactNode {
  const [values, setValues] = useState({ clientId: '', clientSecret: '', scopes: '' });
  const [grant, setGrant] = useState<Grant>('authorization_code');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const field = (key: keyof typeof values) => ({ value: values[key], error: fieldErrors(error)[key], autoComplete: 'off', onChange: (event: { readonly currentTarget: { readonly value: string } }) => setValues({ ...values, [key]: event.currentTarget.value }) });
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const scopes = values.scopes.split(/\s+/).filter((scope) => scope !== '');
      await request('PUT', `${apiPath('servers', server)}/oauth/client`, { body: { clientId: values.clientId.trim(), grant, ...(values.clientSecret === '' ? {} : { clientSecret: values.clientSecret }), ...(scopes.length === 0 ? {} : { scopes }) } });
      setValues({ clientId: '', clientSecret: '', scopes: '' });
      await queryClient.invalidateQueries({ queryKey: ['servers'] });
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
              <Radio.Group label="How it gets its tokens" value={grant} onChange={(value) => setGrant(value === 'client_credentials' ? value : 'authorization_code')} error={fieldErrors(error)['grant']}>
                <Stack gap="xs" mt={6}>
                  <Radio value="authorization_code" label="A person consents" description="The usual way: whoever connects the server signs in at the issuer." />
                  <Radio value="client_credentials" label="With its own secret, without a person" description="Client credentials, for accounts of services. It needs a client secret." />
                </Stack>
              </Radio.Group>
              <TextInput label="Client id" required withAsterisk={false} {...field('clientId')} />
              <PasswordInput label="Client secret" description={grant === 'client_credentials' ? 'Empty: the one that is kept for this client id stays' : 'Empty: it has none, or the one that is kept stays'} visibilityToggleButtonProps={{ 'aria-label': 'Show the secret', tabIndex: 0 }} {...field('clientSecret')} />
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
