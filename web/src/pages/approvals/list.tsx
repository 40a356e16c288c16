import { useEffect, useRef, type ReactNode } from 'react';
import type { ApprovalSummary } from '../../api/types.ts';
import { Countdown, RelativeTime } from '../../components/relative-time.tsx';
import { ApprovalState } from './status.tsx';

export function ApprovalList({ items, chosen, onChoose, label }: { readonly items: readonly ApprovalSummary[]; readonly chosen: string | null; readonly onChoose: (id: string) => void; readonly label: string }): ReactNode {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  return (
    <ul className="pl-inbox-list" aria-label={label} ref={list}>
      {items.map((item) => (
        <li key={item.id}>
          <button type="button" aria-current={item.id === chosen} onClick={() => onChoose(item.id)}>
            <span className="line">
              <strong className="pl-cut pl-mono" title={item.name}>
                {item.name}
              </strong>
              {item.status === 'pending' ? (
                <small>
                  <Countdown until={item.expiresAt} />
                </small>
              ) : (
                <ApprovalState status={item.status} />
              )}
            </span>
            <span className="line">
              <small className="pl-cut" title={`${item.server}, ${item.grant}`}>
                {item.server} · {item.grant}
              </small>
              <small>
                <RelativeTime at={item.createdAt} />
              </small>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
