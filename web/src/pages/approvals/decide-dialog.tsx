import { Alert, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { decide } from '../../api/approvals.ts';
import { readable } from '../../api/problem.ts';
import type { ApprovalSummary } from '../../api/types.ts';
import { told } from '../../components/toasts.ts';

export interface Decision {
  readonly decision: 'approve' | 'deny';
  readonly approval: ApprovalSummary;
}

const LONGEST_COMMENT = 500;

/** The last look before a call runs or is refused, with room for a comment. */
export function DecideDialog({ decision, onClose, onDecided }: { readonly decision: Decision | null; readonly onClose: () => void; readonly onDecided: () => void }): ReactNode {
  const [comment, setComment] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const close = (): void => {
    setComment('');
    setError(null);
    onClose();
  };
  const act = async ({ decision: way, approval }: Decision): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const after = await decide(approval.id, way, comment.trim());
      told(after.status === 'pending' ? `${after.needed - after.votes.length} more needed before ${approval.name} runs.` : way === 'approve' ? `${approval.name} may run now.` : `${approval.name} was refused.`, way === 'approve' ? 'Approved' : 'Denied');
      onDecided();
      close();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const approves = decision?.decision === 'approve';
  return (
    <Modal opened={decision !== null} onClose={close} centered title={approves ? 'Approve this call?' : 'Deny this call?'} closeButtonProps={{ 'aria-label': 'Close' }}>
      {decision === null ? null : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (!busy) void act(decision);
          }}
        >
          <Stack>
            <Text>
              <b>{decision.approval.grant}</b> {approves ? 'may then send' : 'is told that it may not send'} <span className="pl-mono">{decision.approval.name}</span> to <b>{decision.approval.server}</b>
              {approves ? ', with these arguments, once.' : '. The same call is refused until the request would have ended.'}
            </Text>
            <Textarea label="Comment" description={approves ? 'Optional; kept with the decision' : 'Optional; kept with the decision, and told to the agent'} maxLength={LONGEST_COMMENT} autosize minRows={2} value={comment} onChange={(event) => setComment(event.currentTarget.value)} data-autofocus onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
            }} />
            {error === null ? null : (
              <Alert color="red" role="alert">
                {readable(error)}
              </Alert>
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" color={approves ? 'teal.9' : 'red.8'} loading={busy}>
                {approves ? 'Approve' : 'Deny'}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
