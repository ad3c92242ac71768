/** Names that the ledger itself knows. */
import { name } from './name.js';

/** Accounts, permissions and actions with a meaning in the protocol. */
export const names = {
  empty: name(''),

  eosio: name('eosio'),
  eosioNull: name('eosio.null'),
  eosioProds: name('eosio.prods'),
  eosioToken: name('eosio.token'),
  eosioMsig: name('eosio.msig'),
  eosioWrap: name('eosio.wrap'),
  snapFees: name('snap.fees'),
  snapCa: name('snap.ca'),

  owner: name('owner'),
  active: name('active'),
  prodMajor: name('prod.major'),
  prodMinor: name('prod.minor'),
  eosioCode: name('eosio.code'),
  eosioAny: name('eosio.any'),

  newaccount: name('newaccount'),
  setcode: name('setcode'),
  setabi: name('setabi'),
  updateauth: name('updateauth'),
  deleteauth: name('deleteauth'),
  linkauth: name('linkauth'),
  unlinkauth: name('unlinkauth'),
  canceldelay: name('canceldelay'),
  onerror: name('onerror'),
  onblock: name('onblock'),
  transfer: name('transfer'),
} as const;
