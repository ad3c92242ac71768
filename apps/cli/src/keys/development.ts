/** The published EOSIO development key: used by itself on networks that are controlled by it, and nowhere else. */
import type { ApiClient } from '@snapscale/api';

/** Known to everybody. */
export const developmentPrivateKey = '5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3';
/** Its public key. */
export const developmentPublicKey = 'PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63';
/** The same as the node writes it. */
const developmentPublicKeyLegacy = 'EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV';

/** Whether the development key alone controls the account `eosio` of a node's network. */
export async function isDevelopmentNetwork(api: ApiClient): Promise<boolean> {
  const { permissions } = await api.chain.getAccount({ account_name: 'eosio' });
  const active = permissions.find(({ perm_name }) => perm_name === 'active');
  if (active === undefined) return false;
  const { threshold, keys } = active.required_auth;
  return keys.some(
    ({ key, weight }) => weight >= threshold && (key === developmentPublicKeyLegacy || key === developmentPublicKey),
  );
}
