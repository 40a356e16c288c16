import { useDraggable } from '@dnd-kit/core';
import { Menu } from '@mantine/core';
import { IconArrowBackUp, IconDotsVertical, IconGripVertical, IconPencil } from '@tabler/icons-react';
import { memo, type ReactNode } from 'react';
import { CategoryBadge, RiskBadge } from '../../components/badges.tsx';
import type { Category, Risk } from '../../api/types.ts';
import { COLUMNS, COLUMN_TITLES, originOf, type Column } from './columns.ts';
import type { BoardTool } from './filter.ts';

export interface CardActs {
  readonly select: (name: string, on: boolean, range: boolean) => void;
  readonly open: (name: string) => void;
  readonly move: (name: string, column: Column) => void;
  readonly reset: (name: string) => void;
  readonly goTo: (line: number) => void;
}

interface CardProps {
  readonly tool: BoardTool;
  readonly selected: boolean;
  readonly movable: boolean;
  readonly acts: CardActs;
}

const CATEGORIES = new Set(['read', 'write', 'execute', 'destructive', 'financial']);

/** A tool on the board. It is dragged by pointer from anywhere on it, by keyboard with its handle, and moved without dragging by its menu. */
export const Card = memo(function Card({ tool, selected, movable, acts }: CardProps): ReactNode {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, isDragging } = useDraggable({ id: tool.name, disabled: !movable, attributes: { roleDescription: 'draggable tool' } });
  return (
    <div ref={setNodeRef} className="pl-card" data-card={tool.name} data-selected={selected} data-dragged={isDragging} data-movable={movable} onPointerDown={listeners?.['onPointerDown'] as React.PointerEventHandler | undefined}>
      <div className="pl-card-top">
        {movable ? <input type="checkbox" checked={selected} aria-label={`Select ${tool.name}`} onChange={() => undefined} onClick={(event) => acts.select(tool.name, !selected, event.shiftKey)} /> : null}
        <button type="button" className="pl-card-name" title={tool.name} aria-label={`${tool.name}: rule`} onClick={() => acts.open(tool.name)}>
          {tool.name}
        </button>
        {movable ? (
          <span className="pl-card-acts">
            <button type="button" ref={setActivatorNodeRef} className="pl-card-act" data-handle="true" {...attributes} aria-label={`Drag ${tool.name}`} onKeyDown={listeners?.['onKeyDown'] as React.KeyboardEventHandler | undefined}>
              <IconGripVertical size={15} aria-hidden="true" />
            </button>
            <MoveMenu tool={tool} acts={acts} />
          </span>
        ) : null}
      </div>
      <CardFacts tool={tool} onGoTo={acts.goTo} />
    </div>
  );
});

function MoveMenu({ tool, acts }: { readonly tool: BoardTool; readonly acts: CardActs }): ReactNode {
  const own = originOf(tool.rule, tool.name).kind === 'own';
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <button type="button" className="pl-card-act" aria-label={`Move ${tool.name}`}>
          <IconDotsVertical size={15} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Move to</Menu.Label>
        {COLUMNS.map((column) => (
          <Menu.Item key={column} disabled={column === tool.column} onClick={() => acts.move(tool.name, column)}>
            {COLUMN_TITLES[column]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconPencil size={15} aria-hidden="true" />} onClick={() => acts.open(tool.name)}>
          Edit its rule
        </Menu.Item>
        {own ? (
          <Menu.Item leftSection={<IconArrowBackUp size={15} aria-hidden="true" />} onClick={() => acts.reset(tool.name)}>
            Remove its own rule
          </Menu.Item>
        ) : null}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Class, guards, and which rule decides. */
function CardFacts({ tool, onGoTo }: { readonly tool: BoardTool; readonly onGoTo: (line: number) => void }): ReactNode {
  const origin = originOf(tool.rule, tool.name);
  const word = origin.kind === 'own' ? 'own rule' : origin.kind === 'default' ? 'default' : origin.selector;
  return (
    <>
      {CATEGORIES.has(tool.category) ? (
        <div className="pl-card-badges">
          <CategoryBadge category={tool.category as Category} />
          <RiskBadge risk={tool.risk as Risk} />
        </div>
      ) : null}
      {tool.guards.length === 0 ? null : (
        <div className="pl-card-guards">
          {tool.guards.map((guard) => (
            <span key={guard} className="pl-guard">
              {guard}
            </span>
          ))}
        </div>
      )}
      <div className="pl-card-origin">
        by{' '}
        {tool.line === null ? (
          <span className="pl-mono">{word}</span>
        ) : (
          <button type="button" onClick={() => onGoTo(tool.line ?? 1)} aria-label={`${word}, line ${tool.line}: show in the text`}>
            {word}
          </button>
        )}
      </div>
    </>
  );
}

/** What follows the pointer. */
export function CardShadow({ name, count }: { readonly name: string; readonly count: number }): ReactNode {
  return (
    <div className="pl-card" data-overlay="true">
      <div className="pl-card-name">{name}</div>
      {count > 1 ? <div className="pl-card-origin">and {count - 1} more</div> : null}
    </div>
  );
}
