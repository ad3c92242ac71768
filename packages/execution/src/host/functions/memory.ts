/** C library functions on the contract's own memory. */
import { reject } from '@snapscale/protocol';
import { declare, type HostFunction } from '../declaration.js';
import { gasPrices } from '../gas-prices.js';

/** Shorter runs are compared and copied byte by byte: the engine's bulk operations cost more to enter. */
const BULK_BYTES_MIN = 32;

export const memoryFunctions: readonly HostFunction[] = [
  declare('memcpy', {
    params: ['to: i32', 'from: i32', 'size: i32'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.memoryCall,
    doc: 'Copies size bytes and returns to. Rejects ranges that overlap.',
    make: (env) => (to, from, size) => {
      const target = to >>> 0;
      const source = from >>> 0;
      const length = size >>> 0;
      // As on Antelope, the target must be a byte of memory even when nothing is copied.
      env.checkRange(target, Math.max(length, 1));
      env.checkRange(source, length);
      const { bytes } = env;
      if (Math.abs(target - source) < length) {
        reject('overlapping_memory_error', 'memcpy can only accept non-aliasing pointers');
      }
      if (length < BULK_BYTES_MIN) {
        for (let i = 0; i < length; i++) bytes[target + i] = bytes[source + i]!;
        return to;
      }
      env.chargeGas(Math.floor(length * gasPrices.copiedByte));
      bytes.copyWithin(target, source, source + length);
      return to;
    },
  }),
  declare('memmove', {
    params: ['to: i32', 'from: i32', 'size: i32'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.memoryCall,
    doc: 'Copies size bytes, which may overlap, and returns to.',
    make: (env) => (to, from, size) => {
      const target = to >>> 0;
      const source = from >>> 0;
      const length = size >>> 0;
      // As on Antelope, the target must be a byte of memory even when nothing is copied.
      env.checkRange(target, Math.max(length, 1));
      env.checkRange(source, length);
      env.chargeGas(Math.floor(length * gasPrices.copiedByte));
      env.bytes.copyWithin(target, source, source + length);
      return to;
    },
  }),
  declare('memcmp', {
    params: ['a: i32', 'b: i32', 'size: i32'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.memoryCall,
    doc: 'Compares size bytes as unsigned numbers: -1, 0 or 1.',
    make: (env) => (a, b, size) => {
      const left = a >>> 0;
      const right = b >>> 0;
      const length = size >>> 0;
      env.checkRange(left, length);
      env.checkRange(right, length);
      env.chargeGas(length * gasPrices.comparedByte);
      const { bytes } = env;
      for (let i = 0; i < length; i++) {
        const difference = bytes[left + i]! - bytes[right + i]!;
        if (difference !== 0) return difference < 0 ? -1 : 1;
      }
      return 0;
    },
  }),
  declare('memset', {
    params: ['to: i32', 'value: i32', 'size: i32'],
    result: 'i32',
    contextFree: true,
    gas: gasPrices.memoryCall,
    doc: 'Sets size bytes to the low byte of value and returns to.',
    make: (env) => (to, value, size) => {
      const target = to >>> 0;
      const length = size >>> 0;
      env.checkRange(target, Math.max(length, 1));
      env.chargeGas(Math.floor(length * gasPrices.copiedByte));
      env.bytes.fill(value & 0xff, target, target + length);
      return to;
    },
  }),
];
