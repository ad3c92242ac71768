/** `get account`, `get accounts`, `get servants`: who there is, and who controls it. */
import type { ResponseOf, Routes } from '@snapscale/api';
import { keyText } from '../keys/key-text.js';
import type { Handler } from '../program/command.js';
import { bytesText, fields, outline, table } from '../terminal/layout.js';
import type { Style } from '../terminal/style.js';

type Account = ResponseOf<Routes['chain']['getAccount']>;
type Permission = Account['permissions'][number];

export const getAccount: Handler = async (session, values) => {
  const { style } = session.output;
  const symbol = values.optionalArgument('symbol');
  const api = session.api();
  const account = await api.chain.getAccount({
    account_name: values.argument('account'),
    ...(symbol === undefined ? {} : { expected_core_symbol: symbol }),
  });
  const [{ code_hash: codeHash }, textOf] = await Promise.all([
    api.chain.getCodeHash({ account_name: account.account_name }),
    keyText(),
  ]);
  const contract = /^0+$/.test(codeHash) ? undefined : `${codeHash.slice(0, 12)}… set ${utc(account.last_code_update)}`;
  session.output.result(account, () => [
    ...fields(
      [
        ['account', `${style.bold(account.account_name)}${account.privileged ? '  privileged' : ''}`],
        ['created', utc(account.created)],
        ['contract', contract],
        ['balance', account.core_liquid_balance],
        ['memory', `${bytesText(Number(account.ram_usage))}${limitText(account.ram_quota, bytesText)}`],
        ['cpu', shareText(account.cpu_limit, (us) => `${us} µs`)],
        ['network', shareText(account.net_limit, bytesText)],
      ],
      style,
    ),
    '',
    ...permissionLines(account, textOf, style),
    ...systemLines(account, style),
  ]);
};

/** Permissions as a tree, each with what it needs and what it is for. */
function permissionLines(
  { permissions, eosio_any_linked_actions }: Account,
  textOf: (key: string) => string,
  style: Style,
): string[] {
  const below = (parent: string, depth: number): string[] =>
    permissions
      .filter((permission) => permission.parent === parent)
      .flatMap((permission) => [
        ...permissionLine(permission, depth, textOf, style),
        ...below(permission.perm_name, depth + 1),
      ]);
  const any = eosio_any_linked_actions.map(linkText);
  return [
    style.dim('permissions'),
    ...below('', 0),
    ...(any.length === 0 ? [] : [`  ${style.dim('any permission')}  for ${any.join(', ')}`]),
  ];
}

function permissionLine(
  { perm_name, required_auth, linked_actions }: Permission,
  depth: number,
  textOf: (key: string) => string,
  style: Style,
): string[] {
  const { threshold, keys, accounts, waits } = required_auth;
  const indent = '  '.repeat(depth + 1);
  const parts = [
    ...keys.map(({ key, weight }) => ({ text: textOf(key), weight })),
    ...accounts.map(({ permission, weight }) => ({ text: `${permission.actor}@${permission.permission}`, weight })),
    ...waits.map(({ wait_sec, weight }) => ({ text: `a delay of ${wait_sec} s`, weight })),
  ];
  const links = linked_actions.map(linkText);
  const linkLines = links.length === 0 ? [] : [`${indent}  ${style.dim('for')} ${links.join(', ')}`];
  const [only] = parts;
  if (parts.length === 1 && only!.weight >= threshold) {
    return [`${indent}${style.bold(perm_name)}  ${only!.text}`, ...linkLines];
  }
  return [
    `${indent}${style.bold(perm_name)}  ${parts.length === 0 ? 'nobody' : `weight ${threshold} of`}`,
    ...parts.map(({ text, weight }) => `${indent}  ${style.dim(`${weight} ×`)} ${text}`),
    ...linkLines,
  ];
}

function linkText({
  account,
  action,
}: {
  readonly account: string;
  readonly action?: string | null | undefined;
}): string {
  return action === undefined || action === null ? `${account}::*` : `${account}::${action}`;
}

/** What a system contract adds. */
function systemLines(account: Account, style: Style): string[] {
  const parts = {
    'staked by itself': account.self_delegated_bandwidth,
    refund: account.refund_request,
    votes: account.voter_info,
    rex: account.rex_info,
  };
  const shown = Object.entries(parts).filter(([, value]) => value !== null && value !== undefined);
  return shown.flatMap(([title, value]) => ['', style.dim(title), ...outline(value, style, '  ')]);
}

function shareText({ used, max }: Account['cpu_limit'], format: (amount: number) => string): string {
  return Number(max) < 0 ? 'no limit, paid by use' : `${format(Number(used))} used of ${format(Number(max))}`;
}

function limitText(quota: number | string, format: (amount: number) => string): string {
  return Number(quota) < 0 ? ' used, no limit' : ` used of ${format(Number(quota))}`;
}

function utc(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')} UTC`;
}

export const getAccounts: Handler = async (session, values) => {
  const key = values.argument('key');
  const { parsePublicKey } = await import('@snapscale/crypto');
  parsePublicKey(key);
  const answer = await session.api().chain.getAccountsByAuthorizers({ keys: [key] });
  showControlled(session.output, answer, `No account has a permission with the key ${key}.`);
};

export const getServants: Handler = async (session, values) => {
  const account = values.argument('account');
  const api = session.api();
  await api.chain.getAccount({ account_name: account });
  const answer = await api.chain.getAccountsByAuthorizers({ accounts: [account] });
  showControlled(session.output, answer, `No other account has a permission with ${account}.`);
};

type Controlled = ResponseOf<Routes['chain']['getAccountsByAuthorizers']>;

function showControlled(output: Parameters<Handler>[0]['output'], { accounts }: Controlled, nothing: string): void {
  const names = [...new Set(accounts.map(({ account_name }) => account_name))];
  output.result({ account_names: names, permissions: accounts }, () =>
    accounts.length === 0
      ? []
      : table(
          [
            { title: 'account' },
            { title: 'permission' },
            { title: 'weight', right: true },
            { title: 'needed', right: true },
          ],
          accounts.map((entry) => [
            entry.account_name,
            entry.permission_name,
            String(entry.weight),
            String(entry.threshold),
          ]),
          output.style,
        ),
  );
  if (accounts.length === 0) output.note(nothing);
}
