/** What a transaction did, for people: a line for each action, under it what it caused and printed. */
import type { TransactionResult } from '@snapscale/sdk';
import { bytesText, inline, scalar } from '../terminal/layout.js';
import { printable, type Style } from '../terminal/style.js';

/** What is shown of an action. */
export type ActionView = Pick<
  TransactionResult['processed']['action_traces'][number],
  | 'action_ordinal'
  | 'creator_action_ordinal'
  | 'receiver'
  | 'act'
  | 'console'
  | 'return_value_data'
  | 'return_value_hex_data'
>;

/** Longest text of a field, and longest hex, that is shown whole. */
const TEXT_MAX = 400;
const HEX_MAX = 128;

/** Lines for the actions of a transaction, in the order in which they were caused. */
export function actionLines(traces: readonly ActionView[], style: Style, indent = '  '): string[] {
  const below = (creator: number, margin: string): string[] => {
    const children = traces.filter((trace) => trace.creator_action_ordinal === creator);
    const notified = children.filter(isNotification);
    const lines = children
      .filter((trace) => !isNotification(trace) && !isNonce(trace))
      .flatMap((trace) => [...ownLines(trace, style, margin), ...below(trace.action_ordinal, `${margin}  `)]);
    const quiet = notified.filter((trace) => !speaks(trace, traces));
    const names = quiet.map(({ receiver }) => receiver).join(', ');
    return [
      ...(names === '' ? [] : [`${margin}${style.dim(`notified ${names}`)}`]),
      ...notified
        .filter((trace) => speaks(trace, traces))
        .flatMap((trace) => [
          `${margin}${style.dim('notified')} ${trace.receiver}`,
          ...outputLines(trace, style, `${margin}  `),
          ...below(trace.action_ordinal, `${margin}  `),
        ]),
      ...lines,
    ];
  };
  return below(0, indent);
}

/** `eosio.token::transfer  alice@active  from alice · to bob`. */
export function actionLine({ act }: Pick<ActionView, 'act'>, style: Style): string {
  const by = act.authorization.map(({ actor, permission }) => `${actor}@${permission}`).join(', ');
  const parts = [style.bold(`${act.account}::${act.name}`), style.dim(by), dataText(act.data, style)];
  return parts.filter((part) => part !== '').join('  ');
}

/** The data of an action on one line. */
export function dataText(data: unknown, style: Style): string {
  if (typeof data === 'string') return clipped(data === '' ? '' : `0x${data}`);
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return clipped(inline(data));
  const parts = Object.entries(data).map(
    ([key, value]) =>
      `${style.dim(printable(key))} ${clipped(typeof value === 'object' ? inline(value) : scalar(value))}`,
  );
  return parts.join(style.dim(' · '));
}

function ownLines(trace: ActionView, style: Style, margin: string): string[] {
  return [`${margin}${actionLine(trace, style)}`, ...outputLines(trace, style, `${margin}  `)];
}

function outputLines(trace: ActionView, style: Style, margin: string): string[] {
  const text = trace.console.replace(/\n+$/, '');
  const printed = text === '' ? [] : text.split('\n').map((line) => `${margin}${style.cyan('>')} ${printable(line)}`);
  const value = trace.return_value_data ?? (trace.return_value_hex_data || undefined);
  return value === undefined ? printed : [...printed, `${margin}${style.cyan('=')} ${clipped(inline(value))}`];
}

function isNotification({ receiver, act }: ActionView): boolean {
  return receiver !== act.account;
}

function isNonce({ act }: ActionView): boolean {
  return act.account === 'eosio.null' && act.name === 'nonce';
}

/** Whether a notified contract printed something or caused actions. */
function speaks(trace: ActionView, traces: readonly ActionView[]): boolean {
  return (
    trace.console !== '' || traces.some(({ creator_action_ordinal }) => creator_action_ordinal === trace.action_ordinal)
  );
}

function clipped(text: string): string {
  if (text.length > HEX_MAX && /^(0x)?([0-9a-f]{2})+$/.test(text)) {
    return `${text.slice(0, 16)}… (${bytesText(Math.floor(text.length / 2))})`;
  }
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}… (${text.length} characters)`;
}
