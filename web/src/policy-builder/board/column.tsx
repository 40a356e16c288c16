import { useDroppable } from '@dnd-kit/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useMemo, useRef, type ReactNode } from 'react';
import { Card, type CardActs } from './card.tsx';
import { COLUMN_HINTS, COLUMN_TITLES, type Column as ColumnName } from './columns.ts';
import { rowsOf, type BoardTool } from './filter.ts';

interface ColumnProps {
  readonly column: ColumnName;
  readonly tools: readonly BoardTool[];
  readonly grouped: boolean;
  readonly selected: ReadonlySet<string>;
  readonly movable: boolean;
  readonly acts: CardActs;
  /** How many there are without search and filter. */
  readonly all: number;
}

/** One column. Only the cards in sight are in the page. */
export const Column = memo(function Column({ column, tools, grouped, selected, movable, acts, all }: ColumnProps): ReactNode {
  const { setNodeRef, isOver } = useDroppable({ id: column });
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => rowsOf(tools, grouped), [tools, grouped]);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: (index) => (rows[index]?.kind === 'group' ? 26 : 92),
    overscan: 4,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : row.kind === 'group' ? `@${row.name}` : row.tool.name;
    },
  });
  const title = COLUMN_TITLES[column];
  return (
    <section ref={setNodeRef} className="pl-column" data-column={column} data-over={isOver} aria-label={`${title}: ${tools.length} ${tools.length === 1 ? 'tool' : 'tools'}`}>
      <div className="pl-column-head">
        <h2>
          {title} <span className="pl-num">{tools.length === all ? all : `${tools.length} of ${all}`}</span>
        </h2>
        <p>{COLUMN_HINTS[column]}</p>
      </div>
      <div ref={scroll} className="pl-column-scroll" tabIndex={rows.length === 0 ? -1 : 0} role="group" aria-label={`Tools in ${title}`}>
        {rows.length === 0 ? <div className="pl-column-empty">{all === 0 ? 'No tool is here.' : 'None fits the filter.'}</div> : null}
        <div className="pl-column-inner" style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <div key={item.key} ref={virtualizer.measureElement} data-index={item.index} className="pl-row" style={{ transform: `translateY(${item.start}px)` }}>
                {row.kind === 'group' ? (
                  <div className="pl-group">
                    <span>{row.name}</span>
                    <span className="pl-num">{row.count}</span>
                  </div>
                ) : (
                  <Card tool={row.tool} selected={selected.has(row.tool.name)} movable={movable} acts={acts} />
                )}
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
});
