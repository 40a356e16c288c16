import { Button, Group, Modal, Radio, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { apiPath, get, getAll, post } from '../../api/client.ts';
import { fieldErrors } from '../../api/problem.ts';
import { useMe } from '../../api/session.ts';
import { may } from '../../api/permissions.ts';
import type { Policy, Server } from '../../api/types.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';

type Start = 'starter' | 'empty' | 'paste';

const emptyText = (description: string): string => `version: "1"\n${description === '' ? '' : `description: ${JSON.stringify(description)}\n`}default: deny   # what happens to a tool that no rule names\ntools:\n  "@read": allow\n  "@destructive": require_approval\n`;

/** A policy from nothing, from what a scan proposes, or from a text. */
export function NewPolicy({ onClose, taken }: { readonly onClose: () => void; readonly taken: readonly string[] }): ReactNode {
  const me = useMe();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const servers = useQuery({ queryKey: ['servers'], queryFn: ({ signal }) => getAll<Server>('/servers', {}, signal) });
  const own = (servers.data ?? []).filter(({ name }) => may(me, 'policies.write', name));
  const everywhere = may(me, 'policies.write', null);
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [server, setServer] = useState<string | null>(new URLSearchParams(location.search).get('new') || null);
  const [start, setStart] = useState<Start>('starter');
  const [pasted, setPasted] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const wrong = fieldErrors(error);
  const exists = taken.includes(name);
  const create = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const text = start === 'paste' ? pasted : start === 'empty' ? emptyText(description) : (await get<{ text: string }>(`${apiPath('servers', server ?? '')}/starter-policy`)).text;
      await post<Policy>('/policies', { name, text, ...(server === null ? {} : { server }), ...(description === '' ? {} : { description }) });
      await queryClient.invalidateQueries({ queryKey: ['policies'], exact: true });
      await navigate({ to: `/policies/${encodeURIComponent(name)}` });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const ready = name !== '' && !exists && (start !== 'starter' || server !== null) && (start !== 'paste' || pasted.trim() !== '') && (everywhere || server !== null);
  return (
    <Modal opened onClose={onClose} title="New policy" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !busy) void create();
        }}
      >
        <Stack>
          <TextInput label="Name" description="Small letters, digits, dots and dashes. It is part of every decision in the journal." value={name} onChange={(event) => setName(event.currentTarget.value)} error={exists ? 'There is a policy of this name.' : wrong['name']} required maxLength={100} data-autofocus autoComplete="off" spellCheck={false} />
          <Select label="Server" description={everywhere ? 'Whose managers may edit it. None: those of the whole organisation.' : 'Whose policy it is.'} data={own.map((one) => one.name)} value={server} onChange={setServer} clearable={everywhere} searchable error={wrong['server']} placeholder={everywhere ? 'any server' : 'Choose'} />
          <TextInput label="Description" value={description} onChange={(event) => setDescription(event.currentTarget.value)} maxLength={500} error={wrong['description']} />
          <Radio.Group label="Start with" value={start} onChange={(value) => setStart(value)}>
            <Stack gap="xs" mt={6}>
              <Radio value="starter" label="What a scan of the server proposes" description={server === null ? 'Choose a server for this.' : 'A rule for each tool, by its class, with comments.'} />
              <Radio value="empty" label="A small policy" description="Reading is allowed, what destroys waits for a person, everything else is denied." />
              <Radio value="paste" label="A text that I have" description="YAML or JSON. It may have mistakes: the editor shows them." />
            </Stack>
          </Radio.Group>
          {start === 'paste' ? <Textarea label="Text" className="pl-mono" autosize minRows={8} maxRows={18} spellCheck={false} value={pasted} onChange={(event) => setPasted(event.currentTarget.value)} /> : null}
          <ProblemAlert error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!ready} loading={busy}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
