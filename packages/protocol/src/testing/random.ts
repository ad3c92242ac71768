/** A small seeded generator for tests: the same seed gives the same values on every machine and in every language. */

/** Mulberry32: a 32-bit state, one multiplication chain per number. Not for secrets. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** 0 … 2^32 - 1. */
  u32(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** 0 … bound - 1. */
  below(bound: number): number {
    return this.u32() % bound;
  }

  /** min … max. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  /** An unsigned integer of up to `bits` bits; small and extreme values are common. */
  unsigned(bits: number): bigint {
    const max = (1n << BigInt(bits)) - 1n;
    const pick = this.below(8);
    if (pick === 0) return BigInt(this.below(3));
    if (pick === 1) return max - BigInt(this.below(3));
    let value = 0n;
    for (let have = 0; have < bits; have += 32) value = (value << 32n) | BigInt(this.u32());
    return (value & max) >> BigInt(this.below(bits));
  }

  /** A signed integer of `bits` bits. */
  signed(bits: number): bigint {
    return BigInt.asIntN(bits, this.unsigned(bits) ^ (this.chance(2) ? -1n : 0n));
  }

  bytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.below(256));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  list<T>(lengthMax: number, item: () => T): T[] {
    return Array.from({ length: this.below(lengthMax + 1) }, item);
  }

  /** Text of ASCII, accented letters, symbols outside the basic plane and control characters. */
  text(lengthMax: number): string {
    return this.list(lengthMax, () => {
      const kind = this.below(16);
      if (kind < 12) return String.fromCharCode(this.between(32, 126));
      if (kind === 12) return String.fromCharCode(this.between(0xa0, 0x17f));
      if (kind === 13) return String.fromCodePoint(this.between(0x1f300, 0x1f5ff));
      return String.fromCharCode(this.below(32));
    }).join('');
  }
}
