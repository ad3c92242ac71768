/** `proof get …`, `proof verify`: proofs that verify without a node. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import {
  type ChainProofVerdict,
  getChainProof,
  type ProofSubject,
  type ProvenContent,
  readTrust,
  type Trust,
  TrustError,
  verifyChainProof,
} from '@snapscale/sdk';
import type { Handler } from '../program/command.js';
import { CommandError, configurationError, exitCodes, usageError } from '../program/failures.js';
import { withSnakeCaseNames } from '../program/json-names.js';
import type { Session } from '../program/session.js';
import { type Values, wholeNumber } from '../program/values.js';
import { fields } from '../terminal/layout.js';
import { readStandardInput } from '../terminal/prompt.js';
import { readBytes } from '../transacting/json-input.js';
import { inflate } from '../transacting/transaction-input.js';

/** Larger files are refused before they are read. */
const PROOF_BYTES_MAX = 64 << 20;
const TRUST_BYTES_MAX = 1 << 20;

type Valid = Extract<ChainProofVerdict, { valid: true }>;

export const getBlockProof: Handler = (session, values) =>
  get(session, values, { kind: 'block', block: values.argument('block') });

export const getTransactionProof: Handler = (session, values) =>
  get(session, values, { kind: 'transaction', id: values.argument('id') });

export const getActionProof: Handler = (session, values) => {
  const ordinal = values.optionalArgument('ordinal');
  return get(session, values, {
    kind: 'action',
    id: values.argument('id'),
    ...(ordinal === undefined ? {} : { ordinal: wholeNumber(ordinal, 'ORDINAL', 1, 2 ** 32 - 1) }),
  });
};

export const getRowProof: Handler = (session, values) =>
  get(session, values, {
    kind: 'row',
    code: values.argument('code'),
    scope: values.argument('scope'),
    table: values.argument('table'),
    primaryKey: values.argument('key'),
  });

export const verifyProof: Handler = async (session, values) => {
  const file = values.argument('file');
  const trust = trustOf(values.text('trust'));
  if (trust === undefined) {
    throw usageError(
      'say what you trust: --trust CHECKPOINT',
      'That is a chain id (64 hex digits), or the file of a checkpoint or of a genesis, from a source that you believe.',
    );
  }
  const document = await readProof(file);
  const verdict = verified(document, trust, file === '-' ? 'the proof' : file);
  const target = values.text('checkpoint');
  if (target !== undefined) write(target, `${JSON.stringify(verdict.checkpoint, null, 2)}\n`, 'the checkpoint');
  const { content, ...rest } = verdict;
  session.output.result(withSnakeCaseNames({ ...rest, content: withTextIntegers(content) }), () =>
    verdictLines(session, verdict),
  );
};

async function get(session: Session, values: Values, subject: ProofSubject): Promise<void> {
  const { output } = session;
  const trust = trustOf(values.text('trust'));
  const done = output.progress('waiting until it is final');
  const proof = await getChainProof(session.api(), subject, trust?.light?.schedule.version ?? 0).finally(done);
  if (trust !== undefined) verified(proof, trust, 'the node’s proof');
  const text = `${JSON.stringify(proof, null, 2)}\n`;
  const file = values.text('output');
  if (file === undefined) {
    output.lines([text.trimEnd()]);
    return;
  }
  write(file, text, 'the proof');
  output.note(`${file}: ${text.length} bytes${trust === undefined ? '' : ', verified'}`);
  output.next(`proof verify ${file} --trust ${trust === undefined ? proof.chain_id : values.text('trust')!}`);
}

function verified(document: unknown, trust: Trust, what: string): Valid {
  const verdict = verifyChainProof(document, trust, { inflate });
  if (verdict.valid) return verdict;
  throw new CommandError('proof_invalid', exitCodes.failed, `${what} proves nothing: ${verdict.reason}`);
}

function trustOf(text: string | undefined): Trust | undefined {
  if (text === undefined) return undefined;
  const isChainId = /^[0-9a-fA-F]{64}$/.test(text) && !existsSync(text);
  try {
    return readTrust(isChainId ? text : readText(text, '--trust', TRUST_BYTES_MAX));
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    throw configurationError(`--trust ${text}: ${error.message}`);
  }
}

async function readProof(file: string): Promise<unknown> {
  const text = file === '-' ? await readStandardInput() : readText(file, 'FILE', PROOF_BYTES_MAX);
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError('proof_invalid', exitCodes.failed, `${file} is not JSON, so no proof: ${reason}`);
  }
}

function readText(path: string, what: string, bytesMax: number): string {
  const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0 };
  if (size > bytesMax) {
    throw configurationError(`${what}: ${path} has ${size} bytes, at most ${bytesMax} are read`);
  }
  return Buffer.from(readBytes(path, what)).toString('utf8');
}

function write(path: string, text: string, what: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw configurationError(
      `${what} cannot be written to ${path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function verdictLines({ output }: Session, { chainId, block, anchor, content, checkpoint }: Valid): string[] {
  const { style } = output;
  const timeOf = (text: string) => `${text.replace('T', ' ')} UTC`;
  return fields(
    [
      ['proof', style.green('valid')],
      ['chain', chainId],
      ['block', `${block.num}, ${timeOf(block.timestamp)}, final`],
      ['block id', block.id],
      ['signed', signedText(anchor, checkpoint.schedule.version)],
      ...contentFields(content),
    ],
    style,
  );
}

function signedText({ signers, num }: Valid['anchor'], version: number): string {
  return `by ${signers} finalizer${signers === 1 ? '' : 's'} of schedule ${version}, in block ${num}`;
}

function contentFields(content: ProvenContent): (readonly [string, string | undefined])[] {
  switch (content.kind) {
    case 'block':
      return [];
    case 'transaction':
      return [
        ['transaction', content.id],
        ['status', content.status],
        ['used', `${content.cpuUsageUs} µs · ${content.netUsageWords * 8} bytes`],
        ['actions', content.actions?.map(({ account, name, data }) => `${account}::${name}  ${data}`).join('\n')],
      ];
    case 'action': {
      const { account, name, authorization, data } = content.action;
      return [
        ['receiver', content.receiver],
        ['action', `${account}::${name}`],
        ['authorised', authorization.map(({ actor, permission }) => `${actor}@${permission}`).join(', ')],
        ['data', data],
        ['returned', content.returnValue === '' ? undefined : content.returnValue],
        ['sequence', String(content.globalSequence)],
      ];
    }
    case 'entry': {
      const { row } = content;
      const found = content.value === undefined ? 'is not in the state' : 'is in the state';
      return [
        ['key', content.key],
        ['row', row && `${row.code}, scope ${row.scope}, table ${row.table}, key ${row.primaryKey}`],
        ['entry', found],
        ['payer', row?.payer],
        ['data', row === undefined ? content.value : row.data],
      ];
    }
  }
}

/** JSON has no integers of 64 bits. */
function withTextIntegers(content: ProvenContent): unknown {
  return content.kind === 'action' ? { ...content, globalSequence: String(content.globalSequence) } : content;
}
