/** Decompression of packed transactions, bounded. */
import { inflateSync } from 'node:zlib';
import type { Inflate } from '@snapscale/protocol';

/** The protocol's `Inflate` port over zlib. Throws when the result would exceed `bytesMax`. */
export const inflate: Inflate = (deflated, bytesMax) => inflateSync(deflated, { maxOutputLength: bytesMax });
