import { List, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { StatusBadge, type Tone } from '../../components/badges.tsx';
import './explained.css';

export interface Step {
  readonly text: string;
  readonly rule?: string | null;
  readonly line?: number | null;
  readonly outcome?: string | null;
}

export interface Explanation {
  readonly decision: string;
  readonly code: string | null;
  readonly rule: string | null;
  readonly reasons: readonly string[];
  readonly steps: readonly Step[];
  readonly wouldPass: unknown;
  /** What would have been decided had nothing only observed. */
  readonly wouldBe?: string | null;
}

const TONES: Readonly<Record<string, Tone>> = { allow: 'good', rate_limit: 'good', deny: 'bad', hide: 'bad', require_approval: 'warn', unknown: 'bad' };
const WORDS: Readonly<Record<string, string>> = { allow: 'Forwarded', deny: 'Refused', hide: 'Hidden: the tool does not exist for this caller', require_approval: 'Waits for an approval', unknown: 'Refused: the server lists no such tool' };
const STEP_TONES: Readonly<Record<string, string>> = { passes: 'good', applies: 'good', decides: 'good', refuses: 'bad', unknown: 'warn', counts: 'warn' };

/** What was decided, the rules on the way there, and what would have passed. */
export function Explained({ explanation, onGoTo }: { readonly explanation: Explanation; readonly onGoTo: (line: number) => void }): ReactNode {
  const { decision, code, rule, reasons, steps, wouldPass, wouldBe } = explanation;
  const passes = passText(wouldPass);
  return (
    <Stack gap="sm" className="pl-explained" data-decision={decision}>
      <div>
        <StatusBadge tone={TONES[decision] ?? 'info'}>{WORDS[decision] ?? decision}</StatusBadge>{' '}
        {code === null ? null : <code className="pl-mono">{code}</code>} {rule === null ? null : <span className="pl-mono pl-explained-rule">{rule}</span>}
      </div>
      {reasons.length === 0 ? null : (
        <List fz="sm">
          {reasons.map((reason, index) => (
            <List.Item key={index}>{reason}</List.Item>
          ))}
        </List>
      )}
      {passes === null ? null : (
        <Text fz="sm">
          Would pass: <span className="pl-mono">{passes}</span>
        </Text>
      )}
      {wouldBe === null || wouldBe === undefined ? null : (
        <Text fz="sm">
          Something only observes. Without that: <span className="pl-mono">{wouldBe}</span>
        </Text>
      )}
      <ol className="pl-steps">
        {steps.map((step, index) => (
          <li key={index} data-tone={STEP_TONES[step.outcome ?? ''] ?? 'quiet'}>
            <span>{step.text}</span>
            {typeof step.line === 'number' && step.line > 0 ? (
              <button type="button" onClick={() => onGoTo(step.line ?? 1)} aria-label={`Line ${step.line}: show in the text`}>
                line {step.line}
              </button>
            ) : null}
            {step.outcome === null || step.outcome === undefined ? null : <em>{step.outcome.replaceAll('_', ' ')}</em>}
          </li>
        ))}
      </ol>
    </Stack>
  );
}

function passText(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(String).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
