import type { TracingConfig } from '../../gateway/config-types.ts';
import type { OtelTracing } from '../../gateway/tracing/otel-tracer.ts';

/**
 * Traces where gateway.yaml or the standard variables name a collector. Without one, not even the code is loaded.
 * @returns null when nothing is traced
 */
export async function openTracing(config: TracingConfig | null, env: Readonly<Record<string, string | undefined>>, version: string): Promise<OtelTracing | null> {
  const named = (env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? '') !== '' || (env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '') !== '';
  if ((config === null && !named) || env['OTEL_SDK_DISABLED'] === 'true') return null;
  const { openOtelTracing } = await import('../../gateway/tracing/otel-tracer.ts');
  return openOtelTracing({ endpoint: config?.endpoint ?? null, headers: config?.headers ?? {}, sample: config?.sample ?? 1, version });
}
