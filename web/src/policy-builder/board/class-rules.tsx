import { Button, Group, Popover, Select, Stack, Table, Text } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { CATEGORIES, matches, RISKS } from '../editor/suggest.ts';
import { isMap } from '../yaml/render.ts';
import { COLUMNS, COLUMN_TITLES, type Column } from './columns.ts';
import type { BoardTool } from './filter.ts';

interface ClassRulesProps {
  readonly tools: readonly BoardTool[];
  readonly ruleOf: (selector: string) => unknown;
  readonly movable: boolean;
  readonly onMove: (selector: string, column: Column) => void;
  readonly onRemove: (selector: string) => void;
  readonly onOpen: (selector: string) => void;
}

const NONE = 'none';

/** Where the rule of a selector puts what nothing more specific names; null: it has none of that kind. */
function columnOf(rule: unknown): Column | null {
  if (typeof rule === 'string') return COLUMNS.find((column) => column === rule) ?? null;
  if (!isMap(rule)) return null;
  const action = rule['action'] ?? 'allow';
  if (action === 'allow') return rule['rate_limit'] === undefined ? 'allow' : 'rate_limit';
  return COLUMNS.find((column) => column === action) ?? null;
}

/** Rules for whole classes: they hold for tools that come later, too. */
export function ClassRules({ tools, ruleOf, movable, onMove, onRemove, onOpen }: ClassRulesProps): ReactNode {
  return (
    <Popover position="bottom-end" width={500} withArrow shadow="md" trapFocus>
      <Popover.Target>
        <Button variant="default" size="sm" rightSection={<IconChevronDown size={14} aria-hidden="true" />}>
          Rules for classes
        </Button>
      </Popover.Target>
      <Popover.Dropdown maw="calc(100vw - 2rem)">
        <Stack gap="xs">
          <Text fz="sm" c="dimmed">
            A class rule decides for every tool of the class that has no rule by name or glob, also for tools that come later. Of several the strictest counts.
          </Text>
          <Table verticalSpacing={4} fz="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Class</Table.Th>
                <Table.Th className="pl-nowrap">Tools</Table.Th>
                <Table.Th>Rule</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {[...CATEGORIES, ...RISKS].map((name) => {
                const selector = `@${name}`;
                const rule = ruleOf(selector);
                const listed = Array.isArray(rule);
                return (
                  <Table.Tr key={selector}>
                    <Table.Td>
                      <span className="pl-mono pl-nowrap">{selector}</span>
                    </Table.Td>
                    <Table.Td className="pl-num">{tools.filter((tool) => matches(selector, tool.name, tool.category, tool.risk)).length}</Table.Td>
                    <Table.Td>
                      {listed ? (
                        <Text fz="sm">a list, see the text</Text>
                      ) : (
                        <Group gap={6} wrap="nowrap">
                          <Select
                            size="xs"
                            aria-label={`Rule for ${selector}`}
                            disabled={!movable}
                            allowDeselect={false}
                            comboboxProps={{ withinPortal: false }}
                            data={[{ value: NONE, label: 'No rule' }, ...COLUMNS.map((value) => ({ value, label: COLUMN_TITLES[value] }))]}
                            value={columnOf(rule) ?? NONE}
                            onChange={(value) => {
                              const column = COLUMNS.find((one) => one === value);
                              if (column === undefined) onRemove(selector);
                              else onMove(selector, column);
                            }}
                          />
                          <Button size="compact-xs" variant="subtle" onClick={() => onOpen(selector)} aria-label={`Edit the rule for ${selector}`}>
                            Edit
                          </Button>
                        </Group>
                      )}
                    </Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
