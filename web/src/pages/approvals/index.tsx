import { Button, Group, Kbd, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core';
import { useHotkeys, useMediaQuery } from '@mantine/hooks';
import { IconArrowLeft } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { approvalsQuery } from '../../api/approvals.ts';
import { useLive } from '../../api/live.tsx';
import type { ApprovalSummary } from '../../api/types.ts';
import { useSearchTexts, useSetSearch } from '../../app/search-text.ts';
import { EmptyState, ErrorState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { ApprovalDetail } from './detail.tsx';
import { DecideDialog, type Decision } from './decide-dialog.tsx';
import { ApprovalList } from './list.tsx';
import './approvals.css';

/** Calls that wait for a person. Everything can be done by keyboard: j and k to go, a and d to decide. */
export default function ApprovalsPage(): ReactNode {
  const search = useSearchTexts();
  const setSearch = useSetSearch();
  const status = search['show'] === 'decided' ? 'decided' : 'pending';
  const { data, error, refetch } = useQuery(approvalsQuery(status));
  const narrow = useMediaQuery('(max-width: 62em)', undefined, { getInitialValueInEffect: false });
  const [decision, setDecision] = useState<Decision | null>(null);
  const [arrived, setArrived] = useState('');
  const detail = useRef<HTMLDivElement>(null);
  const items = data?.items ?? [];
  // A narrow window shows the list first; a wide one has room for the first request beside it.
  const chosen = search['id'] ?? (narrow ? undefined : items[0]?.id);
  const place = items.findIndex(({ id }) => id === chosen);
  const current = items[place];
  useLive('approval', (event) => {
    const { status: now, name, server } = event as ApprovalSummary;
    if (now === 'pending') setArrived(`${name} of ${server} waits for an approval`);
  });
  const open = (id: string | null): void => setSearch({ id });
  const step = (by: number): void => {
    const next = items[place < 0 ? 0 : place + by];
    if (next !== undefined) open(next.id);
  };
  const ask = (way: Decision['decision']): void => {
    if (current !== undefined && current.status === 'pending') setDecision({ decision: way, approval: current });
  };
  useHotkeys([['j', () => step(1)], ['k', () => step(-1)], ['a', () => ask('approve')], ['d', () => ask('deny')]]);
  useEffect(() => {
    if (narrow && search['id'] !== undefined) detail.current?.focus();
  }, [narrow, search]);
  const list = <ApprovalList items={items} chosen={chosen ?? null} onChoose={open} label={status === 'pending' ? 'Waiting' : 'Decided'} />;
  const one = chosen === undefined ? null : (
    <div ref={detail} tabIndex={-1} style={{ outline: 'none', minWidth: 0 }}>
      <ApprovalDetail id={chosen} onDecide={(way, approval) => setDecision({ decision: way, approval })} />
    </div>
  );
  return (
    <Page
      title="Approvals"
      lede="Calls that a rule leaves to a person. What you approve is this exact call, once."
      actions={<SegmentedControl aria-label="Which requests" value={status} onChange={(value) => setSearch({ show: value === 'decided' ? 'decided' : null, id: null })} data={[{ value: 'pending', label: 'Waiting' }, { value: 'decided', label: 'Decided' }]} />}
    >
      {error !== null && data === undefined ? <ErrorState error={error} retry={() => void refetch()} /> : null}
      {data === undefined && error === null ? <Skeleton height={240} /> : null}
      {data !== undefined && items.length === 0 && search['id'] === undefined ? (
        status === 'pending' ? (
          <EmptyState title="Nothing waits">A call appears here the moment a policy asks for an approval, and the agent waits for your answer. A rule asks with “action: require_approval”.</EmptyState>
        ) : (
          <EmptyState title="Nothing was decided yet">What was approved, denied or left to expire is kept here.</EmptyState>
        )
      ) : null}
      {data !== undefined && (items.length > 0 || search['id'] !== undefined) ? (
        narrow ? (
          one === null ? list : (
            <Stack>
              <Group>
                <Button variant="default" size="xs" leftSection={<IconArrowLeft size={14} aria-hidden="true" />} onClick={() => open(null)}>
                  All requests
                </Button>
              </Group>
              {one}
            </Stack>
          )
        ) : (
          <div className="pl-inbox">
            <Stack gap="xs">
              {list}
              <Text fz="xs" c="dimmed">
                <Kbd size="xs">j</Kbd> <Kbd size="xs">k</Kbd> next, previous{status === 'pending' ? <> · <Kbd size="xs">a</Kbd> approve · <Kbd size="xs">d</Kbd> deny</> : null}
              </Text>
            </Stack>
            {one}
          </div>
        )
      ) : null}
      <span className="pl-hidden" role="status">
        {arrived}
      </span>
      <DecideDialog
        decision={decision}
        onClose={() => setDecision(null)}
        onDecided={() => {
          const next = items[place + 1] ?? items[place - 1];
          if (status === 'pending') open(next?.id ?? null);
        }}
      />
    </Page>
  );
}
