/** WharfKit sessions on a test node: signing, deploying, creating accounts. */
import { abiSchema, encode, type Json } from '@snapscale/protocol';
import { type AnyAction, APIClient } from '@wharfkit/antelope';
import { Session, type TransactResult } from '@wharfkit/session';
import { WalletPluginPrivateKey } from '@wharfkit/wallet-plugin-privatekey';
import type { ContractFiles } from './contract-ledger.js';
import { developmentKey, developmentPublicKey, type NodeProcess } from './node-process.js';

export type Client = {
  readonly api: APIClient;
  readonly chainId: string;
  /** A session of an account, by default with the development key. */
  session(actor: string, permission?: string, privateKey?: string): Session;
  /** Signs and sends actions of one account. */
  act(
    actor: string,
    ...actions: readonly (readonly [contract: string, action: string, data: Json])[]
  ): Promise<TransactResult>;
  createAccount(account: string, publicKey?: string): Promise<TransactResult>;
  deploy(account: string, files: ContractFiles): Promise<TransactResult>;
};

export async function wharfkitClient({ url }: NodeProcess): Promise<Client> {
  const api = new APIClient({ url, fetch });
  const chainId = String((await api.v1.chain.get_info()).chain_id);
  const session = (actor: string, permission = 'active', privateKey = developmentKey) =>
    new Session({
      chain: { id: chainId, url },
      actor,
      permission,
      walletPlugin: new WalletPluginPrivateKey(privateKey),
    });
  const act: Client['act'] = (actor, ...actions) => {
    const authorization = [{ actor, permission: 'active' }];
    const list = actions.map(([account, name, data]) => ({ account, name, authorization, data }) as AnyAction);
    return session(actor).transact({ actions: list }, { broadcast: true });
  };
  return {
    api,
    chainId,
    session,
    act,
    createAccount(account, publicKey = developmentPublicKey) {
      const authority = { threshold: 1, keys: [{ key: publicKey, weight: 1 }], accounts: [], waits: [] };
      return act('eosio', [
        'eosio',
        'newaccount',
        { creator: 'eosio', name: account, owner: authority, active: authority },
      ]);
    },
    deploy(account, { wasm, abi }) {
      const code = Buffer.from(wasm).toString('hex');
      const packedAbi = Buffer.from(encode(abiSchema, abi)).toString('hex');
      return act(
        account,
        ['eosio', 'setcode', { account, vmtype: 0, vmversion: 0, code }],
        ['eosio', 'setabi', { account, abi: packedAbi }],
      );
    },
  };
}
