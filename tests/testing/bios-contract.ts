/**
 * A system contract for tests: `setprods`, `setfinals`, `setlimits` and `setpriv` hand the data of the action to the privileged
 * host functions, whoever signs. Other actions, the native ones among them, pass.
 */
import type { PublicKey } from '@snapscale/crypto';
import { type Action, type Name, name, names, Writer } from '@snapscale/protocol';
import { applyFunction, assemble } from '../../packages/execution/src/wasm/testing/assembler.js';

const imports = {
  read_action_data: 'i32 i32>i32',
  action_data_size: '>i32',
  set_proposed_producers: 'i32 i32>i64',
  set_resource_limits: 'i64 i64 i64 i64>',
  set_privileged: 'i64 i32>',
  set_finalizers: 'i64 i32 i32>',
} as const;

const call = (fn: keyof typeof imports) => `call ${Object.keys(imports).indexOf(fn)}`;
const on = (action: string, code: string) => `local.get 2 i64.const ${name(action)} i64.eq if ${code} end`;
const word = (index: number) => `i32.const ${64 + 8 * index} i64.load`;

export const biosWasm: Uint8Array = assemble({
  imports,
  memory: { initial: 1, maximum: undefined },
  functions: [
    applyFunction(
      `i32.const 64 i32.const 8192 ${call('read_action_data')} drop
      ${on('setprods', `i32.const 64 ${call('action_data_size')} ${call('set_proposed_producers')} drop`)}
      ${on('setfinals', `i64.const 0 i32.const 64 ${call('action_data_size')} ${call('set_finalizers')}`)}
      ${on('setlimits', `${word(0)} ${word(1)} ${word(2)} ${word(3)} ${call('set_resource_limits')}`)}
      ${on('setpriv', `${word(0)} i32.const 72 i32.load8_u ${call('set_privileged')}`)}`,
    ),
  ],
});

function biosAction(what: string, write: (writer: Writer) => void): Action {
  const writer = new Writer();
  write(writer);
  const authorization = [{ actor: names.eosio, permission: names.active }];
  return { account: names.eosio, name: name(what), authorization, data: writer.finish() };
}

export function setProducers(producers: readonly { readonly name: Name; readonly key: PublicKey }[]): Action {
  return biosAction('setprods', (writer) => {
    writer.varuint32(producers.length);
    for (const { name: producer, key } of producers) {
      writer.u64(producer);
      writer.raw(key);
    }
  });
}

/** RAM in bytes; -1 lifts the limit. */
export function setLimits(account: string, ramBytes: number): Action {
  return biosAction('setlimits', (writer) => {
    writer.u64(name(account));
    for (const value of [BigInt(ramBytes), -1n, -1n]) writer.i64(value);
  });
}

export function setPrivileged(account: string, privileged: boolean): Action {
  return biosAction('setpriv', (writer) => {
    writer.u64(name(account));
    writer.u8(privileged ? 1 : 0);
  });
}
