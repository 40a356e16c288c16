import { Anchor, Button, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { ApiProblem, fieldErrors } from '../../api/problem.ts';
import { redeemLink } from '../../api/session.ts';
import type { Session } from '../../api/types.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';

const SHORTEST_PASSWORD = 12;

/** Redeems a one-time link: makes the first admin, lets an invited member in, or sets a new password. */
export function LinkForm({ secret, session, onDone, onGiveUp }: { readonly secret: string; readonly session: Session; readonly onDone: () => void; readonly onGiveUp: () => void }): ReactNode {
  const setup = session.setupNeeded;
  const [values, setValues] = useState({ name: '', email: '', password: '', again: '' });
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [checked, setChecked] = useState(false);
  const told = fieldErrors(error);
  const differs = values.again !== values.password;
  const short = [...values.password].length < SHORTEST_PASSWORD;
  const field = (key: keyof typeof values) => ({ value: values[key], onChange: (event: { readonly currentTarget: { readonly value: string } }) => setValues({ ...values, [key]: event.currentTarget.value }) });
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setChecked(true);
    if (short || differs) return;
    setBusy(true);
    setError(null);
    try {
      await redeemLink({ secret, password: values.password, ...(setup ? { name: values.name.trim(), email: values.email.trim() } : {}) });
      onDone();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const beside = new Set(['name', 'email', 'password']);
  const shown = error instanceof ApiProblem && error.problems.length > 0 && error.problems.every(({ pointer }) => beside.has(pointer.replace(/^\//, ''))) ? null : error;
  const toggle = { 'aria-label': 'Show the password', tabIndex: 0 };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate={false}>
      <Stack>
        <Title order={2}>{setup ? 'Make the first admin' : 'Choose your password'}</Title>
        <Text c="dimmed" fz="sm">
          {setup ? 'You will be able to do everything here, and to invite others.' : 'The link works once. With the password you sign in from then on.'}
        </Text>
        <ProblemAlert error={shown} />
        {setup ? (
          <>
            <TextInput label="Name" name="name" autoComplete="name" required withAsterisk={false} maxLength={200} error={told['name']} {...field('name')} autoFocus />
            <TextInput label="E-mail" name="email" type="email" autoComplete="username" required withAsterisk={false} error={told['email']} {...field('email')} />
          </>
        ) : null}
        <PasswordInput label="Password" name="new-password" description={`At least ${SHORTEST_PASSWORD} characters`} autoComplete="new-password" required withAsterisk={false} error={told['password'] ?? (checked && short ? `It needs at least ${SHORTEST_PASSWORD} characters.` : undefined)} visibilityToggleButtonProps={toggle} {...field('password')} autoFocus={!setup} />
        <PasswordInput label="The same again" name="again" autoComplete="new-password" required withAsterisk={false} error={checked && differs ? 'The two are not the same.' : undefined} visibilityToggleButtonProps={toggle} {...field('again')} />
        <Button type="submit" loading={busy} fullWidth>
          {setup ? 'Make the admin and sign in' : 'Set the password and sign in'}
        </Button>
        {setup ? null : (
          <Anchor component="button" type="button" fz="sm" onClick={onGiveUp}>
            Sign in with a password instead
          </Anchor>
        )}
      </Stack>
    </form>
  );
}
