import type { ReactNode } from 'react';

export interface Column<Row> {
  readonly id: string;
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  /** Makes the column sortable. Nothing (null) sorts last. */
  readonly sort?: (row: Row) => string | number | null;
  /** What the filter looks into. */
  readonly text?: (row: Row) => string;
  readonly align?: 'end';
  /** As narrow as its contents. */
  readonly tight?: boolean;
  /** On a phone: left out of the card. */
  readonly wideOnly?: boolean;
  /** On a phone: without its label. */
  readonly bare?: boolean;
}

export interface DataTableProps<Row> {
  /** What the table holds, for those who do not see it: "Servers". */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  /** Undefined while they load for the first time. */
  readonly rows: readonly Row[] | undefined;
  readonly rowKey: (row: Row) => string;
  readonly error?: unknown;
  readonly retry?: () => void;
  /** Shown when there are no rows at all. */
  readonly empty: ReactNode;
  /** Opens a row: by a click anywhere in it, or with its first cell (a link where `rowHref` is given). */
  readonly onOpen?: (row: Row) => void;
  readonly rowHref?: (row: Row) => string;
  readonly currentKey?: string | null;
  readonly freshKeys?: ReadonlySet<string>;
  readonly initialSort?: { readonly id: string; readonly desc: boolean };
  /** Shows a field that keeps only rows whose texts hold all its words. */
  readonly filter?: string;
  /** Beside the filter. */
  readonly tools?: ReactNode;
  /** Only rows in sight are in the page; the table scrolls in a box of this height. */
  readonly virtualHeight?: string;
  /** Called when the last rows come into sight. */
  readonly onEnd?: () => void;
  /** Below the last row, such as "Loading more". */
  readonly footer?: ReactNode;
  /** On a phone: cards (default) or a table that scrolls sideways. */
  readonly phone?: 'cards' | 'scroll';
}
