/**
 * Where a client of the event stream stands. As text it is the id of an event:
 * `number:index:id:final`, where `index` counts the events of the block (`end`: all of them), `id` are the first 16
 * digits of the block's id, and `final` is the final block at that time: whatever branch the client was on, blocks up to
 * there are also on this node's.
 */
import { toHex } from '@snapscale/crypto';
import { invalidRequest } from '../server/failure.js';

/** A position: events up to and with this one were seen. */
export type Cursor = {
  readonly num: number;
  /** Events of the block that were seen; undefined: all. */
  readonly index?: number | undefined;
  /** First digits of the block's id; undefined: the client gave only a number. */
  readonly idPrefix?: string | undefined;
  readonly finalNum?: number | undefined;
};

const ID_DIGITS = 16;

/** The id of an event. */
export function formatCursor(num: number, index: number | undefined, blockId: Uint8Array, finalNum: number): string {
  return `${num}:${index ?? 'end'}:${idPrefixOf(blockId)}:${finalNum}`;
}

/** The digits of a block's id that cursors carry. */
export function idPrefixOf(blockId: Uint8Array): string {
  return toHex(blockId.subarray(0, ID_DIGITS / 2));
}

/** Reads an event id or a block number. @throws HttpFailure 400 */
export function parseCursor(text: string): Cursor {
  if (/^\d{1,10}$/.test(text)) return { num: Number(text) };
  const match = /^(\d{1,10}):(\d{1,6}|end):([0-9a-f]{16}):(\d{1,10})$/.exec(text);
  if (match === null)
    throw invalidRequest(`cursor ${JSON.stringify(text.slice(0, 120))} is not an event id or a block number`);
  const [, num, index, idPrefix, finalNum] = match;
  return {
    num: Number(num),
    index: index === 'end' ? undefined : Number(index),
    idPrefix: idPrefix!,
    finalNum: Number(finalNum),
  };
}
