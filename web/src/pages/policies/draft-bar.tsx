import { ActionIcon, Button, Group, Text } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp } from '@tabler/icons-react';
import { useHotkeys } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { failed } from '../../components/toasts.ts';
import type { Draft, SaveState } from '../../policy-builder/draft/use-draft.ts';
import { Caution } from '../../policy-builder/caution.tsx';

const WORDS: Readonly<Record<SaveState, string>> = { saved: 'Saved as a draft', unsaved: 'Not saved yet', saving: 'Saving', failed: 'Not saved', conflict: 'Changed meanwhile' };

/** Undo, redo, and whether the draft is kept. */
export function DraftStatus({ draft }: { readonly draft: Draft }): ReactNode {
  useHotkeys([
    ['mod+Z', draft.undo],
    ['mod+shift+Z', draft.redo],
    ['mod+Y', draft.redo],
  ]);
  return (
    <Group gap="xs" className="pl-draft-bar">
      <Text fz="sm" role="status" data-save={draft.state}>
        {WORDS[draft.state]}
      </Text>
      <ActionIcon variant="default" size="lg" aria-label="Undo" title="Undo (Ctrl Z)" disabled={!draft.canUndo} onClick={draft.undo}>
        <IconArrowBackUp size={17} aria-hidden="true" />
      </ActionIcon>
      <ActionIcon variant="default" size="lg" aria-label="Redo" title="Redo (Ctrl Shift Z)" disabled={!draft.canRedo} onClick={draft.redo}>
        <IconArrowForwardUp size={17} aria-hidden="true" />
      </ActionIcon>
    </Group>
  );
}

/** What to do when the draft is not kept: the gateway did not take it, or somebody else saved. */
export function DraftTrouble({ draft }: { readonly draft: Draft }): ReactNode {
  const resolve = (keep: 'mine' | 'theirs'): void => {
    draft.resolve(keep).catch((error: unknown) => failed(error));
  };
  if (draft.state === 'failed') {
    return (
      <Caution tone="bad" alert title="The newest changes are only in this browser">
        <Text fz="sm" mb="sm">
          {draft.problem}
        </Text>
        <Button size="xs" variant="default" onClick={() => void draft.flush()}>
          Save again
        </Button>
      </Caution>
    );
  }
  if (draft.state !== 'conflict') return null;
  return (
    <Caution alert title="Somebody else changed this policy while you were writing">
      <Text fz="sm" mb="sm">
        Your text is kept here and not saved. Take theirs and lose yours, or save yours over theirs.
      </Text>
      <Group gap="xs">
        <Button size="xs" variant="default" onClick={() => resolve('theirs')}>
          Take theirs
        </Button>
        <Button size="xs" onClick={() => resolve('mine')}>
          Save mine over it
        </Button>
      </Group>
    </Caution>
  );
}
