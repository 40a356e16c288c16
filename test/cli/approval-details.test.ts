import { describe, expect, test } from 'vitest';
import { requestDetails } from '../../src/cli/approvals/details.ts';
import { shownName } from '../../src/cli/approvals/shown-name.ts';
import { styleFor } from '../../src/cli/terminal.ts';
import type { ApprovalRecord } from '../../src/state/types.ts';
import { request } from '../state/builders.ts';

const PLAIN = styleFor(process.stderr, { NO_COLOR: '1' });

function lines(over: Partial<ApprovalRecord>, width?: number): string[] {
  const record: ApprovalRecord = { ...request('a'), id: 'ID', status: 'pending', createdAt: '2026-01-05T10:00:00.000Z', expiresAt: '2026-01-05T11:00:00.000Z', votes: [], usedBy: null, ...over };
  return requestDetails(record, Date.parse(record.createdAt), null, PLAIN, width);
}

describe('what a terminal shows of a request', () => {
  test('[#44] whatever else is sent is shown under its own heading, escaped like the arguments', () => {
    const text = lines({ argumentsText: null, alsoSent: '{"meta":{"force\\u202e":1e400},"task":{"ttl":1}}' }).join('\n');
    expect(text).toContain('Arguments  none\nAlso sent\n  {\n    "meta": {\n      "force\\u202e": 1e400\n    },\n    "task": {\n      "ttl": 1\n    }\n  }\n');
    expect(lines({ alsoSent: null }).join('\n')).not.toContain('Also sent');
  });

  test('the method is shown, and names and reasons to their end', () => {
    const text = lines({ method: 'resources/subscribe', name: `file:///${'a'.repeat(4_000)}END`, reason: `${'r'.repeat(3_000)}WHY` }).join('\n');
    expect(text).toMatch(/Call +file:\/\/\/a+END\nServer +amazon-mq\nMethod +resources\/subscribe\n[\s\S]*r{3000}WHY\n/);
  });

  test('[#44] a name or a string that is wider than the terminal cannot begin a line that looks like ours', () => {
    const fake = `x${' '.repeat(59)}Status     pending, 1 of 1 approvals given`;
    const shown = lines({ name: fake, argumentsText: JSON.stringify({ a: fake, '東京': '東'.repeat(50) }), reason: fake }, 60);
    for (const line of shown) expect([...line].reduce((sum, character) => sum + ((character.codePointAt(0) ?? 0) >= 0x2e80 ? 2 : 1), 0)).toBeLessThanOrEqual(60);
    expect(shown.filter((line) => /^ {0,2}Status/.test(line))).toHaveLength(1);
    expect(shown.filter((line) => line.startsWith('↪ ')).length).toBeGreaterThan(1);
    expect(shown.slice(2).find((line) => line.includes('Status'))).toMatch(/^ {9}↪ /);
  });

  test('[#44] a name in a message has no character that moves the cursor or turns the text', () => {
    expect(shownName('eve\u009b2J\u202e"\n\u3164\u2800')).toBe('"eve\\u{9b}2J\\u{202e}\\"\\n\\u{3164}\\u{2800}"');
  });
});
