import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { ApiProblem } from '../api/problem.ts';
import './conflict.css';

interface Conflict {
  readonly mine: unknown;
  readonly theirs: unknown;
}

export interface ConflictGuard {
  /**
   * Runs a save. When somebody changed the thing meanwhile (412), the dialog opens and this resolves to false; other errors are thrown.
   * @param mine what was to be saved, for the comparison: a text, or anything that JSON can write
   */
  readonly save: (act: () => Promise<unknown>, mine: unknown) => Promise<boolean>;
  /** Goes somewhere into the page. */
  readonly dialog: ReactNode;
}

/**
 * "Changed meanwhile": reload, or look at the difference first.
 * @param load what is kept now, comparable with `mine`
 * @param reload throws away what was written and shows what is kept
 */
export function useConflictGuard(load: () => Promise<unknown>, reload: () => void): ConflictGuard {
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [compared, setCompared] = useState(false);
  const close = (): void => {
    setConflict(null);
    setCompared(false);
  };
  return {
    save: async (act, mine) => {
      try {
        await act();
        return true;
      } catch (error) {
        if (!(error instanceof ApiProblem) || error.code !== 'precondition_failed') throw error;
        setConflict({ mine, theirs: await load().catch(() => null) });
        return false;
      }
    },
    dialog: (
      <Modal opened={conflict !== null} onClose={close} title="Changed meanwhile" size={compared ? '70rem' : 'md'} closeButtonProps={{ 'aria-label': 'Close' }}>
        <Stack>
          <Text>Somebody else saved this after you opened it. Nothing of yours was saved.</Text>
          {compared && conflict !== null ? <Difference mine={asText(conflict.mine)} theirs={asText(conflict.theirs)} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Keep editing
            </Button>
            {compared ? null : (
              <Button variant="default" onClick={() => setCompared(true)}>
                Look at the difference
              </Button>
            )}
            <Button
              onClick={() => {
                close();
                reload();
              }}
            >
              Reload, drop my changes
            </Button>
          </Group>
        </Stack>
      </Modal>
    ),
  };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2) ?? '';
}

function Difference({ mine, theirs }: { readonly mine: string; readonly theirs: string }): ReactNode {
  const mineLines = new Set(mine.split('\n'));
  const theirLines = new Set(theirs.split('\n'));
  return (
    <div className="pl-conflict">
      <Side title="What is kept now" text={theirs} other={mineLines} sign="−" />
      <Side title="What you wrote" text={mine} other={theirLines} sign="+" />
    </div>
  );
}

function Side({ title, text, other, sign }: { readonly title: string; readonly text: string; readonly other: ReadonlySet<string>; readonly sign: string }): ReactNode {
  return (
    <section aria-label={title}>
      <Text fz="sm" fw={600}>
        {title}
      </Text>
      <pre tabIndex={0}>
        {text.split('\n').map((line, index) => (
          // Lines have no identity but their place.
          <span key={index} data-differs={!other.has(line)}>
            {`${other.has(line) ? ' ' : sign} ${line}\n`}
          </span>
        ))}
      </pre>
    </section>
  );
}
