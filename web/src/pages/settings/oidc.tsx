import { Button, Group, PasswordInput, Select, Stack, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { Versioned } from '../../api/client.ts';
import { fieldErrors } from '../../api/problem.ts';
import { ROLES, type Role } from '../../api/types.ts';
import { ROLE_WORDS } from '../../app/member-menu.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { roleMapOf } from './role-map.ts';
import type { Settings } from './settings.ts';
import { useSave } from './use-save.ts';

/** Sign-in with the organisation's own identity provider. */
export function OidcSettings({ settings, onSaved }: { readonly settings: Versioned<Settings>; readonly onSaved: () => Promise<void> }): ReactNode {
  const { oidc } = settings.value;
  const [enabled, setEnabled] = useState(oidc?.enabled ?? false);
  const [label, setLabel] = useState(oidc?.label ?? 'Single sign-on');
  const [issuer, setIssuer] = useState(oidc?.issuer ?? '');
  const [clientId, setClientId] = useState(oidc?.clientId ?? '');
  const [secret, setSecret] = useState('');
  const [domains, setDomains] = useState<string[]>([...(oidc?.allowedDomains ?? [])]);
  const [role, setRole] = useState<Role | null>(oidc?.defaultRole ?? null);
  const [claim, setClaim] = useState(oidc?.roleClaim ?? '');
  const [map, setMap] = useState(Object.entries(oidc?.roleMap ?? {}).map(([value, own]) => `${value}=${own}`).join('\n'));
  const { save, busy, error, dialog } = useSave(settings, onSaved);
  const wrong = fieldErrors(error, (pointer) => pointer.split('/')[2] ?? '');
  const roles = roleMapOf(map);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (busy || typeof roles === 'string') return;
        void save({ oidc: { enabled, label, issuer: issuer.trim(), clientId, allowedDomains: domains, defaultRole: role, roleClaim: claim.trim() === '' ? null : claim.trim(), roleMap: roles, clientSecret: secret === '' ? (oidc?.clientSecretSet === true ? true : null) : secret } });
      }}
    >
      <Stack maw="36rem">
        <Switch label="Members may sign in with it" checked={enabled} onChange={(event) => setEnabled(event.currentTarget.checked)} />
        <TextInput label="Words on the button" value={label} onChange={(event) => setLabel(event.currentTarget.value)} error={wrong['label']} maxLength={120} />
        <TextInput label="Issuer" placeholder="https://login.example.com" value={issuer} onChange={(event) => setIssuer(event.currentTarget.value)} error={wrong['issuer']} maxLength={500} required />
        <TextInput label="Client id" value={clientId} onChange={(event) => setClientId(event.currentTarget.value)} error={wrong['clientId']} maxLength={500} required autoComplete="off" />
        <PasswordInput label="Client secret" description={oidc?.clientSecretSet === true ? 'One is stored, and shown to nobody. Leave it empty to keep it.' : 'Left out for a public client.'} value={secret} onChange={(event) => setSecret(event.currentTarget.value)} error={wrong['clientSecret']} maxLength={2000} autoComplete="new-password" />
        {oidc === null ? null : <CodeBlock text={oidc.redirectUri} label="Redirect address, to be registered at the provider" wrap />}
        <TagsInput label="Domains" description="Whose e-mail addresses may come in without an invitation. Empty: only members who were invited." value={domains} onChange={setDomains} error={wrong['allowedDomains']} />
        <Group grow align="flex-start">
          <Select label="Role of who comes in so" data={[{ value: 'none', label: 'none' }, ...ROLES.map((value) => ({ value, label: ROLE_WORDS[value] }))]} value={role ?? 'none'} allowDeselect={false} onChange={(value) => setRole(ROLES.find((one) => one === value) ?? null)} error={wrong['defaultRole']} />
          <TextInput label="Claim that says the role" placeholder="groups" value={claim} onChange={(event) => setClaim(event.currentTarget.value)} error={wrong['roleClaim']} maxLength={200} />
        </Group>
        <Textarea label="Values of the claim" description={`value=role, one in each line. Roles: ${ROLES.join(', ')}.`} className="pl-mono" autosize minRows={2} value={map} onChange={(event) => setMap(event.currentTarget.value)} error={typeof roles === 'string' ? roles : wrong['roleMap']} placeholder="platform-team=admin" />
        <ProblemAlert error={error} />
        <Group>
          <Button type="submit" loading={busy} disabled={issuer.trim() === '' || clientId === '' || typeof roles === 'string'}>
            Save
          </Button>
          {oidc === null ? null : (
            <Button variant="default" onClick={() => void save({ oidc: null })} disabled={busy}>
              Remove single sign-on
            </Button>
          )}
        </Group>
      </Stack>
      {dialog}
    </form>
  );
}
