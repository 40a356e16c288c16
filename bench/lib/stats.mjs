/** The few statistics the bench needs. */

/**
 * @param {ArrayLike<number>} values need not be sorted, must not be empty
 * @param {number} q 0 to 1
 */
export function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.ceil(at)] - sorted[low]) * (at - low);
}

export const median = (values) => quantile(values, 0.5);

/** Middle, lowest and highest of repeated measurements of the same thing; null when there are none. */
export function summary(values) {
  const usable = values.filter((value) => Number.isFinite(value));
  return usable.length === 0 ? null : { median: median(usable), min: Math.min(...usable), max: Math.max(...usable) };
}

/** Slope of the least-squares line through points [x, y]. */
export function slope(points) {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let over = 0;
  let under = 0;
  for (const [x, y] of points) {
    over += (x - meanX) * (y - meanY);
    under += (x - meanX) ** 2;
  }
  return under === 0 ? 0 : over / under;
}
