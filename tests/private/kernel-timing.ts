/**
 * Two-class timing test of the kernel's secret paths (after dudect): a fixed secret and random ones, in random order; Welch's t
 * over times, without the slowest tenth of all. By hand, since it measures: |t| above 4.5, again and again, is a leak. As a check
 * of the test itself, the last row is a path for public scalars, which must show.
 *
 *   node --conditions=source --import tsx tests/private/kernel-timing.ts [COUNT = 4000]
 */
import { randomBytes, randomInt } from 'node:crypto';
import { createChainKernel } from '@snapscale/crypto/private-kernel';

const LEAK = 4.5;
const count = Number(process.argv[2] ?? '4000');
const kernel = await createChainKernel(1);
const point = kernel.imageBase(new Uint8Array(randomBytes(32)));
const randomScalar = () => kernel.reduceWide(new Uint8Array(randomBytes(64)));
const one = new Uint8Array(32);
one[0] = 1;

const paths: readonly (readonly [string, (secret: Uint8Array) => void])[] = [
  ['multiplySecret', (secret) => kernel.multiplySecret(point, secret)],
  ['multiplyBaseSecret', (secret) => kernel.multiplyBaseSecret(secret)],
  ['agree (X25519)', (secret) => kernel.agree(secret, point)],
  ['multiplyScalars', (secret) => kernel.multiplyScalars(secret, secret)],
  ['invertScalar', (secret) => kernel.invertScalar(secret)],
  ['sumOfProducts (public)', (secret) => kernel.sumOfProducts([point], [secret])],
];

for (const [name, run] of paths) {
  const t = welch(measure(run));
  process.stdout.write(`${name.padEnd(24)} t = ${t.toFixed(2).padStart(8)}${Math.abs(t) > LEAK ? '  differs' : ''}\n`);
}

/** Nanoseconds by class. */
function measure(run: (secret: Uint8Array) => void): readonly [number[], number[]] {
  const samples: { isFixed: boolean; time: number }[] = [];
  for (let i = 0; i < count + 200; i++) {
    const isFixed = randomInt(2) === 0;
    const random = randomScalar();
    const secret = isFixed ? one.slice() : random;
    const began = process.hrtime.bigint();
    run(secret);
    const time = Number(process.hrtime.bigint() - began);
    if (i >= 200) samples.push({ isFixed, time });
  }
  const limit = samples.map(({ time }) => time).sort((a, b) => a - b)[Math.floor(samples.length * 0.9)]!;
  const kept = samples.filter(({ time }) => time <= limit);
  const ofClass = (wanted: boolean) => kept.filter(({ isFixed }) => isFixed === wanted).map(({ time }) => time);
  return [ofClass(true), ofClass(false)];
}

function welch([a, b]: readonly [number[], number[]]): number {
  const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const spread = (list: number[], middle: number) =>
    list.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (list.length - 1) / list.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  return (meanA - meanB) / Math.sqrt(spread(a, meanA) + spread(b, meanB));
}
