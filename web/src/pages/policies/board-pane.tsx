import { Anchor, Button, Group, Select, Skeleton, Stack, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Diagnostic, Scan, Tool } from '../../api/types.ts';
import { EmptyState, ErrorState } from '../../components/empty-state.tsx';
import { useDecided, type PlacedTool } from '../../policy-builder/api.ts';
import { Board } from '../../policy-builder/board/board.tsx';
import { ClassRules } from '../../policy-builder/board/class-rules.tsx';
import { COLUMN_TITLES, guardLabels, moveTo, originOf, resetOf, type Column } from '../../policy-builder/board/columns.ts';
import type { BoardTool } from '../../policy-builder/board/filter.ts';
import type { Draft } from '../../policy-builder/draft/use-draft.ts';
import { isMap } from '../../policy-builder/yaml/render.ts';
import { useSettled } from './use-settled.ts';
import { editRules, plainOf, setDocumentKey, type RuleChange } from '../../policy-builder/yaml/edit-rules.ts';
import { Caution } from '../../policy-builder/caution.tsx';

interface BoardPaneProps {
  readonly draft: Draft;
  readonly server: string | null;
  readonly scan: UseQueryResult<Scan>;
  readonly tools: readonly Tool[];
  readonly writable: boolean;
  readonly errors: readonly Diagnostic[];
  readonly onOpen: (selector: string) => void;
  readonly onGoTo: (line: number) => void;
}

const NO_PLACES: readonly PlacedTool[] = [];
interface Notice {
  readonly text: string;
  readonly edit: string | null;
}

/** The board of the draft. A move edits the text at once; where the tools then stand the gateway says, which knows the whole language. */
export function BoardPane({ draft, server, scan, tools, writable, errors, onOpen, onGoTo }: BoardPaneProps): ReactNode {
  const text = useSettled(draft.text, 120);
  const decided = useDecided(text, server, tools.length > 0);
  // While a text with a mistake is being written the board shows where the tools stood before it.
  const [known, setKnown] = useState<{ readonly server: string | null; readonly tools: readonly PlacedTool[] } | null>(null);
  const answer = decided.data?.tools;
  useEffect(() => {
    if (answer !== undefined) setKnown({ server, tools: answer });
  }, [answer, server]);
  const places = answer ?? (known?.server === server ? known.tools : NO_PLACES);
  const fresh = answer !== undefined && !decided.isPlaceholderData && decided.error === null && text === draft.text;
  const [moved, setMoved] = useState<ReadonlyMap<string, Column>>(new Map());
  const [notice, setNotice] = useState<Notice | null>(null);
  const plain = useMemo(() => plainOf(draft.text), [draft.text]);
  const rules = isMap(plain) && isMap(plain['tools']) ? plain['tools'] : {};
  const ruleOf = (selector: string): unknown => (Object.hasOwn(rules, selector) ? rules[selector] : undefined);

  // What was moved stays where it was put until the answer for the new text is there; then whoever did not follow is named.
  useEffect(() => {
    if (!fresh || moved.size === 0) return;
    const stayed = places.filter(({ name, column }) => moved.has(name) && moved.get(name) !== column);
    setMoved(new Map());
    const [first] = stayed;
    if (first !== undefined) {
      const by = originOf(first.rule, first.name);
      setNotice({ text: `${first.name}${stayed.length > 1 ? ` and ${stayed.length - 1} more` : ''} ${stayed.length > 1 ? 'stand' : 'stands'} in ${COLUMN_TITLES[first.column]} all the same: guards of every rule that covers a tool hold${by.kind === 'own' ? '' : `, and ${by.selector} covers it`}.`, edit: null });
    }
  }, [fresh, places, moved]);

  const board = useMemo<readonly BoardTool[]>(() => {
    const byName = new Map(places.map((place) => [place.name, place]));
    return tools.map((tool) => {
      const place = byName.get(tool.name);
      return {
        name: tool.name,
        title: tool.title,
        description: tool.description,
        category: place?.class?.category ?? tool.category,
        risk: place?.class?.risk ?? tool.risk,
        column: moved.get(tool.name) ?? place?.column ?? 'deny',
        rule: place?.rule ?? null,
        line: place?.line ?? null,
        guards: [...guardLabels(place?.guards ?? []), ...(place?.observes === true ? ['observes'] : [])],
      };
    });
  }, [tools, places, moved]);

  const apply = (changes: readonly RuleChange[], done: Notice): boolean => {
    const edited = editRules(draft.text, changes);
    if (!edited.ok) {
      setNotice({ text: edited.problem, edit: null });
      return false;
    }
    draft.edit(edited.text);
    setNotice(done);
    return true;
  };
  const move = (selectors: readonly string[], column: Column): void => {
    const { changes, refused } = moveTo(column, selectors, ruleOf);
    const what = selectors.length === 1 ? (selectors[0] ?? '') : `${selectors.length} tools`;
    const lists = refused.length === 0 ? '' : ` ${refused.join(', ')} ${refused.length === 1 ? 'has a list' : 'have lists'} of rules: change that in the text.`;
    if (changes.length === 0) {
      setNotice({ text: lists.trim(), edit: null });
      return;
    }
    const limited = column === 'rate_limit' && changes.some(({ selector }) => !isMap(ruleOf(selector)) || (ruleOf(selector) as Record<string, unknown>)['rate_limit'] === undefined);
    if (apply(changes, { text: `${what} moved to ${COLUMN_TITLES[column]}${limited ? ', 10 calls a minute for each session' : ''}.${lists}`, edit: selectors.length === 1 ? (selectors[0] ?? null) : null })) {
      const tool = new Set(tools.map(({ name }) => name));
      setMoved(new Map(changes.filter(({ selector }) => tool.has(selector)).map(({ selector }) => [selector, column])));
    }
  };
  const reset = (selectors: readonly string[]): void => {
    const changes = resetOf(selectors, ruleOf);
    if (changes.length > 0) apply(changes, { text: changes.length === 1 ? `${changes[0]?.selector ?? ''} has no rule of its own any more.` : `${changes.length} rules removed.`, edit: null });
    else setNotice({ text: 'None of them has a rule of its own.', edit: null });
  };

  if (server === null) return <EmptyState title="No server is chosen">A policy is about the tools of a server. Register one, or choose one above. The text can be written without.</EmptyState>;
  if (scan.data === undefined) return scan.error === null ? <Skeleton height="24rem" role="status" aria-label="Loading the tools" /> : <ErrorState error={scan.error} retry={() => void scan.refetch()} />;
  if (tools.length === 0) {
    return (
      <EmptyState title={`Nothing is known of the tools of ${server}`} action={<Button renderRoot={(props) => <Link to={`/servers/${encodeURIComponent(server)}`} {...props} />}>Go to the server</Button>}>
        {scan.data.problem ?? 'Scan it, and its tools come here.'}
      </EmptyState>
    );
  }
  if (places.length === 0) return decided.error === null ? <Skeleton height="24rem" role="status" aria-label="Loading the board" /> : <Broken errors={errors} error={decided.error} onGoTo={onGoTo} retry={() => void decided.refetch()} />;
  const broken = errors.length > 0 || decided.error !== null;
  const standard = isMap(plain) && typeof plain['default'] === 'string' ? plain['default'] : null;
  return (
    <Stack gap="sm">
      {broken ? <Broken errors={errors} error={decided.error} onGoTo={onGoTo} retry={() => void decided.refetch()} /> : null}
      <Board
        tools={board}
        movable={writable && !broken}
        onMove={move}
        onReset={reset}
        onOpen={onOpen}
        onGoTo={onGoTo}
        extra={
          <>
            <Select
              aria-label="Default, for tools that no rule names"
              disabled={!writable || plain === undefined}
              allowDeselect={false}
              w="12.5rem"
              data={[
                { value: 'allow', label: 'Default: allow' },
                { value: 'require_approval', label: 'Default: require approval' },
                { value: 'deny', label: 'Default: deny' },
                { value: 'hide', label: 'Default: hide' },
              ]}
              value={standard}
              onChange={(value) => {
                const edited = setDocumentKey(draft.text, 'default', value);
                if (edited.ok) draft.edit(edited.text);
              }}
            />
            <ClassRules tools={board} ruleOf={ruleOf} movable={writable && !broken} onMove={(selector, column) => move([selector], column)} onRemove={(selector) => reset([selector])} onOpen={onOpen} />
          </>
        }
      />
      <Group gap="xs" mih={24} role="status" className="pl-draft-bar">
        {notice === null ? null : (
          <>
            <Text fz="sm">{notice.text}</Text>
            {notice.edit === null ? null : (
              <Anchor component="button" type="button" fz="sm" onClick={() => onOpen(notice.edit ?? '')}>
                Edit the rule
              </Anchor>
            )}
          </>
        )}
      </Group>
    </Stack>
  );
}

function Broken({ errors, error, onGoTo, retry }: { readonly errors: readonly Diagnostic[]; readonly error: unknown; readonly onGoTo: (line: number) => void; readonly retry: () => void }): ReactNode {
  const [first] = errors;
  if (first === undefined) return <ErrorState error={error} retry={retry} />;
  return (
    <Caution alert title={errors.length === 1 ? 'The text has a mistake, so nothing can be moved' : `The text has ${errors.length} mistakes, so nothing can be moved`}>
      Line {first.line}: {first.message}{' '}
      <Anchor component="button" type="button" fz="sm" onClick={() => onGoTo(first.line)}>
        Show it
      </Anchor>
    </Caution>
  );
}
