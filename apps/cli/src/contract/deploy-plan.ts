/** What deploying would change, for people and as JSON, and what to do where it cannot be paid for. */
import { formatAsset, systemToken } from '@snapscale/protocol';
import {
  actionNames,
  type Client,
  type ContractPart,
  type DeployPlan,
  type NameChanges,
  type PartChange,
  type SnapError,
} from '@snapscale/sdk';
import { AnnotatedError } from '../program/failures.js';
import type { Output } from '../program/output.js';
import { bytesText, counted, fields } from '../terminal/layout.js';
import { type Style, widthOf } from '../terminal/style.js';
import { creditProblem } from '../transacting/credit-problem.js';

/** Lines for a plan. */
export function planLines({ account, code, abi, ram, fee }: DeployPlan, style: Style): string[] {
  const quota = ram.quota < 0n ? '' : ` of ${bytesText(ram.quota)}`;
  return fields(
    [
      ['account', style.bold(account)],
      ['code', partText(code, style)],
      ['abi', partText(abi, style)],
      ['actions', namesText(abi.actions, style)],
      ['tables', namesText(abi.tables, style)],
      ['memory', `${bytesText(ram.before)} → ${bytesText(ram.after)}${quota}`],
      ['fee', fee === 0n ? undefined : formatAsset({ amount: fee, symbol: systemToken.symbol })],
    ],
    style,
  );
}

/** Warns of rows that the new code would misread, or no longer reach. */
export function warnOfRows({ affectedTables }: Pick<DeployPlan, 'affectedTables'>, output: Output): void {
  for (const { table, change, entries, scopes } of affectedTables) {
    const held = `rows (${counted(entries, 'entry', 'entries')} in ${counted(scopes, 'scope')})`;
    output.warn(
      change === 'removed'
        ? `the table ${table} has ${held}, and the new contract no longer has that table: its rows stay and cost RAM.`
        : `the table ${table} has ${held} of another layout: the new code misreads them unless it converts them.`,
    );
  }
}

/** A plan as JSON. */
export function planJson({ code, abi, ram, fee, affectedTables }: DeployPlan): Record<string, unknown> {
  const part = ({ before, after, changed }: PartChange) => ({ changed, before: before ?? null, after: after ?? null });
  return {
    code: part(code),
    abi: { ...part(abi), actions: abi.actions, tables: abi.tables },
    affected_tables: affectedTables,
    ram: { before: ram.before.toString(), after: ram.after.toString(), quota: ram.quota.toString() },
    fee: formatAsset({ amount: fee, symbol: systemToken.symbol }),
  };
}

/** The names that are new, changed (~) and gone. */
export function namesText({ added, removed, changed }: NameChanges, style: Style): string | undefined {
  const parts = [
    ...added.map((name) => style.green(`+${name}`)),
    ...changed.map((name) => style.yellow(`~${name}`)),
    ...removed.map((name) => style.red(`-${name}`)),
  ];
  return parts.length === 0 ? undefined : wrapped(parts).join('\n');
}

/** Columns that a list of names may take, beside its label, in the narrowest of usual terminals. */
const NAMES_COLUMNS = 70;

function wrapped(parts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = `${lines.at(-1) ?? ''}  ${part}`;
    if (lines.length === 0 || widthOf(line) > NAMES_COLUMNS) lines.push(part);
    else lines[lines.length - 1] = line;
  }
  return lines;
}

function partText({ before, after, changed }: PartChange, style: Style): string {
  if (!changed) return style.dim(`unchanged, ${partSize(after)}`);
  return `${partSize(before)} → ${partSize(after)}`;
}

function partSize(part: ContractPart): string {
  return part === undefined ? 'none' : `${bytesText(part.bytes)} (${part.hash.slice(0, 12)}…)`;
}

/** Throws where the account cannot pay for what is planned, saying how much is missing and the command that helps. */
export async function assertAffordable(client: Client, plan: DeployPlan): Promise<void> {
  const { refused } = plan;
  if (refused === undefined) return;
  if (refused.name === 'ram_usage_exceeded') throw await ramProblem(client, plan, refused);
  throw creditProblem(refused) ?? refused;
}

/** Room for a tenth more than is needed, so that the contract can store something, too. */
async function ramProblem(
  client: Client,
  { account, ram: { before, after, quota } }: DeployPlan,
  refused: SnapError,
): Promise<AnnotatedError> {
  const missing = after - quota;
  const { compiled } = await client.abis.get('eosio');
  const canRaise = compiled !== undefined && actionNames(compiled.abi).includes('setacctram');
  const command = `snapscale contract call eosio setacctram account=${account} ram_bytes=${after + after / 10n} -p eosio`;
  return new AnnotatedError(refused, {
    title: `${account} has too little RAM: it needs ${after} bytes and may use ${quota}, ${missing} are missing`,
    hints: [
      canRaise
        ? `Who governs the network can raise its quota: ${command}`
        : 'Ask who governs the network for a larger quota, or make the contract smaller: each byte of code takes 10 of RAM.',
    ],
    values: {
      missing_bytes: missing.toString(),
      ram: { before: before.toString(), after: after.toString(), quota: quota.toString() },
    },
  });
}
