import { knownAs, type ScanReport } from './report.ts';
import type { ScanFailure } from '../../gateway/scan/scan-failure.ts';
import type { ToolSummary } from '../../gateway/scan/tool-summary.ts';

/**
 * The report as `--json` prints it: one object; `tools` holds every item of the input in its order. `status` is `ok`, or the first of
 * `notices`: the tools are all there in either case.
 */
export function scanJson(report: ScanReport): object {
  return {
    status: report.notices[0] ?? 'ok',
    notices: report.notices,
    server: report.server,
    tools: report.tools.map((tool) => toolJson(report, tool)),
    categories: report.categories,
    risks: report.risks,
    totalBytes: report.totalBytes,
    approximateTokens: report.approximateTokens,
    unnamed: report.unnamed,
    duplicates: report.duplicates,
    lookAlikes: report.lookAlikes,
    unreadable: report.unreadable,
    catalogue: report.known === null ? null : { slug: report.known.slug, version: report.known.version, scannedOn: report.known.scannedOn },
  };
}

/** A scan that failed, with what was read until then. */
export function failureJson(failure: ScanFailure, partial: ScanReport | null): object {
  const read = partial === null ? { server: null, tools: [] } : { server: partial.server, tools: partial.tools.map((tool) => toolJson(partial, tool)) };
  return { status: failure.status, error: { status: failure.status, message: failure.message }, ...read };
}

function toolJson(report: ScanReport, tool: ToolSummary): object {
  const { name, title, description, classification, parameters, required, bytes, sha256, hints } = tool;
  const { category, risk, confidence, effects, signals, findings, evidence } = classification;
  return { name, category, risk, confidence, effects, signals, findings, evidence, title, description, parameters, required, bytes, sha256, hints, known: knownAs(report, tool) };
}
