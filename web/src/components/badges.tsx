import { IconAlertTriangle, IconCheck, IconClock, IconInfoCircle, IconMinus, IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Category, Outcome, Risk } from '../api/types.ts';
import './badges.css';

const RISKS: readonly Risk[] = ['low', 'medium', 'high', 'critical'];

/** What a tool does to the world: by colour and by word. */
export function CategoryBadge({ category }: { readonly category: Category }): ReactNode {
  return <span className={`pl-badge pl-cat-${category}`}>{category}</span>;
}

/** By colour, by the length of a scale, and by word. */
export function RiskBadge({ risk }: { readonly risk: Risk }): ReactNode {
  const level = RISKS.indexOf(risk);
  return (
    <span className={`pl-badge pl-risk pl-risk-${risk}`}>
      <svg viewBox="0 0 18 12" width="18" height="12" aria-hidden="true">
        {RISKS.map((name, index) => (
          <rect key={name} x={index * 5} y={9 - index * 3} width="3" height={3 + index * 3} rx="1" className={index > level ? 'off' : undefined} />
        ))}
      </svg>
      {risk}
    </span>
  );
}

export type Tone = 'good' | 'warn' | 'wait' | 'bad' | 'quiet' | 'info';
const SIGNS = { good: IconCheck, warn: IconAlertTriangle, wait: IconClock, bad: IconX, quiet: IconMinus, info: IconInfoCircle } as const;

/** A state as a word with a sign and a colour. */
export function StatusBadge({ tone, children, title }: { readonly tone: Tone; readonly children: ReactNode; readonly title?: string | undefined }): ReactNode {
  const Sign = SIGNS[tone];
  return (
    <span className={`pl-badge pl-tone-${tone}`} title={title}>
      <Sign size={13} stroke={2.5} aria-hidden="true" />
      {children}
    </span>
  );
}

const OUTCOMES: Readonly<Record<Outcome, readonly [Tone, string]>> = {
  ok: ['good', 'ok'],
  forwarded: ['info', 'running'],
  refused: ['bad', 'refused'],
  rejected: ['bad', 'rejected'],
  tool_error: ['warn', 'tool error'],
  upstream_error: ['warn', 'upstream error'],
  upstream_failed: ['warn', 'upstream failed'],
  cancelled: ['quiet', 'cancelled'],
  dropped: ['quiet', 'dropped'],
};

/** How a call ended. */
export function OutcomeBadge({ outcome, title }: { readonly outcome: Outcome; readonly title?: string | undefined }): ReactNode {
  const [tone, word] = Object.hasOwn(OUTCOMES, outcome) ? OUTCOMES[outcome] : (['quiet', outcome] as const);
  return (
    <StatusBadge tone={tone} title={title}>
      {word}
    </StatusBadge>
  );
}
