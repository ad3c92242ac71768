/** Routes that say what a client needs to be let in. */
import type { Routes } from '@snapscale/api';
import { toHex } from '@snapscale/crypto';
import { listOrganisations, type StateReader } from '@snapscale/execution';
import { formatName } from '@snapscale/protocol';
import type { HandlersOf } from '../server/handler.js';

export const accessHandlers: HandlersOf<Pick<Routes['snap'], 'getAccess'>> = {
  getAccess({ backend, control, tlsPort }) {
    const { audience, jwk, thumbprint } = control.keys;
    return {
      admission: control.policy,
      reads: control.reads ?? 'open',
      audience,
      jwk,
      thumbprint,
      chain_id: toHex(backend.chainInfo().chainId),
      tls_port: tlsPort ?? null,
      organisations: organisations(backend.finalState()),
      clock: String(control.nowMs()),
    };
  },
};

/** At most a hundred: the chain's bound. */
function organisations(state: StateReader): { readonly account: string; readonly title: string }[] {
  return listOrganisations(state)
    .filter(({ status }) => status === 'active')
    .map(({ account, title }) => ({ account: formatName(account), title }));
}
