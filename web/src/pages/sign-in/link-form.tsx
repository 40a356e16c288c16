import { Anchor, Button, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { ApiProblem, fieldErrors } from '../../api/problem.ts';
import { redeemLink, type LinkPurpose } from '../../api/session.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';

const SHORTEST_PASSWORD = 12;

const WORDS: Readonly<Record<LinkPurpose['purpose'], { readonly title: string; readonly lede: string; readonly button: string }>> = {
  setup: { title: 'Make the first admin', lede: 'You will be able to do everything here, and to invite others.', button: 'Make the admin and sign in' },
  invite: { title: 'Welcome', lede: 'You were invited. Choose a password; with it you sign in from then on. The link works once.', button: 'Set the password and sign in' },
  reset: { title: 'Choose a new password', lede: 'It takes the place of the old one, and every session of yours ends. The link works once.', button: 'Set the password and sign in' },
};

/** Redeems a one-time link: makes the first admin, lets an invited member in, or sets a new password. */
export function LinkForm({ secret, link, onDone, onGiveUp }: { readonly secret: string; readonly link: LinkPurpose; readonly onDone: () => void; readonly onGiveUp: () => void }): ReactNode {
  const setup = link.purpose === 'setup';
  const words = WORDS[link.purpose];
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
        <Title order={2}>{link.purpose === 'invite' && link.name !== null ? `Welcome, ${link.name}` : words.title}</Title>
        <Text c="dimmed" fz="sm">
          {words.lede}
        </Text>
        <ProblemAlert error={shown} />
        {setup ? (
          <>
            <TextInput label="Name" name="name" autoComplete="name" required withAsterisk={false} maxLength={200} error={told['name']} {...field('name')} autoFocus />
            <TextInput label="E-mail" name="email" type="email" autoComplete="username" required withAsterisk={false} error={told['email']} {...field('email')} />
          </>
        ) : link.email === null ? null : (
          // Read-only, not hidden: password managers keep the password under it.
          <TextInput label="E-mail" name="email" type="email" autoComplete="username" value={link.email} readOnly variant="filled" />
        )}
        <PasswordInput label="Password" name="new-password" description={`At least ${SHORTEST_PASSWORD} characters`} autoComplete="new-password" required withAsterisk={false} error={told['password'] ?? (checked && short ? `It needs at least ${SHORTEST_PASSWORD} characters.` : undefined)} visibilityToggleButtonProps={toggle} {...field('password')} autoFocus={!setup} />
        <PasswordInput label="The same again" name="again" autoComplete="new-password" required withAsterisk={false} error={checked && differs ? 'The two are not the same.' : undefined} visibilityToggleButtonProps={toggle} {...field('again')} />
        <Button type="submit" loading={busy} fullWidth>
          {words.button}
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
