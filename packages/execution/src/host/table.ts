/** All host functions, and the table by which contracts are linked. */
import type { ImportTable } from '../wasm/validate.js';
import type { HostFunction } from './declaration.js';
import { accountFunctions } from './functions/account.js';
import { actionFunctions } from './functions/action.js';
import { blsFunctions } from './functions/bls.js';
import { chainFunctions } from './functions/chain.js';
import { consoleFunctions } from './functions/console.js';
import { cryptoFunctions } from './functions/crypto.js';
import { databaseFunctions } from './functions/database.js';
import { int128Functions } from './functions/int128.js';
import { memoryFunctions } from './functions/memory.js';
import { primitiveFunctions } from './functions/primitives.js';
import { privilegedFunctions } from './functions/privileged.js';
import { quadFloatFunctions } from './functions/quad-float.js';
import { secondaryIndexFunctions } from './functions/secondary-index.js';
import { transactionFunctions } from './functions/transaction.js';

/** Every function that a contract can import from `env`, in the order of the documentation. */
export const hostFunctions: readonly HostFunction[] = [
  ...actionFunctions,
  ...accountFunctions,
  ...chainFunctions,
  ...databaseFunctions,
  ...secondaryIndexFunctions,
  ...transactionFunctions,
  ...privilegedFunctions,
  ...cryptoFunctions,
  ...primitiveFunctions,
  ...blsFunctions,
  ...memoryFunctions,
  ...consoleFunctions,
  ...int128Functions,
  ...quadFloatFunctions,
];

/** What linking and metering need to know of each function, by name. */
export const importTable: ImportTable = new Map(
  hostFunctions.map(({ name, params, result, gas }) => [name, { params, result, gas }]),
);
