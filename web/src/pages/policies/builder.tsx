import { Group, SegmentedControl, Select, Skeleton, Stack } from '@mantine/core';
import { useLocalStorage, useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useMemo, useState, type ReactNode } from 'react';
import { getAll } from '../../api/client.ts';
import { useMe, useWhyNot } from '../../api/session.ts';
import type { Policy, Server } from '../../api/types.ts';
import { GuardedButton } from '../../components/guarded-button.tsx';
import { Page } from '../../components/page.tsx';
import { NO_TOOLS, useCheck, useEditorSchema, useTools } from '../../policy-builder/api.ts';
import { useDraft } from '../../policy-builder/draft/use-draft.ts';
import type { Known } from '../../policy-builder/editor/suggest.ts';
import { PublishDialog } from '../../policy-builder/publish/publish-dialog.tsx';
import { Simulation } from '../../policy-builder/publish/simulation.tsx';
import { Versions } from '../../policy-builder/publish/versions.tsx';
import { RuleDrawer } from '../../policy-builder/rule/rule-drawer.tsx';
import { Tester } from '../../policy-builder/tester/tester.tsx';
import { BoardPane } from './board-pane.tsx';
import { DraftStatus, DraftTrouble } from './draft-bar.tsx';
import { Findings } from './findings.tsx';
import { PolicyMenu, StageBadge } from './policy-menu.tsx';
import { useSettled } from './use-settled.ts';
import './builder.css';
import { Caution } from '../../policy-builder/caution.tsx';

const YamlEditor = lazy(() => import('../../policy-builder/editor/yaml-editor.tsx'));
type View = 'board' | 'split' | 'text' | 'tester' | 'effect' | 'versions';
const VIEWS_BY_LINK = ['tester', 'effect'] as const;

/** One policy: its board and its text, which always say the same, and what is done before and after it holds. */
export function PolicyBuilder({ policy }: { readonly policy: Policy }): ReactNode {
  const whyNot = useWhyNot('policies.write', policy.server);
  const reason = policy.source === 'file' ? 'gateway.yaml owns this policy. Change it there.' : whyNot;
  const writable = reason === null;
  const draft = useDraft(policy, writable);
  const wide = useMediaQuery('(min-width: 75em)', true, { getInitialValueInEffect: false });
  const huge = useMediaQuery('(min-width: 110em)', false, { getInitialValueInEffect: false });
  const [kept, keepView] = useLocalStorage<View>({ key: 'policylayer-policy-view', defaultValue: huge ? 'split' : 'board', getInitialValueInEffect: false });
  // A link may ask for a view. How somebody likes to write is remembered; the tester and the versions are visited.
  const [visited, setVisited] = useState<View | null>(() => VIEWS_BY_LINK.find((one) => one === new URLSearchParams(location.search).get('view')) ?? null);
  const setView = useCallback(
    (value: View): void => {
      const writing = value === 'board' || value === 'split' || value === 'text';
      if (writing) keepView(value);
      setVisited(writing ? null : value);
    },
    [keepView],
  );
  const asked = visited ?? kept;
  const view = asked === 'split' && !wide ? 'board' : asked;
  const [server, setServer] = useServer(policy);
  const servers = useQuery({ queryKey: ['servers'], queryFn: ({ signal }) => getAll<Server>('/servers', {}, signal) });
  const scan = useTools(server);
  const tools = scan.data?.tools ?? NO_TOOLS;
  const schema = useEditorSchema();
  const settled = useSettled(draft.text, 250);
  const check = useCheck(settled, server);
  const diagnostics = check.data?.diagnostics ?? [];
  const [goTo, setGoTo] = useState<{ readonly line: number } | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  const [publishing, setPublishing] = useState(false);
  const me = useMe();
  const known = useMemo<Known>(() => ({ schema: schema.data ?? {}, tools, approvers: me === null ? [] : [me.email] }), [schema.data, tools, me]);
  const unsaved = draft.state !== 'saved' && writable;
  useBlocker({ shouldBlockFn: async () => (await draft.flush()) === null && !window.confirm('The newest changes are only in this browser. Leave all the same?'), enableBeforeUnload: () => unsaved, disabled: !unsaved });
  const jump = useCallback(
    (line: number): void => {
      if (view !== 'split' && view !== 'text') setView(wide ? 'split' : 'text');
      setGoTo({ line });
    },
    [view, wide, setView],
  );
  const differs = policy.published === null || draft.text !== policy.published.text;
  const publishWhyNot = reason ?? (draft.state === 'conflict' ? 'First settle what somebody else saved.' : differs ? null : policy.published?.stage === 'observe' ? null : 'Nothing differs from what is published.');
  const board = <BoardPane draft={draft} server={server} scan={scan} tools={tools} writable={writable} onOpen={setOpen} onGoTo={jump} errors={diagnostics.filter(({ severity }) => severity === 'error')} />;
  const text = (
    <Suspense fallback={<Skeleton height="24rem" />}>
      <YamlEditor text={draft.text} label={`Text of ${policy.name}`} readOnly={!writable} known={known} diagnostics={diagnostics} onType={draft.type} undo={draft.undo} redo={draft.redo} goTo={goTo} />
    </Suspense>
  );
  return (
    <Page
      title={policy.name}
      crumbs={[{ label: 'Policies', to: '/policies' }]}
      badges={<StageBadge policy={policy} differs={differs} />}
      lede={policy.description ?? undefined}
      actions={
        <>
          {writable ? <DraftStatus draft={draft} /> : null}
          <GuardedButton whyNot={publishWhyNot} onClick={() => setPublishing(true)}>
            Publish
          </GuardedButton>
          <PolicyMenu policy={policy} text={draft.text} writable={writable} />
        </>
      }
    >
      <Stack gap="md">
        {policy.source === 'file' ? <Caution tone="info">gateway.yaml owns this policy: here it can be read, tested and compared.</Caution> : null}
        <DraftTrouble draft={draft} />
        <Group justify="space-between" align="flex-end" gap="sm">
          <div className="pl-views">
            <SegmentedControl
              aria-label="View"
              value={view}
              onChange={(value) => setView(value as View)}
              data={[{ value: 'board', label: 'Board' }, ...(wide ? [{ value: 'split', label: 'Board and text' }] : []), { value: 'text', label: 'Text' }, { value: 'tester', label: 'Tester' }, { value: 'effect', label: 'What would change?' }, { value: 'versions', label: 'Versions' }]}
            />
          </div>
          <Select aria-label="Server whose tools are shown" placeholder="Choose a server" data={(servers.data ?? []).map(({ name }) => name)} value={server} onChange={setServer} searchable w={{ base: '100%', xs: '15rem' }} allowDeselect={false} nothingFoundMessage="No server" />
        </Group>
        {view === 'board' ? board : null}
        {view === 'split' ? (
          <div className="pl-split">
            <div>{board}</div>
            <div className="pl-split-text">
              {text}
              <Findings list={diagnostics} onGoTo={jump} />
            </div>
          </div>
        ) : null}
        {view === 'text' ? (
          <div className="pl-text">
            {text}
            <Findings list={diagnostics} onGoTo={jump} />
          </div>
        ) : null}
        {view === 'tester' ? <Tester text={draft.text} server={server} tools={tools} onGoTo={jump} /> : null}
        {view === 'effect' ? <Simulation policy={policy.name} text={draft.text} server={server} /> : null}
        {view === 'versions' ? <Versions policy={policy} writable={writable} flush={draft.flush} onRolledBack={draft.adopt} /> : null}
      </Stack>
      {open === null ? null : (
        <RuleDrawer
          selector={open}
          text={draft.text}
          server={server}
          tools={tools}
          people={known.approvers}
          writable={writable}
          onSelector={setOpen}
          onClose={() => setOpen(null)}
          onApply={(next) => {
            draft.edit(next);
            setOpen(null);
          }}
        />
      )}
      {publishing ? <PublishDialog policy={policy} text={draft.text} server={server} diagnostics={diagnostics} flush={draft.flush} onPublished={draft.adopt} onClose={() => setPublishing(false)} /> : null}
    </Page>
  );
}

/** The server whose tools are shown: the policy's own, or the one that was looked at last. */
function useServer(policy: Policy): readonly [string | null, (name: string | null) => void] {
  const [kept, setKept] = useLocalStorage<string>({ key: `policylayer-policy-server:${policy.name}`, defaultValue: '', getInitialValueInEffect: false });
  const servers = useQuery({ queryKey: ['servers'], queryFn: ({ signal }) => getAll<Server>('/servers', {}, signal) });
  const names = servers.data?.map(({ name }) => name) ?? [];
  const chosen = names.includes(kept) ? kept : (policy.server ?? names[0] ?? null);
  return [chosen, (name) => setKept(name ?? '')];
}

