import { Accordion, Button, Checkbox, Drawer, Group, SegmentedControl, Select, Stack, Text, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState, type ReactNode } from 'react';
import { CategoryBadge, RiskBadge } from '../../components/badges.tsx';
import type { Diagnostic, Tool } from '../../api/types.ts';
import { useCheck } from '../api.ts';
import { matches } from '../editor/suggest.ts';
import { editRules, ruleOf } from '../yaml/edit-rules.ts';
import { argumentNames } from './argument-form.ts';
import { ArgumentFields } from './argument-fields.tsx';
import { ApprovalFields } from './approval-fields.tsx';
import { BudgetFields, ConditionFields, LimitFields, Wrong, type ErrorAt } from './fields.tsx';
import { changedKeys, EMPTY_RULE, formOfRule, type Action, type RuleForm } from './rule-form.ts';
import { Caution } from '../caution.tsx';

export interface RuleDrawerProps {
  readonly selector: string;
  readonly text: string;
  readonly server: string | null;
  readonly tools: readonly Tool[];
  readonly people: readonly string[];
  readonly writable: boolean;
  readonly onSelector: (selector: string) => void;
  readonly onApply: (text: string, selector: string) => void;
  readonly onClose: () => void;
}

const ACTIONS: readonly { readonly value: Action | 'none'; readonly label: string }[] = [
  { value: 'allow', label: 'Allow' },
  { value: 'require_approval', label: 'Approval' },
  { value: 'deny', label: 'Deny' },
  { value: 'hide', label: 'Hide' },
];

const escaped = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

/** Everything about the rule of one tool, glob or class, as a form. What is not touched keeps the way it is written. */
export function RuleDrawer(props: RuleDrawerProps): ReactNode {
  return (
    <Drawer opened onClose={props.onClose} position="right" size="lg" title={<Heading {...props} />} closeButtonProps={{ 'aria-label': 'Close' }}>
      <RuleFields key={props.selector} {...props} />
    </Drawer>
  );
}

function Heading({ selector, writable }: RuleDrawerProps): ReactNode {
  return (
    <Text component="span" fw={650}>
      {writable ? 'Rule for' : 'Rule for (read only)'} <span className="pl-mono">{selector}</span>
    </Text>
  );
}

function RuleFields({ selector, text, server, tools, people, writable, onSelector, onApply, onClose }: RuleDrawerProps): ReactNode {
  const written = ruleOf(text, selector);
  const [before] = useState(() => formOfRule(written));
  const [form, setForm] = useState<RuleForm>(before ?? EMPTY_RULE);
  const set = (part: Partial<RuleForm>): void => setForm((now) => ({ ...now, ...part }));
  const tool = tools.find(({ name }) => name === selector);
  const members = tools.filter(({ name, category, risk }) => matches(selector, name, category, risk));
  const names = tool === undefined ? [...new Set(members.slice(0, 50).flatMap(({ inputSchema }) => argumentNames(inputSchema)))] : argumentNames(tool.inputSchema);
  const set_ = before === null ? {} : changedKeys(before, form);
  const touched = Object.keys(set_).length > 0;
  const edited = touched ? editRules(text, [{ selector, set: set_ }]) : { ok: true as const, text };
  const [candidate] = useDebouncedValue(edited.ok ? edited.text : text, 350);
  const check = useCheck(candidate, server);
  const diagnostics = check.data?.diagnostics ?? [];
  const error = errorsOf(diagnostics, `/tools/${escaped(selector)}`);
  const errors = diagnostics.filter(({ severity, pointer }) => severity === 'error' && under(pointer, `/tools/${escaped(selector)}`));
  if (before === null) {
    return (
      <Stack>
        <Caution tone="info" title="A list of rules">
          The first rule whose condition holds is the rule. Lists are written in the text: the editor completes and checks them.
        </Caution>
        <Group justify="flex-end">
          <Button onClick={onClose}>Close</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (touched && edited.ok && writable) onApply(edited.text, selector);
        else onClose();
      }}
    >
      <Stack gap="md">
        <About selector={selector} tool={tool} members={members.length} onSelector={onSelector} />
        <fieldset disabled={!writable} style={{ all: 'unset', display: 'block' }}>
          <Stack gap="md">
            <div>
              <Text fz="sm" fw={600} mb={4} id="rule-action">
                Action
              </Text>
              <SegmentedControl fullWidth aria-labelledby="rule-action" data={ACTIONS.map(({ value, label }) => ({ value, label }))} value={form.action === '' ? (written === undefined ? '' : 'allow') : form.action} onChange={(action) => set({ action: action as Action })} disabled={!writable} />
              {form.action === '' ? (
                <Text fz="xs" c="dimmed" mt={4}>
                  {written === undefined ? 'It has no rule of its own yet. A rule of guards alone allows.' : 'Not written: a rule of guards alone allows.'}
                </Text>
              ) : null}
              <Wrong text={error('/action') ?? error('')} />
            </div>
            <Textarea label="Reason" description="What the agent is told when this rule refuses." autosize minRows={1} maxLength={1000} value={form.reason} onChange={(event) => set({ reason: event.currentTarget.value })} error={error('/reason')} />
            {form.action === 'require_approval' ? <ApprovalFields value={form.approval} onChange={(approval) => set({ approval })} error={error} people={people} /> : null}
            <LimitFields value={form.limits} onChange={(limits) => set({ limits })} error={error} />
            <ArgumentFields value={form.arguments} onChange={(args) => set({ arguments: args })} closed={form.closed} onClosed={(closed) => set({ closed })} upstream={form.upstream} onUpstream={(upstream) => set({ upstream })} names={names} inputSchema={tool?.inputSchema} error={error} />
            <ConditionFields legend="Require" hint="Must hold. A condition about an argument that is absent does not hold." name="require" value={form.require} onChange={(require) => set({ require })} error={error} />
            <ConditionFields legend="Deny if" hint="Must not hold." name="deny_if" value={form.denyIf} onChange={(denyIf) => set({ denyIf })} error={error} />
            <BudgetFields value={form.budgets} onChange={(budgets) => set({ budgets })} error={error} sums={names.map((name) => `args.${name}`)} />
            <Accordion variant="contained" defaultValue={form.when !== '' || form.observe ? 'more' : null}>
              <Accordion.Item value="more">
                <Accordion.Control>When, and observing</Accordion.Control>
                <Accordion.Panel>
                  <Stack gap="sm">
                    <Textarea label="Only when (CEL)" className="pl-mono" autosize minRows={1} spellCheck={false} value={form.when} onChange={(event) => set({ when: event.currentTarget.value })} error={error('/when')} />
                    <Checkbox label="Only observe" description="The rule records what it would have done, and blocks nothing." checked={form.observe} onChange={(event) => set({ observe: event.currentTarget.checked })} error={error('/mode')} />
                  </Stack>
                </Accordion.Panel>
              </Accordion.Item>
            </Accordion>
          </Stack>
        </fieldset>
        {edited.ok ? null : <Caution tone="bad" alert>{edited.problem}</Caution>}
        {touched && errors.length > 0 ? (
          <Caution tone="bad" alert title={errors.length === 1 ? 'One mistake in this rule' : `${errors.length} mistakes in this rule`}>
            {errors[0]?.message}
          </Caution>
        ) : null}
        <Group justify="flex-end" className="pl-drawer-foot">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          {writable ? (
            <Button type="submit" disabled={!touched || !edited.ok}>
              Write into the policy
            </Button>
          ) : null}
        </Group>
      </Stack>
    </form>
  );
}

function About({ selector, tool, members, onSelector }: { readonly selector: string; readonly tool: Tool | undefined; readonly members: number; readonly onSelector: (selector: string) => void }): ReactNode {
  if (tool === undefined) {
    return (
      <Text fz="sm" c="dimmed">
        {members === 0 ? 'No tool of the server is covered by it now.' : `Covers ${members} ${members === 1 ? 'tool' : 'tools'} of the server.`}
      </Text>
    );
  }
  const wider = [...new Set([tool.name, `@${tool.category}`, `@${tool.risk}`, '*'])];
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <CategoryBadge category={tool.category} />
        <RiskBadge risk={tool.risk} />
      </Group>
      {tool.description === null ? null : (
        <Text fz="sm" c="dimmed" lineClamp={4}>
          {tool.description}
        </Text>
      )}
      <Select label="The rule is for" data={wider.map((value) => ({ value, label: value === tool.name ? `this tool, ${value}` : value === '*' ? 'every tool, *' : `the class ${value}` }))} value={selector} allowDeselect={false} onChange={(value) => (value === null ? undefined : onSelector(value))} />
    </Stack>
  );
}

const under = (pointer: string, rule: string): boolean => pointer === rule || pointer.startsWith(`${rule}/`);

/** Messages by their place below the rule. What stands deeper than a field belongs to the nearest field above it. */
function errorsOf(diagnostics: readonly Diagnostic[], rule: string): ErrorAt {
  const own = diagnostics.filter(({ severity, pointer }) => severity === 'error' && under(pointer, rule)).map(({ pointer, message }) => ({ at: pointer.slice(rule.length), message }));
  return (place) => {
    const exact = own.filter(({ at }) => at === place);
    const deeper = /^\/(arguments\/|require|deny_if|when|reason)/.test(place) ? own.filter(({ at }) => at.startsWith(`${place}/`)) : [];
    const found = [...exact, ...deeper];
    return found.length === 0 ? undefined : found.map(({ message }) => message).join(' ');
  };
}
