/** `contract deploy`: builds the contract and sets it on an account, after showing what changes. */
import { createAccountAction, findAccount, parseAuthority, prepareTransaction, sendTransaction } from '@snapscale/sdk';
import { deploy } from '../commands/contract.js';
import { developmentPublicKey, isDevelopmentNetwork } from '../keys/development.js';
import { userKeys } from '../keys/signer.js';
import type { Handler } from '../program/command.js';
import { CommandError, exitCodes, usageError } from '../program/failures.js';
import type { Session } from '../program/session.js';
import { signChecked } from '../transacting/execute.js';
import { buildInto, withCompiler } from './building.js';
import { contractFor, openProject } from './project.js';

export const deployCommand: Handler = async (session, values) => {
  const account = values.argument('account');
  const project = await openProject(values.optionalArgument('directory'));
  const contract = contractFor(project, values.text('contract'), account);
  // Before the build: it takes seconds, and a misspelt name should not.
  const exists = await accountExists(session, account);
  const onlyShows = values.flag('dryRun') || values.flag('dontBroadcast');
  if (!exists && (onlyShows || !values.flag('create'))) throw missingAccount(account);
  const { wasm, abi } = await withCompiler(session, (compiler) =>
    buildInto(compiler, project, contract, session.output),
  );
  if (!exists) await createOwnAccount(session, account);
  const [action] = abi.actions;
  await deploy(session, values, { wasm, abi: abi as never }, [
    `contract call ${account} ${action?.name ?? 'ACTION'} FIELD=VALUE… -p ACTOR`,
    `contract tables ${account}`,
    `contract verify ${account} --source ${values.optionalArgument('directory') ?? '.'}`,
  ]);
};

async function accountExists(session: Session, account: string): Promise<boolean> {
  const client = await session.client();
  return (await findAccount(client, account)) !== undefined;
}

function missingAccount(account: string): CommandError {
  return new CommandError(
    'account_not_found',
    exitCodes.notFound,
    `there is no account ${account}`,
    `Create it: snapscale create account eosio ${account} — on a development network --create does that, too.`,
  );
}

/** Only where everybody has the key anyhow: elsewhere it matters which key an account gets. */
async function createOwnAccount(session: Session, account: string): Promise<void> {
  const client = await session.client();
  if (!(await isDevelopmentNetwork(client.api))) {
    throw usageError(
      '--create is for development networks: elsewhere the new account needs a key of its own',
      `Make both: snapscale create key --save, and snapscale create account CREATOR ${account} PUB_K1_…`,
    );
  }
  const authority = parseAuthority(developmentPublicKey);
  const action = createAccountAction('eosio', account, authority, authority, ['eosio@active']);
  const prepared = await prepareTransaction(client, [action]);
  await sendTransaction(client, await signChecked(client, prepared, await userKeys(session)));
  session.output.note(`Account ${account} created, with the development key.`);
}
