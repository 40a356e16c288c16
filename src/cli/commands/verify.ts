import { readFileSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import { printable } from '../../policy/index.ts';
import type { Checkpoint, VerifyReport } from '../../state/chain/types.ts';
import { databasePath, openChainReader, visitState } from '../../state/open.ts';
import type { AuditCheck } from '../../state/registry/types.ts';
import { StateUnavailable } from '../../state/types.ts';
import { locate } from '../config/locate.ts';
import { progressLine, styleFor, type Style } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

export interface VerifyFlags {
  readonly config?: string;
  readonly data?: string;
  readonly json?: boolean;
  /** Afterwards a new key signs, which the old one vouches for. */
  readonly rotateKey?: boolean;
  readonly publicKey?: readonly string[];
  readonly checkpoint?: readonly string[];
}

const MAX_FILE_BYTES = 1024 * 1024;
const TEXTS = ['format', 'chain', 'hash', 'at', 'key', 'publicKey', 'signature'] as const;

/**
 * `policylayer verify`: checks the journal against its chain.
 * @returns 0 when it verifies, 1 when it does not @throws UsageError for files that are not what they should be, and a database that cannot be read
 */
export async function verify(flags: VerifyFlags, out: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream } = process): Promise<number> {
  const publicKeys = flags.publicKey?.map(readPublicKey);
  const checkpoints = flags.checkpoint?.map(readCheckpoint) ?? [];
  const { dataDir } = await locate(flags);
  const path = databasePath(dataDir);
  const progress = progressLine(out.stderr);
  let report: VerifyReport;
  let audit: AuditCheck;
  try {
    const reader = await openChainReader({ path });
    try {
      const walk = reader.verify({ checkpoints, ...(publicKeys === undefined ? {} : { publicKeys }) });
      let step = walk.next();
      for (let shown = 0; step.done !== true; step = walk.next()) {
        if (performance.now() - shown < 200) continue;
        shown = performance.now();
        progress.show(`checking rows: ${step.value.rows.toLocaleString('en-US')} of ${step.value.last.toLocaleString('en-US')}`);
      }
      report = step.value;
      audit = reader.checkAudit();
    } finally {
      progress.clear();
      reader.close();
    }
  } catch (error) {
    if (error instanceof StateUnavailable) throw new UsageError(error.message);
    throw error;
  }
  if (report.ok && audit.ok && flags.rotateKey === true) report = { ...report, keys: await rotated(path) };
  if (flags.json === true) out.stdout.write(`${JSON.stringify({ database: path, ...report, ok: report.ok && audit.ok, audit, publicKey: report.keys.at(-1)?.publicKey ?? null })}\n`);
  else out.stdout.write(`${[...render(path, report, styleFor(out.stdout)), ...renderAudit(audit, styleFor(out.stdout))].join('\n')}\n`);
  return report.ok && audit.ok ? 0 : 1;
}

/** Only of a journal that verifies: a new key must not vouch for what the old one would not have. @returns the keys with the new one */
async function rotated(path: string): Promise<VerifyReport['keys']> {
  try {
    const state = await visitState({ path });
    try {
      state.chain.rotateKey();
      return (await state.chain.verify()).keys;
    } finally {
      state.close();
    }
  } catch (error) {
    throw error instanceof StateUnavailable ? new UsageError(error.message) : error;
  }
}

function read(path: string, option: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > MAX_FILE_BYTES) throw new UsageError(`${option} ${path} is too large`);
    return bytes.toString('utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${option} ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}

function readPublicKey(path: string): string {
  const pem = read(path, '--public-key');
  try {
    if (/PRIVATE KEY/.test(pem)) throw new UsageError(`--public-key ${path} is a private key`, 'give the public key that `policylayer verify` prints, and keep the private one where it is');
    if (createPublicKey(pem).asymmetricKeyType === 'ed25519') return pem;
  } catch (error) {
    if (error instanceof UsageError) throw error;
  }
  throw new UsageError(`--public-key ${path} is no Ed25519 public key in PEM`, 'give the public key that `policylayer verify` prints');
}

function readCheckpoint(path: string): Checkpoint {
  const wrong = (): UsageError => new UsageError(`--checkpoint ${path} is no checkpoint`, 'expected is the JSON object that GET /api/v1/journal/checkpoints and `policylayer verify --json` (lastCheckpoint) give');
  let value: unknown;
  try {
    value = JSON.parse(read(path, '--checkpoint'));
  } catch (error) {
    throw error instanceof UsageError ? error : wrong();
  }
  const found = value as Record<string, unknown> | null;
  if (typeof found !== 'object' || found === null || found['format'] !== 'policylayer-journal-checkpoint') throw wrong();
  if (!TEXTS.every((name) => typeof found[name] === 'string') || !Number.isSafeInteger(found['number']) || !Number.isSafeInteger(found['lastSeq'])) throw wrong();
  return value as Checkpoint;
}

const count = (number: number): string => number.toLocaleString('en-US');

/** The audit of administrative changes is a chain of its own, without a signature. */
function renderAudit({ ok, rows, problem }: AuditCheck, style: Style): string[] {
  if (ok) return rows === 0 ? [] : [style.green(`The audit of administrative changes is whole: ${count(rows)} entries.`)];
  return [style.red(`The audit of administrative changes does not verify: ${problem?.text ?? 'its chain is broken'}.`)];
}

function render(path: string, report: VerifyReport, style: Style): string[] {
  const lines = [`Journal   ${path}`];
  if (report.chain === null && report.ok) return [...lines, `${count(report.unsealed)} rows, none of them sealed yet: the gateway seals them a second after they are written.`];
  lines.push(
    `Rows      ${count(report.rows)} checked (${report.firstSeq} to ${report.lastSeq}); sealed through ${report.sealedThrough}`,
    `Blocks    ${count(report.blocks)}, of them ${count(report.checkpoints)} signed checkpoints; ${count(report.unsigned)} blocks after the newest one`,
  );
  if (report.unsealed > 0) lines.push(`Unsealed  ${count(report.unsealed)} newer rows, which prove nothing yet`);
  if (report.unsealedEnds > 0) lines.push(`          ${count(report.unsealedEnds)} calls whose end is not sealed yet`);
  if (report.redacted > 0) lines.push(`Redacted  ${count(report.redacted)} rows`);
  if (report.removedThrough > 0) lines.push(`Removed   rows up to ${report.removedThrough}, as the retention says`);
  if (report.lastCheckpoint !== null) lines.push(`Newest    checkpoint: block ${report.lastCheckpoint.number}, row ${report.lastCheckpoint.lastSeq}, ${report.lastCheckpoint.at}`);
  const key = report.keys.at(-1);
  if (key !== undefined) lines.push(`Key       ${key.id}`, key.publicKey.trimEnd());
  lines.push('');
  if (report.ok) return [...lines, style.green('The journal verifies.')];
  for (const { code, message } of report.problems) lines.push(`${style.red(code)}  ${printable(message, 400)}`);
  if (report.problemCount > report.problems.length) lines.push(`... and ${count(report.problemCount - report.problems.length)} more`);
  return [...lines, style.red(`The journal does not verify: ${count(report.problemCount)} ${report.problemCount === 1 ? 'problem' : 'problems'}.`)];
}
