import { Button, Group, List, Modal, Radio, Stack, Tabs, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { apiPath, get, post } from '../../api/client.ts';
import { ApiProblem } from '../../api/problem.ts';
import type { Diagnostic, Policy } from '../../api/types.ts';
import { PageLoading } from '../../app/fallbacks.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { told } from '../../components/toasts.ts';
import { policyKey, type DiffLine } from '../api.ts';
import { DiffView } from './diff-view.tsx';
import { Simulation } from './simulation.tsx';
import { Caution } from '../caution.tsx';

export interface PublishDialogProps {
  readonly policy: Policy;
  readonly text: string;
  readonly server: string | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Saves the draft first. @returns its version, or null when that failed */
  readonly flush: () => Promise<number | null>;
  readonly onPublished: (policy: Policy) => void;
  readonly onClose: () => void;
}

/** What will hold from now on, for whom, and what it changes. */
export function PublishDialog({ policy, text, server, diagnostics, flush, onPublished, onClose }: PublishDialogProps): ReactNode {
  const queryClient = useQueryClient();
  const [stage, setStage] = useState<'observe' | 'enforce'>(policy.published?.stage ?? 'observe');
  const [comment, setComment] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const warnings = diagnostics.filter(({ severity }) => severity !== 'error');
  const diff = useQuery({
    queryKey: [...policyKey(policy.name), 'diff', policy.published?.number ?? 0, text],
    queryFn: async ({ signal }): Promise<readonly DiffLine[]> => {
      if (policy.published === null) return text.split('\n').map((line, index) => ({ kind: 'add', text: line, to: index + 1 }));
      await flush();
      return (await get<{ lines: readonly DiffLine[] }>(`${apiPath('policies', policy.name)}/diff`, { from: policy.published.number, to: 'draft' }, signal)).lines;
    },
  });
  const publish = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const version = await flush();
      if (version === null) throw new ApiProblem({ status: 412, code: 'precondition_failed', title: 'The draft could not be saved', detail: 'Close this and look at the message above the board.' });
      await post<unknown>(`${apiPath('policies', policy.name)}/publish`, { text, stage, ...(comment.trim() === '' ? {} : { comment: comment.trim() }) }, { version });
      const next = await get<Policy>(apiPath('policies', policy.name));
      onPublished(next);
      void queryClient.invalidateQueries({ queryKey: ['policies'] });
      void queryClient.invalidateQueries({ queryKey: ['grants'] });
      told(`Version ${next.published?.number ?? ''} holds now${stage === 'observe' ? ', and only observes' : ''}.`, policy.name);
      onClose();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={`Publish ${policy.name}`} size="60rem" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (errors.length === 0 && !busy) void publish();
        }}
      >
        <Stack>
          <Radio.Group label="How it holds" value={stage} onChange={(value) => setStage(value)}>
            <Group mt={6} gap="xl" align="flex-start">
              <Radio value="observe" label="Observe" description="Decides and records everything, blocks nothing" />
              <Radio value="enforce" label="Enforce" description="Holds on every call from now on" />
            </Group>
          </Radio.Group>
          <TextInput label="Comment" description="Why, for those who look at the versions later." value={comment} onChange={(event) => setComment(event.currentTarget.value)} maxLength={500} data-autofocus />
          <Touched policy={policy} />
          {errors.length === 0 ? null : (
            <Caution tone="bad" title={`${errors.length} ${errors.length === 1 ? 'mistake keeps' : 'mistakes keep'} it from being published`}>
              <Findings list={errors} />
            </Caution>
          )}
          <Tabs defaultValue="changes" keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="changes">Changes</Tabs.Tab>
              <Tabs.Tab value="effect">What would this change?</Tabs.Tab>
              <Tabs.Tab value="warnings">Warnings ({warnings.length})</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="changes" pt="sm">
              {diff.data === undefined ? diff.error === null ? <PageLoading /> : <ProblemAlert error={diff.error} /> : <DiffView lines={diff.data} label="Difference to what is published" />}
            </Tabs.Panel>
            <Tabs.Panel value="effect" pt="sm">
              <Simulation policy={policy.name} text={text} server={server} />
            </Tabs.Panel>
            <Tabs.Panel value="warnings" pt="sm">
              {warnings.length === 0 ? <Text fz="sm">There are none.</Text> : <Findings list={warnings} />}
            </Tabs.Panel>
          </Tabs>
          <ProblemAlert error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={errors.length > 0}>
              {stage === 'enforce' ? 'Publish and enforce' : 'Publish and observe'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Touched({ policy }: { readonly policy: Policy }): ReactNode {
  if (policy.usedBy.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        No grant uses it yet: nothing changes for anybody.
      </Text>
    );
  }
  return (
    <Text fz="sm">
      Changes what {policy.usedBy.length === 1 ? 'one grant' : `${policy.usedBy.length} grants`} may do: <b>{policy.usedBy.slice(0, 12).join(', ')}</b>
      {policy.usedBy.length > 12 ? ` and ${policy.usedBy.length - 12} more` : ''}. Connected clients are told that their tools changed.
    </Text>
  );
}

function Findings({ list }: { readonly list: readonly Diagnostic[] }): ReactNode {
  return (
    <List fz="sm" spacing={4}>
      {list.slice(0, 50).map(({ line, column, message, help }, index) => (
        <List.Item key={index}>
          <span className="pl-mono">
            {line}:{column}
          </span>{' '}
          {message}
          {help ? <Text c="dimmed"> {help}</Text> : null}
        </List.Item>
      ))}
    </List>
  );
}
