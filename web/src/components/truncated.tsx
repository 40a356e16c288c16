import type { ReactNode } from 'react';

/** A long name on one line, whole in its title. */
export function Truncated({ text, mono = false, width }: { readonly text: string; readonly mono?: boolean; readonly width?: string }): ReactNode {
  return (
    <span className={`pl-cut${mono ? ' pl-mono' : ''}`} title={text} style={width === undefined ? undefined : { maxWidth: width }}>
      {text}
    </span>
  );
}
