import { Button, Group, Modal, MultiSelect, Select, Stack, TagsInput, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { apiPath, get, patch } from '../../api/client.ts';
import { fieldErrors } from '../../api/problem.ts';
import type { Grant } from '../../api/types.ts';
import { useConflictGuard } from '../../components/conflict.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { exactTime } from '../../components/relative-time.tsx';
import { told } from '../../components/toasts.ts';
import { usePolicies } from '../../policy-builder/api.ts';
import { expiryOf, SPANS } from './expiry.ts';

/** What of a grant can be changed: the server and the label cannot, the journal names them. */
export function EditGrant({ grant, onClose }: { readonly grant: Grant; readonly onClose: () => void }): ReactNode {
  const queryClient = useQueryClient();
  const policies = usePolicies();
  const [chosen, setChosen] = useState<string[]>([...grant.policies]);
  const [tags, setTags] = useState<string[]>([...grant.tags]);
  const [expiry, setExpiry] = useState('keep');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const wrong = fieldErrors(error);
  const reload = (): void => {
    void queryClient.invalidateQueries({ queryKey: ['grants'] });
    onClose();
  };
  const shown = ({ policies: own, tags: words, expiresAt }: Pick<Grant, 'policies' | 'tags' | 'expiresAt'>): unknown => ({ policies: own, tags: words, expiresAt });
  const conflict = useConflictGuard(async () => shown(await get<Grant>(apiPath('grants', grant.label))), reload);
  const save = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    const expiresAt = expiry === 'keep' ? grant.expiresAt : expiryOf(expiry, Date.now());
    const body = { policies: chosen, tags, ...(expiry === 'keep' ? {} : { expiresAt }) };
    try {
      const done = await conflict.save(() => patch<Grant>(apiPath('grants', grant.label), body, grant.version), shown({ policies: chosen, tags, expiresAt }));
      if (done) {
        told('What it may do has changed.', grant.label);
        reload();
      }
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Modal opened onClose={onClose} title={`Change ${grant.label}`} closeButtonProps={{ 'aria-label': 'Close' }}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (!busy) void save();
          }}
        >
          <Stack>
            <MultiSelect label="Policies" description={chosen.length === 0 ? 'A grant without a policy can call nothing.' : 'Of several the strictest action wins.'} data={(policies.data ?? []).filter(({ server }) => server === null || server === grant.server).map(({ name }) => name)} value={chosen} onChange={setChosen} searchable error={wrong['policies']} data-autofocus />
            <TagsInput label="Tags" value={tags} onChange={setTags} error={wrong['tags']} maxTags={20} />
            <Select label="Ends" data={[{ value: 'keep', label: grant.expiresAt === null ? 'Never, as now' : `As now: ${exactTime(grant.expiresAt)}` }, ...SPANS.map(({ value, label }) => ({ value, label: value === 'never' ? label : `${label} from now` }))]} value={expiry} allowDeselect={false} onChange={(value) => setExpiry(value ?? 'keep')} error={wrong['expiresAt']} />
            <Text fz="sm" c="dimmed">
              Connected clients are told that their tools changed.
            </Text>
            <ProblemAlert error={error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={busy}>
                Save
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
      {conflict.dialog}
    </>
  );
}
