import { Link } from '@tanstack/react-router';
import type { CSSProperties, ReactNode } from 'react';
import type { Tone } from '../../components/badges.tsx';
import './overview.css';

const number = new Intl.NumberFormat('en-GB');

/** One number with its name; a link into the journal where there is something to see. */
export function Tile({ label, value, hint, tone, search }: { readonly label: string; readonly value: number; readonly hint: string; readonly tone: Tone; readonly search?: Readonly<Record<string, string>> }): ReactNode {
  const style = { '--tile': `var(--pl-${tone === 'info' ? 'write' : tone})` } as CSSProperties;
  const content = (
    <>
      <span>{label}</span>
      <strong>{number.format(value)}</strong>
      <small>{hint}</small>
    </>
  );
  return search === undefined ? (
    <div className="pl-tile" style={style}>
      {content}
    </div>
  ) : (
    <Link to="/journal" search={search} className="pl-tile" style={style}>
      {content}
    </Link>
  );
}
