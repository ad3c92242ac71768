/** Routes about contracts: their code and ABIs. */
import type { Routes } from '@snapscale/api';
import { sha256, toHex } from '@snapscale/crypto';
import { type AccountRecord, getAbiBytes, getCode, type StateReader } from '@snapscale/execution';
import { DecodeError, decodeAbi, formatAbi, formatName, type Name } from '@snapscale/protocol';
import type { HandlersOf } from '../server/handler.js';
import { nameOf } from '../view/fields.js';
import { requireAccount } from './accounts.js';

type Names = 'getAbi' | 'getRawAbi' | 'getCode' | 'getCodeHash' | 'getRawCodeAndAbi';

const noHash = '0'.repeat(64);
const noBytes = new Uint8Array(0);

export const contractHandlers: HandlersOf<Pick<Routes['chain'], Names>> = {
  getAbi({ state }, { account_name }) {
    const account = nameOf(account_name);
    requireAccount(state, account);
    return { account_name: formatName(account), ...abiField(state, account) };
  },

  getRawAbi({ state }, { account_name, abi_hash }) {
    const account = nameOf(account_name);
    const record = requireAccount(state, account);
    const bytes = getAbiBytes(state, account) ?? noBytes;
    const hash = toHex(sha256(bytes));
    return {
      account_name: formatName(account),
      code_hash: codeHashOf(record),
      abi_hash: hash,
      ...(abi_hash === hash ? {} : { abi: base64(bytes) }),
    };
  },

  getCode({ state }, { account_name }) {
    const account = nameOf(account_name);
    const record = requireAccount(state, account);
    return {
      account_name: formatName(account),
      code_hash: codeHashOf(record),
      wast: '',
      wasm: toHex(codeOf(state, record)),
      ...abiField(state, account),
    };
  },

  getCodeHash({ state }, { account_name }) {
    const account = nameOf(account_name);
    return { account_name: formatName(account), code_hash: codeHashOf(requireAccount(state, account)) };
  },

  getRawCodeAndAbi({ state }, { account_name }) {
    const account = nameOf(account_name);
    const record = requireAccount(state, account);
    return {
      account_name: formatName(account),
      wasm: base64(codeOf(state, record)),
      abi: base64(getAbiBytes(state, account) ?? noBytes),
    };
  },
};

/** The ABI as `{abi}`; `{}` when there is none or the account holds other bytes. */
function abiField(state: StateReader, account: Name): { abi?: never } {
  const bytes = getAbiBytes(state, account);
  if (bytes === undefined) return {};
  try {
    return { abi: formatAbi(decodeAbi(bytes)) as never };
  } catch (error) {
    if (error instanceof DecodeError) return {};
    throw error;
  }
}

function codeHashOf(record: AccountRecord): string {
  return record.codeHash === undefined ? noHash : toHex(record.codeHash);
}

function codeOf(state: StateReader, record: AccountRecord): Uint8Array {
  return record.codeHash === undefined ? noBytes : (getCode(state, record.codeHash)?.code ?? noBytes);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
