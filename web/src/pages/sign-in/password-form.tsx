import { Alert, Button, Divider, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { apiUrl } from '../../api/client.ts';
import { readable } from '../../api/problem.ts';
import { signIn } from '../../api/session.ts';
import type { Session } from '../../api/types.ts';

/** @param refused why the sign-in at the identity provider, from which the browser comes back, did not work */
export function PasswordForm({ session, refused, onDone }: { readonly session: Session; readonly refused: string | null; readonly onDone: () => void }): ReactNode {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  if (session.setupNeeded) {
    return (
      <Stack gap="sm">
        <Title order={2}>Nobody can sign in yet</Title>
        <Text>The gateway printed a one-time link for the first admin when it started. Open that link here.</Text>
        <Text c="dimmed" fz="sm">
          It is in the output of <code>policylayer serve</code>. The link ends after a while: a restart prints a new one.
        </Text>
      </Stack>
    );
  }
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await signIn(email.trim(), password);
      onDone();
    } catch (problem) {
      setPassword('');
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Stack>
      <Title order={2}>Sign in</Title>
      {error === null && refused === null ? null : (
        <Alert color="red" role="alert">
          {error === null ? refused : readable(error)}
        </Alert>
      )}
      {session.signIn.password ? (
        <form onSubmit={(event) => void submit(event)}>
          <Stack>
            <TextInput label="E-mail" type="email" name="email" autoComplete="username" required withAsterisk={false} value={email} onChange={(event) => setEmail(event.currentTarget.value)} autoFocus />
            <PasswordInput label="Password" name="password" autoComplete="current-password" required withAsterisk={false} value={password} onChange={(event) => setPassword(event.currentTarget.value)} visibilityToggleButtonProps={{ 'aria-label': 'Show the password', tabIndex: 0 }} />
            <Button type="submit" loading={busy} fullWidth>
              Sign in
            </Button>
          </Stack>
        </form>
      ) : null}
      {session.signIn.oidc === null ? null : (
        <>
          {session.signIn.password ? <Divider label="or" /> : null}
          <Button component="a" href={apiUrl('/session/oidc/start')} variant="default" fullWidth>
            Sign in with {session.signIn.oidc.label}
          </Button>
        </>
      )}
      {session.signIn.password ? (
        <Text fz="sm" c="dimmed">
          No password yet, or forgotten? An admin can send you a one-time link.
        </Text>
      ) : null}
    </Stack>
  );
}
