import { Modal, Text, TextInput } from '@mantine/core';
import { IconKey, IconSearch, IconServer2, IconShieldCheck, type Icon } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { grantsQuery, policiesQuery, serversQuery } from '../api/lists.ts';
import { may } from '../api/permissions.ts';
import { useMe } from '../api/session.ts';
import { PLACES } from './places.ts';
import './palette.css';

interface Goal {
  readonly to: string;
  readonly label: string;
  readonly kind: string;
  readonly icon: Icon;
  readonly words: string;
}

const MOST = 40;

/** Go to a page, a server, a policy or a grant by typing a part of its name. */
export default function Palette({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [words, setWords] = useState('');
  const [chosen, setChosen] = useState(0);
  const navigate = useNavigate();
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  const goals = found(useGoals(), words);
  const here = Math.min(chosen, goals.length - 1);
  const go = (goal: Goal | undefined): void => {
    if (goal === undefined) return;
    onClose();
    void navigate({ to: goal.to });
  };
  useEffect(() => {
    list.current?.children[here]?.scrollIntoView({ block: 'nearest' });
  }, [here]);
  return (
    <Modal.Root opened onClose={onClose} size="lg" yOffset="12vh" padding="sm" transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content aria-label="Search">
        <Modal.Body>
      <TextInput
        data-autofocus
        size="md"
        role="combobox"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={here < 0 ? undefined : `${id}-${here}`}
        aria-autocomplete="list"
        aria-label="Go to a page, server, policy or grant"
        placeholder="Go to a page, server, policy or grant"
        leftSection={<IconSearch size={18} aria-hidden="true" />}
        value={words}
        maxLength={200}
        onChange={(event) => {
          setWords(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setChosen(Math.min(here + 1, goals.length - 1));
          else if (event.key === 'ArrowUp') setChosen(Math.max(here - 1, 0));
          else if (event.key === 'Enter') go(goals[here]);
          else return;
          event.preventDefault();
        }}
      />
      {goals.length === 0 ? (
        <Text c="dimmed" p="md" role="status">
          Nothing has this name.
        </Text>
      ) : null}
      <ul className="pl-palette-list" role="listbox" id={id} aria-label="Found" ref={list}>
        {goals.map((goal, index) => (
          <li key={`${goal.kind} ${goal.to}`} id={`${id}-${index}`} role="option" aria-selected={index === here} onMouseMove={() => setChosen(index)} onClick={() => go(goal)}>
            <goal.icon size={18} stroke={1.75} aria-hidden="true" />
            <span className="pl-cut" title={goal.label}>
              {goal.label}
            </span>
            <small>{goal.kind}</small>
          </li>
        ))}
      </ul>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function useGoals(): readonly Goal[] {
  const me = useMe();
  const servers = useQuery(serversQuery).data ?? [];
  const policies = useQuery(policiesQuery).data ?? [];
  const grants = useQuery(grantsQuery).data ?? [];
  return [
    ...PLACES.filter(({ needs }) => needs === undefined || may(me, needs)).map(({ to, label, icon, words }) => ({ to, label, icon, kind: 'page', words: `${label} ${words ?? ''}` })),
    ...servers.map(({ name, description }) => ({ to: `/servers/${encodeURIComponent(name)}`, label: name, icon: IconServer2, kind: 'server', words: `${name} ${description ?? ''}` })),
    ...policies.map(({ name, description }) => ({ to: `/policies/${encodeURIComponent(name)}`, label: name, icon: IconShieldCheck, kind: 'policy', words: `${name} ${description ?? ''}` })),
    ...grants.map(({ label, tags }) => ({ to: `/grants/${encodeURIComponent(label)}`, label, icon: IconKey, kind: 'grant', words: `${label} ${tags.join(' ')}` })),
  ];
}

/** Those that hold every word; a name that begins with what was typed comes first. */
function found(goals: readonly Goal[], typed: string): readonly Goal[] {
  const text = typed.trim().toLowerCase();
  const wanted = text.split(/\s+/);
  return goals
    .filter((goal) => wanted.every((word) => `${goal.words} ${goal.kind}`.toLowerCase().includes(word)))
    .toSorted((a, b) => Number(b.label.toLowerCase().startsWith(text)) - Number(a.label.toLowerCase().startsWith(text)))
    .slice(0, MOST);
}
