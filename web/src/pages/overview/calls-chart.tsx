import { Text, useComputedColorScheme } from '@mantine/core';
import { useEffect, useMemo, useRef, type ReactNode } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Overview } from '../../api/types.ts';

const HEIGHT = 220;
const LINES = [
  ['admitted', 'Admitted', '--pl-good', []],
  ['refused', 'Refused', '--pl-bad', [6, 3]],
  ['failed', 'Failed', '--pl-warn', [2, 3]],
] as const;

/** Admitted, refused and failed calls over a day. The lines differ by colour and by their dashes. */
export function CallsChart({ series }: { readonly series: Overview['series'] }): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme();
  const data = useMemo<uPlot.AlignedData>(() => [series.map(({ t }) => (typeof t === 'number' ? t : Date.parse(t)) / 1000), ...LINES.map(([key]) => series.map((point) => point[key]))], [series]);
  const plot = useRef<uPlot | null>(null);
  const sums = LINES.map(([key, label]) => `${label.toLowerCase()} ${series.reduce((sum, point) => sum + point[key], 0)}`).join(', ');
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const axis: uPlot.Axis = { stroke: colour('--pl-soft'), grid: { stroke: colour('--pl-line'), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
    const made = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        cursor: { drag: { x: false, y: false }, points: { size: 7 } },
        legend: { live: true },
        scales: { y: { range: (_, __, max) => [0, Math.max(4, max * 1.1)] } },
        series: [{ value: '{HH}:{mm}' }, ...LINES.map(([, label, name, dash]) => ({ label, stroke: colour(name), width: 2, dash: [...dash], points: { show: false }, ...(label === 'Admitted' ? { fill: `${colour(name)}1f` } : {}) }))],
        axes: [{ ...axis, values: '{HH}:{mm}', space: 60 }, { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000] }],
      },
      data,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
    // Data go in by setData below: a new chart for every point would flicker.
  }, [scheme]);
  useEffect(() => plot.current?.setData(data), [data]);
  if (series.every(({ admitted, refused, failed }) => admitted + refused + failed === 0)) {
    return (
      <Text c="dimmed" fz="sm">
        No call in the last 24 hours.
      </Text>
    );
  }
  return <div ref={box} className="pl-chart" role="img" aria-label={`Calls of the last 24 hours: ${sums}`} />;
}
