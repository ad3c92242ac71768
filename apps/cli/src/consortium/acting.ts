/** Acting for an organisation: which one, and transactions that are steps of a command rather than its whole result. */
import { parsePublicKey } from '@snapscale/crypto';
import {
  type ActionInput,
  type Client,
  type KeySource,
  permissionsOfKeys,
  prepareTransaction,
  sendTransaction,
  type TransactionResult,
} from '@snapscale/sdk';
import { userKeys } from '../keys/signer.js';
import { CommandError, exitCodes, usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import type { Values } from '../program/values.js';
import { finality, permissionsOr, signChecked, transactionOptions } from '../transacting/execute.js';
import { consortiumAccount, consortiumRows, type OrganisationRow } from './rows.js';

/** A step that was carried out. */
export type Step = {
  readonly transactionId: string;
  /** Undefined: it was not waited for. */
  readonly block: number | undefined;
  readonly result: TransactionResult;
};

/** Signs actions with the user's keys, sends them, and waits until they are final. */
export async function act(
  session: Session,
  values: Values,
  actions: readonly ActionInput[],
  keys?: KeySource,
): Promise<Step> {
  const client = await session.client();
  const prepared = await prepareTransaction(client, actions, transactionOptions(values));
  const signed = await signChecked(client, prepared, keys ?? (await userKeys(session)));
  const result = await sendTransaction(client, signed);
  const status = values.unlessNot('wait') ? await finality(session, client, values, signed) : undefined;
  return { transactionId: result.transaction_id, block: status?.block_number, result };
}

/** An action of `snap.ca`. */
export function consortiumAction(name: string, by: readonly string[], data: ActionInput['data']): ActionInput {
  return { account: consortiumAccount, name, authorization: by, data };
}

/** The organisation that the user speaks for, and the permission with which. */
export type Speaker = { readonly organisation: string; readonly by: readonly string[] };

/**
 * Finds the organisation that the user speaks for: the one that `--organisation` or `-p` names, that of the session's
 * identity, or the only one whose permission `active` the user's keys are part of. @throws CommandError
 */
export async function speaker(session: Session, values: Values): Promise<Speaker> {
  const given = permissionsOr(values);
  const named = values.text('organisation') ?? given[0]?.split('@')[0] ?? (await session.organisation());
  if (named !== undefined) return { organisation: named, by: given.length > 0 ? given : [`${named}@active`] };
  const client = await session.client();
  const organisations = await consortiumRows<OrganisationRow>(client, 'orgs');
  const mine = await controlled(session, client, organisations);
  if (mine.length === 1) return { organisation: mine[0]!, by: [`${mine[0]}@active`] };
  if (mine.length > 1) {
    throw usageError(
      'for which organisation? Your keys speak for several',
      `Name it: --organisation ${mine[0]} (yours: ${mine.join(', ')})`,
    );
  }
  throw new CommandError(
    'no_organisation',
    exitCodes.unauthorized,
    'none of your keys speaks for an organisation of the consortium',
    `Its organisations: ${organisations.map(({ account }) => account).join(', ')}. Your keys: snapscale key list`,
  );
}

async function controlled(
  session: Session,
  client: Client,
  organisations: readonly OrganisationRow[],
): Promise<string[]> {
  const keys = await (await userKeys(session)).publicKeys();
  const held = await permissionsOfKeys(client, keys);
  return organisations
    .filter(({ account, status }) => status === 0 && held.some(({ permission }) => permission === `${account}@active`))
    .map(({ account }) => account);
}

/** Whether a text is a public key. */
export function isPublicKey(text: string): boolean {
  try {
    parsePublicKey(text);
    return true;
  } catch {
    return false;
  }
}
