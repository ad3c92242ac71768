/** A chain that runs EOSIO's own system and token contracts, brought up as the boot sequence of a public network does. */
import type { PublicKey } from '@snapscale/crypto';
import { formatLegacyPublicKey, publicKeyOf } from '@snapscale/crypto';
import type { Action, Json } from '@snapscale/protocol';
import { ContractLedger, readContract, testKeyPair } from '../../testing/contract-ledger.js';

/** Accounts that the system contract moves tokens between. */
export const systemAccounts = ['ram', 'ramfee', 'stake', 'bpay', 'vpay', 'names', 'saving', 'rex', 'msig'].map(
  (part) => `eosio.${part}`,
);

/** More candidates than the 21 places of a schedule. */
export const candidates = [...'abcdefghijklmnopqrstuvwx'].map((letter) => `producer111${letter}`);

/** Half a million times the tokens that anybody in these scenarios needs. */
const SUPPLY_MAX = '10000000000.0000 SYS';
const SUPPLY = '1000000000.0000 SYS';

/** Tokens of the core symbol. */
export function tokens(amount: number): string {
  return `${amount.toFixed(4)} SYS`;
}

/** The amount of an asset in its smallest unit. */
export function units(asset: string): number {
  return Math.round(Number(asset.split(' ')[0]) * 10_000);
}

export class SystemChain extends ContractLedger {
  /** Keys of the candidates' active permissions, by account. */
  readonly keys = new Map<string, PublicKey>();

  /** Accounts, both contracts, the token and `init`. */
  static boot(folder: string): SystemChain {
    const chain = new SystemChain();
    chain.createAccounts('eosio.token', ...systemAccounts);
    const token = readContract(`${folder}/eosio.token/eosio.token-v1.7.0`);
    const system = readContract(`${folder}/eosio.system/eosio.system-v1.9.0`);
    chain.deploy('eosio.token', token.wasm, token.abi);
    chain.push('eosio.token', 'create', 'eosio.token', { issuer: 'eosio', maximum_supply: SUPPLY_MAX });
    chain.push('eosio.token', 'issue', 'eosio', { to: 'eosio', quantity: SUPPLY, memo: 'boot' });
    chain.deploy('eosio', system.wasm, system.abi);
    chain.push('eosio', 'init', 'eosio', { version: 0, core: '4,SYS' });
    return chain;
  }

  /** `newaccount`, `buyrambytes` and `delegatebw` in one transaction, as wallets do it. */
  openAccount(account: string, options: { readonly stake?: number; readonly bytes?: number } = {}): void {
    const { stake = 10, bytes = 8192 } = options;
    this.pushAll(
      this.newAccount(account),
      this.action('eosio', 'buyrambytes', 'eosio', { payer: 'eosio', receiver: account, bytes }),
      this.action('eosio', 'delegatebw', 'eosio', {
        from: 'eosio',
        receiver: account,
        stake_net_quantity: tokens(stake),
        stake_cpu_quantity: tokens(stake),
        transfer: false,
      }),
    );
  }

  /** The action that creates an account with the key of that name, or the ledger's test key. */
  newAccount(account: string, creator = 'eosio'): Action {
    const key = this.keys.get(account);
    const text =
      key === undefined ? 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV' : formatLegacyPublicKey(key);
    const authority = { threshold: 1, keys: [{ key: text, weight: 1 }], accounts: [], waits: [] };
    return this.action('eosio', 'newaccount', creator, { creator, name: account, owner: authority, active: authority });
  }

  /** Creates a candidate with a key of its own and registers it. */
  openCandidate(account: string): void {
    this.keys.set(account, publicKeyOf(testKeyPair(account)));
    this.openAccount(account);
    this.pushSigned(account, 'eosio', 'regproducer', {
      producer: account,
      producer_key: this.keyText(account),
      url: `https://${account}.example`,
      location: 0,
    });
  }

  keyText(account: string): string {
    return formatLegacyPublicKey(this.keys.get(account)!);
  }

  /** Executes an action of an account that has a key of its own. */
  pushSigned(account: string, contract: string, action: string, data: Json) {
    const transaction = this.transaction([this.action(contract, action, account, data)], {
      keys: [this.keys.get(account)!],
    });
    const trace = this.apply(transaction);
    if (trace.except !== undefined) throw new Error(`${contract}::${action} of ${account}: ${trace.except.message}`);
    return trace;
  }

  pay(to: string, amount: number, from = 'eosio'): void {
    this.push('eosio.token', 'transfer', from, { from, to, quantity: tokens(amount), memo: '' });
  }

  delegate(from: string, net: number, cpu: number, receiver = from): void {
    this.push('eosio', 'delegatebw', from, {
      from,
      receiver,
      stake_net_quantity: tokens(net),
      stake_cpu_quantity: tokens(cpu),
      transfer: false,
    });
  }

  /** What the token contract says was issued, and what all accounts hold together, in the smallest unit. */
  supply(): { readonly recorded: number; readonly held: number } {
    const stat = this.onlyRow<{ supply: string }>('eosio.token', symbolScope, 'stat');
    const held = this.scopes('eosio.token', 'accounts').map((owner) => units(this.balance(owner, '4,SYS')));
    return { recorded: units(stat.supply), held: held.reduce((sum, amount) => sum + amount, 0) };
  }
}

/** The scope of `stat` for SYS: the symbol code as a number. */
export const symbolScope = 0x53_59_53n;
