import { DndContext, DragOverlay, KeyboardSensor, PointerSensor, useSensor, useSensors, type DragEndEvent } from '@dnd-kit/core';
import { Stack } from '@mantine/core';
import { useCallback, useMemo, useRef, useState, type ReactNode } from 'react';
import { Column } from './column.tsx';
import { CardShadow, type CardActs } from './card.tsx';
import { COLUMNS, type Column as ColumnName } from './columns.ts';
import { announcements, columnByArrow, columnUnder, INSTRUCTIONS, isColumn } from './drag.ts';
import { filterTools, NO_FILTER, type BoardTool } from './filter.ts';
import { BoardToolbar } from './toolbar.tsx';
import './board.css';

export interface BoardProps {
  readonly tools: readonly BoardTool[];
  readonly movable: boolean;
  readonly onMove: (names: readonly string[], column: ColumnName) => void;
  readonly onReset: (names: readonly string[]) => void;
  readonly onOpen: (name: string) => void;
  readonly onGoTo: (line: number) => void;
  /** Beside the search: rules for classes, default. */
  readonly extra: ReactNode;
}

/** The tools of a server in columns, by what the policy does with each. */
export function Board({ tools, movable, onMove, onReset, onOpen, onGoTo, extra }: BoardProps): ReactNode {
  const [filter, setFilter] = useState(NO_FILTER);
  const [grouped, setGrouped] = useState(false);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [dragged, setDragged] = useState<string | null>(null);
  const lastSelected = useRef<string | null>(null);
  const shown = useMemo(() => filterTools(tools, filter), [tools, filter]);
  const columns = useMemo(() => COLUMNS.map((column) => ({ column, tools: shown.filter((tool) => tool.column === column), all: tools.filter((tool) => tool.column === column).length })), [shown, tools]);
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 6 } }), useSensor(KeyboardSensor, { coordinateGetter: columnByArrow }));

  const latest = useRef({ shown, selected, onMove, onReset, onOpen, onGoTo });
  latest.current = { shown, selected, onMove, onReset, onOpen, onGoTo };

  const move = useCallback((name: string, column: ColumnName): void => {
    const { selected: chosen, onMove: act } = latest.current;
    act(chosen.has(name) ? [...chosen] : [name], column);
    setSelected(new Set());
  }, []);
  const [acts] = useState<CardActs>(() => ({
    move,
    reset: (name) => latest.current.onReset([name]),
    open: (name) => latest.current.onOpen(name),
    goTo: (line) => latest.current.onGoTo(line),
    select: (name, on, range) => {
      const order = COLUMNS.flatMap((column) => latest.current.shown.filter((tool) => tool.column === column)).map((tool) => tool.name);
      const from = range && lastSelected.current !== null ? order.indexOf(lastSelected.current) : -1;
      const to = order.indexOf(name);
      const names = from === -1 || to === -1 ? [name] : order.slice(Math.min(from, to), Math.max(from, to) + 1);
      lastSelected.current = name;
      setSelected((before) => {
        const next = new Set(before);
        for (const one of names) {
          if (on) next.add(one);
          else next.delete(one);
        }
        return next;
      });
    },
  }));

  const end = ({ active, over }: DragEndEvent): void => {
    setDragged(null);
    const name = String(active.id);
    if (over === null || !isColumn(over.id)) return;
    const from = tools.find((tool) => tool.name === name)?.column;
    if (from !== over.id || (selected.has(name) && selected.size > 1)) move(name, over.id);
  };

  return (
    <Stack gap="sm" className="pl-board">
      <BoardToolbar
        tools={tools}
        shown={shown}
        filter={filter}
        onFilter={setFilter}
        grouped={grouped}
        onGrouped={setGrouped}
        selected={selected}
        onSelect={setSelected}
        movable={movable}
        onMove={(column) => {
          onMove([...selected], column);
          setSelected(new Set());
        }}
        onReset={() => {
          onReset([...selected]);
          setSelected(new Set());
        }}
        extra={extra}
      />
      <DndContext sensors={sensors} collisionDetection={columnUnder} accessibility={{ announcements, screenReaderInstructions: { draggable: INSTRUCTIONS } }} onDragStart={({ active }) => setDragged(String(active.id))} onDragCancel={() => setDragged(null)} onDragEnd={end}>
        <div className="pl-columns">
          {columns.map(({ column, tools: own, all }) => (
            <Column key={column} column={column} tools={own} all={all} grouped={grouped} selected={selected} movable={movable} acts={acts} />
          ))}
        </div>
        <DragOverlay dropAnimation={null}>{dragged === null ? null : <CardShadow name={dragged} count={selected.has(dragged) ? selected.size : 1} />}</DragOverlay>
      </DndContext>
    </Stack>
  );
}
