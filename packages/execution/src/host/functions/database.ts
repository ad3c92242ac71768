/** Contract tables by primary key. */
import { dataOffset } from '../database/primary-index.js';
import { declare, type HostFunction } from '../declaration.js';
import { asName } from '../environment.js';
import { gasPrices } from '../gas-prices.js';

const PRIMARY_BYTES = 8;
export const databaseFunctions: readonly HostFunction[] = [
  declare('db_store_i64', {
    params: ['scope: i64', 'table: i64', 'payer: i64', 'id: i64', 'data: i32', 'size: i32'],
    result: 'i32',
    gas: gasPrices.rowStore,
    doc: 'Adds a row to a table of the receiver and returns its iterator. Rejects payer 0 and an id that is taken.',
    make: (env) => (scope, table, payer, id, data, size) => {
      const bytes = env.span(data, size);
      env.chargeGas(Math.floor(bytes.length * gasPrices.storedByte));
      return env.database.primary.store(scope, table, asName(payer), id, bytes);
    },
  }),
  declare('db_update_i64', {
    params: ['iterator: i32', 'payer: i64', 'data: i32', 'size: i32'],
    gas: gasPrices.rowUpdate,
    doc: "Replaces a row's data; payer 0 keeps the payer. Rejects rows of other contracts.",
    make: (env) => (iterator, payer, data, size) => {
      const bytes = env.span(data, size);
      env.chargeGas(Math.floor(bytes.length * gasPrices.storedByte));
      env.database.primary.update(iterator, asName(payer), bytes);
    },
  }),
  declare('db_remove_i64', {
    params: ['iterator: i32'],
    gas: gasPrices.rowRemove,
    doc: 'Removes a row; its iterator must not be used again. Rejects rows of other contracts.',
    make: (env) => (iterator) => env.database.primary.remove(iterator),
  }),
  declare('db_get_i64', {
    params: ['iterator: i32', 'buffer: i32', 'size: i32'],
    result: 'i32',
    gas: gasPrices.rowGet,
    doc: "Copies up to size bytes of a row's data into buffer and returns how many; with size 0 returns the size of the data.",
    make: (env) => (iterator, buffer, size) => {
      const out = env.span(buffer, size);
      const value = env.database.primary.value(iterator);
      const length = value.length - dataOffset;
      if (out.length === 0) return length;
      const copied = Math.min(out.length, length);
      env.chargeGas(Math.floor(copied * gasPrices.copiedByte));
      out.set(value.subarray(dataOffset, dataOffset + copied));
      return copied;
    },
  }),
  declare('db_next_i64', {
    params: ['iterator: i32', 'primary: i32'],
    result: 'i32',
    gas: gasPrices.rowSeek,
    doc: "Iterator of the next row, writing its primary key; the table's end after the last row; -1 from an end.",
    make: (env) => {
      let out = 0;
      const tell = (primary: bigint) => env.writeU64(out, primary);
      return (iterator, primary) => {
        out = env.reference(primary, PRIMARY_BYTES);
        return env.database.primary.next(iterator, tell);
      };
    },
  }),
  declare('db_previous_i64', {
    params: ['iterator: i32', 'primary: i32'],
    result: 'i32',
    gas: gasPrices.rowSeek,
    doc: 'Iterator of the row before, writing its primary key; -1 before the first row; the last row from an end.',
    make: (env) => {
      let out = 0;
      const tell = (primary: bigint) => env.writeU64(out, primary);
      return (iterator, primary) => {
        out = env.reference(primary, PRIMARY_BYTES);
        return env.database.primary.previous(iterator, tell);
      };
    },
  }),
  declare('db_find_i64', {
    params: ['code: i64', 'scope: i64', 'table: i64', 'id: i64'],
    result: 'i32',
    gas: gasPrices.rowFind,
    doc: "Iterator of the row with this id; the table's end when there is none; -1 when there is no such table.",
    make: (env) => (code, scope, table, id) => env.database.primary.find(code, scope, table, id),
  }),
  declare('db_lowerbound_i64', {
    params: ['code: i64', 'scope: i64', 'table: i64', 'id: i64'],
    result: 'i32',
    gas: gasPrices.rowSeek,
    doc: "Iterator of the first row whose id is not below this one; the table's end, or -1, when there is none.",
    make: (env) => (code, scope, table, id) => env.database.primary.bound(code, scope, table, id, false),
  }),
  declare('db_upperbound_i64', {
    params: ['code: i64', 'scope: i64', 'table: i64', 'id: i64'],
    result: 'i32',
    gas: gasPrices.rowSeek,
    doc: "Iterator of the first row whose id is above this one; the table's end, or -1, when there is none.",
    make: (env) => (code, scope, table, id) => env.database.primary.bound(code, scope, table, id, true),
  }),
  declare('db_end_i64', {
    params: ['code: i64', 'scope: i64', 'table: i64'],
    result: 'i32',
    gas: gasPrices.rowEnd,
    doc: 'End iterator of a table; -1 when there is no such table.',
    make: (env) => (code, scope, table) => env.database.primary.end(code, scope, table),
  }),
];
