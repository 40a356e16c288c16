import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Column } from './data-table-types.ts';

export interface TableRowProps<Row> {
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly index: number;
  readonly measure: ((element: HTMLElement | null) => void) | undefined;
  readonly current: boolean;
  readonly fresh: boolean;
  readonly href: string | undefined;
  readonly onOpen: ((row: Row) => void) | undefined;
  readonly ariaRow: boolean;
}

/** One row. Its first cell is what opens it by keyboard; a click anywhere else in it does the same. */
export function TableRow<Row>({ row, columns, index, measure, current, fresh, href, onOpen, ariaRow }: TableRowProps<Row>): ReactNode {
  const opens = href !== undefined || onOpen !== undefined;
  const open = (content: ReactNode): ReactNode => {
    if (href !== undefined) {
      return (
        <Link to={href} className="pl-row-open" data-row-open="">
          {content}
        </Link>
      );
    }
    if (onOpen === undefined) return <div>{content}</div>;
    return (
      <button type="button" className="pl-row-open" data-row-open="" onClick={() => onOpen(row)}>
        {content}
      </button>
    );
  };
  return (
    <tr
      ref={measure}
      data-index={index}
      data-opens={opens}
      data-current={current}
      data-fresh={fresh}
      aria-rowindex={ariaRow ? index + 2 : undefined}
      onClick={(event) => {
        // What can be pressed itself acts for itself; selecting text opens nothing.
        if (!opens || (event.target as HTMLElement).closest('a,button,input,label') !== null || getSelection()?.toString() !== '') return;
        event.currentTarget.querySelector<HTMLElement>('[data-row-open]')?.click();
      }}
    >
      {columns.map((column, place) => (
        <td key={column.id} data-label={column.header} className={[place === 0 ? 'first' : '', column.align === 'end' ? 'end' : '', column.tight === true ? 'tight' : '', column.bare === true ? 'bare' : '', column.wideOnly === true ? 'wide-only' : ''].filter((name) => name !== '').join(' ')}>
          {place === 0 ? open(column.cell(row)) : <div>{column.cell(row)}</div>}
        </td>
      ))}
    </tr>
  );
}
