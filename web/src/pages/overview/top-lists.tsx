import { Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { CSSProperties, ReactNode } from 'react';
import type { Overview } from '../../api/types.ts';
import { policyName } from '../../components/policy-name.ts';
import { Section } from './section.tsx';

const number = new Intl.NumberFormat('en-GB');

interface Bar {
  readonly key: string;
  readonly label: string;
  readonly hint: string;
  readonly count: number;
  readonly search: Readonly<Record<string, string>>;
}

function Bars({ label, bars, colour }: { readonly label: string; readonly bars: readonly Bar[]; readonly colour: string }): ReactNode {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return (
    <ul className="pl-bars" aria-label={label} style={{ '--bar': colour } as CSSProperties}>
      {bars.map(({ key, label: name, hint, count, search }) => (
        <li key={key}>
          <Link to="/journal" search={search}>
            <span className="top">
              <span className="pl-cut" title={`${name} ${hint}`}>
                <span className="pl-mono">{name}</span>{' '}
                <Text component="span" fz="xs" c="dimmed">
                  {hint}
                </Text>
              </span>
              <span className="pl-num">{number.format(count)}</span>
            </span>
            <i aria-hidden="true">
              <b style={{ width: `${Math.max(2, (count / most) * 100)}%` }} />
            </i>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** The rules that refused most. */
export function TopRules({ rules }: { readonly rules: Overview['topRules'] }): ReactNode {
  return (
    <Section title="What refused most" hint="24 hours">
      {rules.length === 0 ? (
        <Text c="dimmed" fz="sm">
          Nothing was refused.
        </Text>
      ) : (
        <Bars
          label="Rules that refused most"
          colour="var(--pl-bad)"
          bars={rules.slice(0, 6).map(({ policy, rule, count, codes }) => ({ key: `${policy} ${rule}`, label: rule ?? 'no rule', hint: [policyName(policy ?? ''), ...Object.keys(codes)].filter((part) => part !== '').join(', '), count, search: { outcome: 'refused', ...(policy === null ? {} : { policy: policyName(policy) }), ...onlyCode(codes) } }))}
        />
      )}
    </Section>
  );
}

export function TopTools({ tools }: { readonly tools: Overview['topTools'] }): ReactNode {
  return (
    <Section title="Most used tools" hint="24 hours">
      {tools.length === 0 ? (
        <Text c="dimmed" fz="sm">
          No tool was called.
        </Text>
      ) : (
        <Bars label="Most used tools" colour="var(--pl-accent)" bars={tools.slice(0, 6).map(({ server, name, count }) => ({ key: `${server} ${name}`, label: name, hint: server, count, search: { server, name } }))} />
      )}
    </Section>
  );
}

function onlyCode(codes: Readonly<Record<string, number>>): { readonly code?: string } {
  const [code, ...others] = Object.keys(codes);
  return code !== undefined && others.length === 0 ? { code } : {};
}
