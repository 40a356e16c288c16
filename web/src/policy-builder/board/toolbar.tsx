import { Button, Checkbox, Group, Menu, Text, TextInput } from '@mantine/core';
import { IconChevronDown, IconSearch } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { CATEGORIES, RISKS } from '../editor/suggest.ts';
import { COLUMNS, COLUMN_TITLES, type Column } from './columns.ts';
import type { BoardFilter, BoardTool } from './filter.ts';

interface ToolbarProps {
  readonly tools: readonly BoardTool[];
  readonly shown: readonly BoardTool[];
  readonly filter: BoardFilter;
  readonly onFilter: (filter: BoardFilter) => void;
  readonly grouped: boolean;
  readonly onGrouped: (grouped: boolean) => void;
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (names: ReadonlySet<string>) => void;
  readonly movable: boolean;
  readonly onMove: (column: Column) => void;
  readonly onReset: () => void;
  readonly extra: ReactNode;
}

const toggled = (list: readonly string[], value: string): readonly string[] => (list.includes(value) ? list.filter((one) => one !== value) : [...list, value]);

/** Search, filters and what is done with several tools at once. */
export function BoardToolbar(props: ToolbarProps): ReactNode {
  const { tools, shown, filter, onFilter } = props;
  const count = (test: (tool: BoardTool) => boolean): number => tools.filter(test).length;
  const categories = CATEGORIES.filter((name) => count((tool) => tool.category === name) > 0);
  const risks = RISKS.filter((name) => count((tool) => tool.risk === name) > 0);
  return (
    <>
      <Group gap="sm" justify="space-between">
        <Group gap="sm">
          <TextInput aria-label="Search tools" placeholder="Search tools" type="search" maxLength={200} value={filter.search} onChange={(event) => onFilter({ ...filter, search: event.currentTarget.value })} leftSection={<IconSearch size={16} aria-hidden="true" />} w={{ base: '100%', xs: '14rem' }} />
          <Checkbox label="Group by class" checked={props.grouped} onChange={(event) => props.onGrouped(event.currentTarget.checked)} />
          {props.movable && shown.length > 0 ? <SelectionBar {...props} /> : null}
        </Group>
        <Group gap="xs">{props.extra}</Group>
      </Group>
      <Group gap={6} role="group" aria-label="Filter by class">
        {categories.map((name) => (
          <button key={name} type="button" className="pl-chip" aria-pressed={filter.categories.includes(name)} onClick={() => onFilter({ ...filter, categories: toggled(filter.categories, name) })}>
            {name} <span className="pl-num">{count((tool) => tool.category === name)}</span>
          </button>
        ))}
        <Text component="span" c="dimmed" aria-hidden="true">
          ·
        </Text>
        {risks.map((name) => (
          <button key={name} type="button" className="pl-chip" aria-pressed={filter.risks.includes(name)} aria-label={`${name} risk, ${count((tool) => tool.risk === name)}`} onClick={() => onFilter({ ...filter, risks: toggled(filter.risks, name) })}>
            <span className={`pl-risk-${name}`}>{name}</span> <span className="pl-num">{count((tool) => tool.risk === name)}</span>
          </button>
        ))}
        {shown.length === tools.length ? null : (
          <Text fz="sm" c="dimmed" role="status">
            {shown.length} of {tools.length}
          </Text>
        )}
      </Group>
    </>
  );
}

function SelectionBar({ tools, shown, selected, onSelect, onMove, onReset }: ToolbarProps): ReactNode {
  const all = shown.every(({ name }) => selected.has(name));
  return (
    <Group gap="xs" wrap="nowrap">
      <Button variant="default" size="compact-sm" onClick={() => onSelect(all ? new Set() : new Set(shown.map(({ name }) => name)))}>
        {all ? 'Select none' : shown.length === tools.length ? 'Select all' : `Select these ${shown.length}`}
      </Button>
      <Menu position="bottom-end" disabled={selected.size === 0}>
        <Menu.Target>
          <Button size="compact-sm" disabled={selected.size === 0} aria-label={`Move the ${selected.size} selected`} rightSection={<IconChevronDown size={14} aria-hidden="true" />}>
            {selected.size === 0 ? 'Move' : `Move ${selected.size}`}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {COLUMNS.map((column) => (
            <Menu.Item key={column} onClick={() => onMove(column)}>
              {COLUMN_TITLES[column]}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={onReset}>Remove their own rules</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
