import { ActionIcon, Code, Menu } from '@mantine/core';
import { IconCopy, IconDots, IconDownload, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { apiPath, remove } from '../../api/client.ts';
import type { Policy } from '../../api/types.ts';
import { StatusBadge } from '../../components/badges.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { copyText } from '../../components/code-block.tsx';
import { told } from '../../components/toasts.ts';
import { dropLocally } from '../../policy-builder/draft/local-copy.ts';

/** How a policy holds now, and whether something is being written. */
export function StageBadge({ policy, differs }: { readonly policy: Policy; readonly differs: boolean }): ReactNode {
  const { published } = policy;
  if (published === null) return <StatusBadge tone="quiet">{policy.source === 'file' ? (policy.mode ?? 'from a file') : 'draft'}</StatusBadge>;
  return (
    <>
      <StatusBadge tone={published.stage === 'enforce' ? 'good' : 'info'}>{published.stage === 'enforce' ? `version ${published.number} enforced` : `version ${published.number} observes`}</StatusBadge>
      {differs && policy.source !== 'file' ? <StatusBadge tone="warn">draft differs</StatusBadge> : null}
    </>
  );
}

/** What is rarely done with a policy. */
export function PolicyMenu({ policy, text, writable }: { readonly policy: Policy; readonly text: string; readonly writable: boolean }): ReactNode {
  const [removing, setRemoving] = useState(false);
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const download = (): void => {
    const address = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = `${policy.name}.policy.yaml`;
    link.click();
    URL.revokeObjectURL(address);
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size="lg" aria-label="More">
            <IconDots size={18} aria-hidden="true" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconCopy size={16} aria-hidden="true" />} onClick={() => void copyText(text).then((copied) => (copied ? told('The text is on the clipboard.') : undefined))}>
            Copy the text
          </Menu.Item>
          <Menu.Item leftSection={<IconDownload size={16} aria-hidden="true" />} onClick={download}>
            Download the text
          </Menu.Item>
          {writable ? (
            <>
              <Menu.Divider />
              <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden="true" />} onClick={() => setRemoving(true)}>
                Remove the policy
              </Menu.Item>
            </>
          ) : null}
        </Menu.Dropdown>
      </Menu>
      <ConfirmDialog
        opened={removing}
        onClose={() => setRemoving(false)}
        title="Remove the policy"
        confirm="Remove policy"
        typed={policy.name}
        onConfirm={async () => {
          await remove(apiPath('policies', policy.name), policy.version);
          dropLocally(policy.name);
          void queryClient.invalidateQueries({ queryKey: ['policies'], exact: true });
          await navigate({ to: '/policies' });
        }}
      >
        {policy.usedBy.length === 0 ? (
          <>
            No grant uses <Code>{policy.name}</Code>. Its published versions stay in the journal's memory; the draft is gone for good.
          </>
        ) : (
          <>
            {policy.usedBy.length === 1 ? 'A grant uses it' : `${policy.usedBy.length} grants use it`}: {policy.usedBy.slice(0, 10).join(', ')}. Take it out of them first.
          </>
        )}
      </ConfirmDialog>
    </>
  );
}
