/** `contract call`: one action of a contract, with data checked by its ABI. */
import type { Handler } from '../program/command.js';
import { AnnotatedError, usageError } from '../program/failures.js';
import { execute, permissionsOr } from '../transacting/execute.js';
import { actionData } from './action-data.js';

export const callCommand: Handler = async (session, values) => {
  const [account, action] = [values.argument('account'), values.argument('action')];
  const reads = values.flag('readOnly');
  const authorization = reads ? [] : permissionsOr(values);
  const client = await session.client();
  const { abi, type } = await client.abis.action(account, action);
  const data = await actionData(values.rest, { abi, type, action });
  if (authorization.length === 0 && !reads) {
    throw usageError(
      'who calls it? No permission is declared',
      'Name it with -p, as: -p alice. For an action that only reads: --read-only',
    );
  }
  try {
    await execute(session, values.with({ read: reads }), [{ account, name: action, authorization, data }], {
      next: [`contract tables ${account}`],
    });
  } catch (error) {
    throw reads ? notOnlyReading(error, action) : error;
  }
};

/** Nobody signs a read: an action that demands a signature is no action for reading. */
function notOnlyReading(error: unknown, action: string): unknown {
  if (!(error instanceof AnnotatedError) || error.error.name !== 'missing_auth_exception') return error;
  return new AnnotatedError(error.error, {
    title: `${action} does not only read: ${error.error.message}`,
    hints: ['Call it without --read-only, and name who signs with -p.'],
  });
}
