/**
 * STROBE-128 and Merlin transcripts. A transcript is 208 bytes of memory: the sponge, then the position, the begin of the
 * running operation and its flags. Only lengths decide what is done, never contents.
 */
import { permute } from './keccak';

/** Bytes of a transcript. */
export const TRANSCRIPT: usize = 208;

const RATE: i32 = 166;
const POSITION: usize = 200;
const BEGIN: usize = 201;

const FLAG_INBOUND: i32 = 1;
const FLAG_APPLICATION: i32 = 2;
const FLAG_CIPHER: i32 = 4;
const FLAG_META: i32 = 16;

const NUMBER: usize = memory.data(8, 8);

function run(s: usize): void {
  const position: usize = load<u8>(s, POSITION);
  store<u8>(s + position, load<u8>(s + position) ^ load<u8>(s, BEGIN));
  store<u8>(s + position, load<u8>(s + position, 1) ^ 0x04, 1);
  store<u8>(s, load<u8>(s, 167) ^ 0x80, 167);
  permute(s);
  store<u8>(s, 0, POSITION);
  store<u8>(s, 0, BEGIN);
}

function step(s: usize): void {
  const position: i32 = <i32>load<u8>(s, POSITION) + 1;
  store<u8>(s, <u8>position, POSITION);
  if (position === RATE) run(s);
}

function absorbByte(s: usize, byte: i32): void {
  const at = s + <usize>load<u8>(s, POSITION);
  store<u8>(at, <u8>(<i32>load<u8>(at) ^ byte));
  step(s);
}

function absorb(s: usize, data: usize, size: usize): void {
  for (let i: usize = 0; i < size; i++) absorbByte(s, load<u8>(data + i));
}

function start(s: usize, flags: i32): void {
  const before: i32 = load<u8>(s, BEGIN);
  store<u8>(s, <u8>(<i32>load<u8>(s, POSITION) + 1), BEGIN);
  absorbByte(s, before);
  absorbByte(s, flags);
  if ((flags & FLAG_CIPHER) !== 0 && load<u8>(s, POSITION) !== 0) run(s);
}

function draw(s: usize, output: usize, size: usize): void {
  start(s, FLAG_INBOUND | FLAG_APPLICATION | FLAG_CIPHER);
  for (let i: usize = 0; i < size; i++) {
    const at = s + <usize>load<u8>(s, POSITION);
    store<u8>(output + i, load<u8>(at));
    store<u8>(at, 0);
    step(s);
  }
}

function overwrite(s: usize, secret: usize, size: usize): void {
  start(s, FLAG_APPLICATION | FLAG_CIPHER);
  for (let i: usize = 0; i < size; i++) {
    store<u8>(s + <usize>load<u8>(s, POSITION), load<u8>(secret + i));
    step(s);
  }
}

/** Frames a message: its label and its size. */
function frame(s: usize, label: string, size: usize): void {
  start(s, FLAG_META | FLAG_APPLICATION);
  for (let i = 0; i < label.length; i++) absorbByte(s, label.charCodeAt(i));
  store<u32>(NUMBER, <u32>size);
  absorb(s, NUMBER, 4);
}

/** Starts a transcript without a label: 'Merlin v1.0' on STROBE. */
function startMerlin(s: usize): void {
  memory.fill(s, 0, TRANSCRIPT);
  const head = '\x01\xa8\x01\x00\x01\x60STROBEv1.0.2';
  for (let i = 0; i < head.length; i++) store<u8>(s + <usize>i, <u8>head.charCodeAt(i));
  permute(s);
  start(s, FLAG_META | FLAG_APPLICATION);
  const protocol = 'Merlin v1.0';
  for (let i = 0; i < protocol.length; i++) absorbByte(s, protocol.charCodeAt(i));
}

/** Starts a transcript with its label. */
export function startTranscript(s: usize, label: string): void {
  startMerlin(s);
  appendText(s, 'dom-sep', label);
}

/** Starts a transcript with a label in memory. */
export function startTranscriptAt(s: usize, label: usize, size: usize): void {
  startMerlin(s);
  append(s, 'dom-sep', label, size);
}

/** Appends `size` bytes. */
export function append(s: usize, label: string, data: usize, size: usize): void {
  frame(s, label, size);
  start(s, FLAG_APPLICATION);
  absorb(s, data, size);
}

/** Appends bytes under a label in memory. */
export function appendAt(s: usize, label: usize, labelSize: usize, data: usize, size: usize): void {
  start(s, FLAG_META | FLAG_APPLICATION);
  absorb(s, label, labelSize);
  store<u32>(NUMBER, <u32>size);
  absorb(s, NUMBER, 4);
  start(s, FLAG_APPLICATION);
  absorb(s, data, size);
}

/** Appends ASCII. */
export function appendText(s: usize, label: string, text: string): void {
  frame(s, label, text.length);
  start(s, FLAG_APPLICATION);
  for (let i = 0; i < text.length; i++) absorbByte(s, text.charCodeAt(i));
}

/** Appends an unsigned 64-bit number. */
export function appendNumber(s: usize, label: string, value: u64): void {
  frame(s, label, 8);
  store<u64>(NUMBER, value);
  start(s, FLAG_APPLICATION);
  absorb(s, NUMBER, 8);
}

/** Draws bytes. */
export function challenge(s: usize, label: string, output: usize, size: usize): void {
  frame(s, label, size);
  draw(s, output, size);
}

/** Absorbs a secret as a key. */
export function rekey(s: usize, label: string, secret: usize, size: usize): void {
  frame(s, label, size);
  overwrite(s, secret, size);
}

/** Draws bytes under a label in memory. */
export function challengeAt(s: usize, label: usize, labelSize: usize, output: usize, size: usize): void {
  start(s, FLAG_META | FLAG_APPLICATION);
  absorb(s, label, labelSize);
  store<u32>(NUMBER, <u32>size);
  absorb(s, NUMBER, 4);
  draw(s, output, size);
}

/** Absorbs a secret as a key, under a label in memory. */
export function rekeyAt(s: usize, label: usize, labelSize: usize, secret: usize, size: usize): void {
  start(s, FLAG_META | FLAG_APPLICATION);
  absorb(s, label, labelSize);
  store<u32>(NUMBER, <u32>size);
  absorb(s, NUMBER, 4);
  overwrite(s, secret, size);
}
