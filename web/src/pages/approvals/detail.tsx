import { Alert, Anchor, Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { approvalQuery } from '../../api/approvals.ts';
import type { Approval, ApprovalSummary } from '../../api/types.ts';
import { CategoryBadge, RiskBadge } from '../../components/badges.tsx';
import { ErrorState } from '../../components/empty-state.tsx';
import '../../components/facts.css';
import { policyName } from '../../components/policy-name.ts';
import { Countdown, RelativeTime } from '../../components/relative-time.tsx';
import { ExactJson, SafeText } from '../../exact/exact-json.tsx';
import { History } from './history.tsx';
import { ApprovalState } from './status.tsx';

const VERBS: Readonly<Record<string, string>> = { 'tools/call': 'call', 'resources/read': 'read', 'resources/subscribe': 'subscribe to', 'prompts/get': 'use the prompt' };

/** Everything that an approver has to see of one call. */
export function ApprovalDetail({ id, onDecide }: { readonly id: string; readonly onDecide: (decision: 'approve' | 'deny', approval: ApprovalSummary) => void }): ReactNode {
  const { data, error, refetch } = useQuery(approvalQuery(id));
  if (data === undefined) return error === null ? <Skeleton height={320} /> : <ErrorState error={error} retry={() => void refetch()} />;
  const pending = data.status === 'pending';
  return (
    <Stack gap="md" component="article" aria-label={`Request for ${data.name}`}>
      <Stack gap={6}>
        <Group gap="sm">
          <ApprovalState status={data.status} />
          {data.class === null ? null : (
            <>
              <CategoryBadge category={data.class.category} />
              <RiskBadge risk={data.class.risk} />
            </>
          )}
        </Group>
        <Title order={2}>
          {data.grant} wants to {Object.hasOwn(VERBS, data.method) ? VERBS[data.method] : `send ${data.method} for`} <span className="pl-mono"><SafeText text={data.name} /></span>
        </Title>
        {data.reason === null ? null : <Text>{data.reason}</Text>}
      </Stack>
      <Facts approval={data} />
      {data.arguments === null ? (
        <Text c="dimmed" fz="sm">
          {pending && !data.mayDecide ? 'What it sends is shown to those who may decide.' : 'What it sends is not kept any more, or it sends nothing.'}
        </Text>
      ) : (
        <ExactJson text={data.arguments} label="Arguments" />
      )}
      {data.alsoSent === null ? null : <ExactJson text={data.alsoSent} label="Also sent" maxHeight="14rem" />}
      <History history={data.history} />
      {pending ? <Verdict approval={data} onDecide={onDecide} /> : null}
    </Stack>
  );
}

function Facts({ approval }: { readonly approval: Approval }): ReactNode {
  const { server, grant, policy, rule, createdAt, expiresAt, status, needed, votes, usedBy } = approval;
  return (
    <dl className="pl-facts">
      <dt>Server</dt>
      <dd>
        <Anchor renderRoot={(props) => <Link to={`/servers/${encodeURIComponent(server)}`} {...props} />}>{server}</Anchor>
      </dd>
      <dt>Grant</dt>
      <dd>
        <Anchor renderRoot={(props) => <Link to={`/grants/${encodeURIComponent(grant)}`} {...props} />}>{grant}</Anchor>
      </dd>
      <dt>Rule</dt>
      <dd>
        <Anchor renderRoot={(props) => <Link to={`/policies/${encodeURIComponent(policyName(policy))}`} search={{ rule }} {...props} />}>{policyName(policy)}</Anchor> <span className="pl-mono">{rule}</span>
      </dd>
      <dt>Asked</dt>
      <dd>
        <RelativeTime at={createdAt} />
      </dd>
      {status === 'pending' ? (
        <>
          <dt>Time left</dt>
          <dd>
            <Countdown until={expiresAt} />
          </dd>
        </>
      ) : null}
      {needed > 1 ? (
        <>
          <dt>Approvals</dt>
          <dd>
            {votes.filter(({ decision }) => decision === 'approve').length} of {needed}
          </dd>
        </>
      ) : null}
      {votes.map(({ approver, decision, comment, at, way }) => (
        <div key={`${approver} ${at}`} style={{ display: 'contents' }}>
          <dt>{decision === 'approve' ? 'Approved' : 'Denied'}</dt>
          <dd>
            by {approver} ({way}), <RelativeTime at={at} />
            {comment === null ? null : (
              <>
                : “<SafeText text={comment} />”
              </>
            )}
          </dd>
        </div>
      ))}
      {usedBy === null ? null : (
        <>
          <dt>Call</dt>
          <dd>
            <Anchor renderRoot={(props) => <Link to="/journal" search={{ open: usedBy }} {...props} />}>in the journal</Anchor>
          </dd>
        </>
      )}
    </dl>
  );
}

function Verdict({ approval, onDecide }: { readonly approval: Approval; readonly onDecide: (decision: 'approve' | 'deny', approval: ApprovalSummary) => void }): ReactNode {
  const { mayDecide, whyNot } = approval;
  return (
    <div className="pl-verdict-bar">
      {mayDecide ? (
        <Group>
          <Button color="teal.9" onClick={() => onDecide('approve', approval)}>
            Approve
          </Button>
          <Button color="red.8" onClick={() => onDecide('deny', approval)}>
            Deny
          </Button>
        </Group>
      ) : (
        <Alert color="gray" title="You cannot decide this">
          {whyNot === null ? '' : `${whyNot[0]?.toUpperCase() ?? ''}${whyNot.slice(1)}.`}
        </Alert>
      )}
    </div>
  );
}
