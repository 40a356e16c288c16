import { Button, Group, Modal, MultiSelect, SegmentedControl, Select, Stack, TagsInput, Text, Textarea, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { getAll, post } from '../../api/client.ts';
import { may } from '../../api/permissions.ts';
import { fieldErrors } from '../../api/problem.ts';
import { useMe } from '../../api/session.ts';
import type { Grant, Server } from '../../api/types.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { usePolicies } from '../../policy-builder/api.ts';
import { claimsOf, expiryOf, SPANS } from './expiry.ts';
import { TokenOnce } from './token-once.tsx';

/** Who may reach which server, within which policies; then the token, once. */
export function NewGrant({ onClose, taken }: { readonly onClose: () => void; readonly taken: readonly string[] }): ReactNode {
  const me = useMe();
  const queryClient = useQueryClient();
  const asked = new URLSearchParams(location.search);
  const servers = useQuery({ queryKey: ['servers'], queryFn: ({ signal }) => getAll<Server>('/servers', {}, signal) });
  const policies = usePolicies();
  const own = (servers.data ?? []).filter(({ name }) => may(me, 'grants.write', name));
  const [label, setLabel] = useState('');
  const [server, setServer] = useState<string | null>(asked.get('server'));
  const [chosen, setChosen] = useState<string[]>([]);
  const [tags, setTags] = useState<string[]>([]);
  const [expiry, setExpiry] = useState('90');
  const [by, setBy] = useState<'token' | 'oauth'>('token');
  const [issuer, setIssuer] = useState('');
  const [claims, setClaims] = useState('');
  const [seen, setSeen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [made, setMade] = useState<{ readonly grant: Grant; readonly token: string | null } | null>(null);
  const fitting = (policies.data ?? []).filter((policy) => policy.server === null || policy.server === server);
  const unpublished = chosen.filter((name) => fitting.find((policy) => policy.name === name)?.published === null && fitting.find((policy) => policy.name === name)?.source !== 'file');
  const wrong = fieldErrors(error);
  const parsed = claimsOf(claims);
  const exists = taken.includes(label);
  const ready = label !== '' && !exists && server !== null && (by === 'token' || (issuer.trim() !== '' && typeof parsed !== 'string'));
  const create = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const body = { label, server, policies: chosen, tags, expiresAt: expiryOf(expiry, Date.now()), ...(by === 'oauth' ? { oauth: { issuer: issuer.trim(), claims: parsed } } : {}) };
      const answer = await post<{ grant: Grant; token?: string | null }>('/grants', body);
      void queryClient.invalidateQueries({ queryKey: ['grants'] });
      void queryClient.invalidateQueries({ queryKey: ['policies'] });
      setMade({ grant: answer.grant, token: answer.token ?? null });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  if (made !== null) return <TokenOnce grant={made.grant} token={made.token} onClose={onClose} title={`${made.grant.label} is ready`} />;
  return (
    <Modal opened onClose={onClose} title="New grant" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setSeen(true);
          if (ready && !busy) void create();
        }}
      >
        <Stack>
          <TextInput label="Label" description="Which agent, for whom: support-agent, ci-release. It stands beside every call in the journal." value={label} onChange={(event) => setLabel(event.currentTarget.value)} error={exists ? 'There is a grant with this label.' : wrong['label']} required maxLength={128} data-autofocus autoComplete="off" spellCheck={false} />
          <Select label="Server" data={own.map(({ name }) => name)} value={server} onChange={setServer} searchable required error={wrong['server']} nothingFoundMessage="No server" />
          <MultiSelect
            label="Policies"
            description={chosen.length === 0 ? 'A grant without a policy can call nothing.' : 'Of several the strictest action wins, and the guards of all of them hold.'}
            data={fitting.map(({ name }) => name)}
            value={chosen}
            onChange={setChosen}
            searchable
            error={wrong['policies']}
            disabled={server === null}
          />
          {unpublished.length === 0 ? null : (
            <Text fz="sm" c="var(--pl-warn)">
              {unpublished.join(', ')} {unpublished.length === 1 ? 'is' : 'are'} not published yet: until then the grant can call nothing.
            </Text>
          )}
          <TagsInput label="Tags" description={'Conditions can ask for them: "ci" in grant.tags.'} value={tags} onChange={setTags} error={wrong['tags']} maxTags={20} />
          <Select label="Ends after" data={SPANS.map(({ value, label: text }) => ({ value, label: text }))} value={expiry} allowDeselect={false} onChange={(value) => setExpiry(value ?? '90')} error={wrong['expiresAt']} />
          <div>
            <Text fz="sm" fw={500} mb={4} id="grant-by">
              How the client proves who it is
            </Text>
            <SegmentedControl
              aria-labelledby="grant-by"
              value={by}
              onChange={setBy}
              data={[
                { value: 'token', label: 'A token that is shown once' },
                { value: 'oauth', label: 'OAuth claims' },
              ]}
            />
          </div>
          {by === 'oauth' ? (
            <>
              <TextInput label="Issuer" description="One that gateway.yaml lists below oauth." placeholder="https://login.example.com" value={issuer} onChange={(event) => setIssuer(event.currentTarget.value)} error={wrong['oauth'] ?? (seen && issuer.trim() === '' ? 'Name the issuer.' : undefined)} />
              <Textarea label="Claims" description="name=value, one in each line. Every one must have exactly this value." className="pl-mono" autosize minRows={2} value={claims} onChange={(event) => setClaims(event.currentTarget.value)} error={seen && typeof parsed === 'string' ? parsed : undefined} placeholder="sub=service-account-7" />
            </>
          ) : null}
          <ProblemAlert error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={label === '' || exists || server === null}>
              Create grant
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

