import { Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useMemo, useState, type ReactNode } from 'react';
import { CodeBlock } from '../components/code-block.tsx';
import { shownJson, shownText, type Shown } from './shown-json.ts';
import './exact-json.css';

function Pieces({ pieces }: { readonly pieces: readonly Shown[] }): ReactNode {
  return (
    <span className="pl-exact">
      {/* Pieces have no identity but their place. */}
      {pieces.map(({ text, escaped, kind }, index) => (escaped ? <mark key={index}>{text}</mark> : <span key={index} className={kind}>{text}</span>))}
    </span>
  );
}

/** A text that somebody else wrote, with everything that hides in it made visible. */
export function SafeText({ text }: { readonly text: string }): ReactNode {
  const pieces = useMemo(() => shownText(text), [text]);
  return <Pieces pieces={pieces} />;
}

/** JSON that somebody sent: indented to be read, or exactly as it came. */
export function ExactJson({ text, label, maxHeight }: { readonly text: string; readonly label: string; readonly maxHeight?: string }): ReactNode {
  const [view, setView] = useState('indented');
  const pieces = useMemo(() => (view === 'indented' ? shownJson(text) : shownText(text)), [text, view]);
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="xs">
        <Text fw={600} fz="sm">
          {label}
        </Text>
        <SegmentedControl size="xs" value={view} onChange={setView} aria-label={`How the ${label.toLowerCase()} are shown`} data={[{ value: 'indented', label: 'Indented' }, { value: 'exact', label: 'Exact text' }]} />
      </Group>
      <CodeBlock text={text} label={label} wrap {...(maxHeight === undefined ? {} : { maxHeight })} shown={<Pieces pieces={pieces} />} />
    </Stack>
  );
}
