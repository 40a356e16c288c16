import { useDebouncedValue } from '@mantine/hooks';

/** The value once nobody has changed it for a moment. */
export function useSettled<Value>(value: Value, ms: number): Value {
  const [settled] = useDebouncedValue(value, ms);
  return settled;
}
