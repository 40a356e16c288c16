import { Button } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useEffect, useState, type ReactNode } from 'react';
import './code-block.css';

/** Puts a text on the clipboard; where the browser has none (plain HTTP), by a selected text area. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.setAttribute('readonly', '');
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
  }
}

export function CopyButton({ text, label = 'Copy', what }: { readonly text: string; readonly label?: string; readonly what?: string }): ReactNode {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return undefined;
    const timer = setTimeout(() => setState('idle'), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const Sign = state === 'copied' ? IconCheck : IconCopy;
  return (
    <Button variant="default" size="compact-xs" leftSection={<Sign size={14} aria-hidden="true" />} aria-label={what === undefined ? undefined : `${label} ${what}`} onClick={() => void copyText(text).then((copied) => setState(copied ? 'copied' : 'failed'))}>
      <span aria-live="polite">{state === 'copied' ? 'Copied' : state === 'failed' ? 'Select it by hand' : label}</span>
    </Button>
  );
}

/** A text as it is, with a button that copies all of it. `label` says what it is, for those who do not see it. */
export function CodeBlock({ text, label, wrap = false, maxHeight, shown }: { readonly text: string; readonly label: string; readonly wrap?: boolean; readonly maxHeight?: string; readonly shown?: ReactNode }): ReactNode {
  return (
    <div className="pl-code" data-wrap={wrap}>
      <pre tabIndex={0} role="region" aria-label={label} style={maxHeight === undefined ? undefined : ({ '--pl-code-height': maxHeight } as React.CSSProperties)}>
        <code>{shown ?? text}</code>
      </pre>
      <span className="pl-code-copy">
        <CopyButton text={text} what={label} />
      </span>
    </div>
  );
}
