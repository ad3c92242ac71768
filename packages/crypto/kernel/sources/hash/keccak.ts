/** Keccak-f[1600] (FIPS 202): 25 lanes of 64 bits, in memory. No branch and no address depends on the state. */
const ROUNDS: usize = memory.data<u64>([
  0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
  0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
  0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
  0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
  0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
]);

/** Permutes the 200 bytes at s. */
export function permute(s: usize): void {
  for (let round: usize = 0; round < 24; round++) {
    const c0 = load<u64>(s, 0) ^ load<u64>(s, 40) ^ load<u64>(s, 80) ^ load<u64>(s, 120) ^ load<u64>(s, 160);
    const c1 = load<u64>(s, 8) ^ load<u64>(s, 48) ^ load<u64>(s, 88) ^ load<u64>(s, 128) ^ load<u64>(s, 168);
    const c2 = load<u64>(s, 16) ^ load<u64>(s, 56) ^ load<u64>(s, 96) ^ load<u64>(s, 136) ^ load<u64>(s, 176);
    const c3 = load<u64>(s, 24) ^ load<u64>(s, 64) ^ load<u64>(s, 104) ^ load<u64>(s, 144) ^ load<u64>(s, 184);
    const c4 = load<u64>(s, 32) ^ load<u64>(s, 72) ^ load<u64>(s, 112) ^ load<u64>(s, 152) ^ load<u64>(s, 192);
    const d0 = c4 ^ rotl(c1, 1);
    const d1 = c0 ^ rotl(c2, 1);
    const d2 = c1 ^ rotl(c3, 1);
    const d3 = c2 ^ rotl(c4, 1);
    const d4 = c3 ^ rotl(c0, 1);
    const b0 = load<u64>(s, 0) ^ d0;
    const b16 = rotl(load<u64>(s, 40) ^ d0, 36);
    const b7 = rotl(load<u64>(s, 80) ^ d0, 3);
    const b23 = rotl(load<u64>(s, 120) ^ d0, 41);
    const b14 = rotl(load<u64>(s, 160) ^ d0, 18);
    const b10 = rotl(load<u64>(s, 8) ^ d1, 1);
    const b1 = rotl(load<u64>(s, 48) ^ d1, 44);
    const b17 = rotl(load<u64>(s, 88) ^ d1, 10);
    const b8 = rotl(load<u64>(s, 128) ^ d1, 45);
    const b24 = rotl(load<u64>(s, 168) ^ d1, 2);
    const b20 = rotl(load<u64>(s, 16) ^ d2, 62);
    const b11 = rotl(load<u64>(s, 56) ^ d2, 6);
    const b2 = rotl(load<u64>(s, 96) ^ d2, 43);
    const b18 = rotl(load<u64>(s, 136) ^ d2, 15);
    const b9 = rotl(load<u64>(s, 176) ^ d2, 61);
    const b5 = rotl(load<u64>(s, 24) ^ d3, 28);
    const b21 = rotl(load<u64>(s, 64) ^ d3, 55);
    const b12 = rotl(load<u64>(s, 104) ^ d3, 25);
    const b3 = rotl(load<u64>(s, 144) ^ d3, 21);
    const b19 = rotl(load<u64>(s, 184) ^ d3, 56);
    const b15 = rotl(load<u64>(s, 32) ^ d4, 27);
    const b6 = rotl(load<u64>(s, 72) ^ d4, 20);
    const b22 = rotl(load<u64>(s, 112) ^ d4, 39);
    const b13 = rotl(load<u64>(s, 152) ^ d4, 8);
    const b4 = rotl(load<u64>(s, 192) ^ d4, 14);
    store<u64>(s, b0 ^ (~b1 & b2) ^ load<u64>(ROUNDS + 8 * round), 0);
    store<u64>(s, b1 ^ (~b2 & b3), 8);
    store<u64>(s, b2 ^ (~b3 & b4), 16);
    store<u64>(s, b3 ^ (~b4 & b0), 24);
    store<u64>(s, b4 ^ (~b0 & b1), 32);
    store<u64>(s, b5 ^ (~b6 & b7), 40);
    store<u64>(s, b6 ^ (~b7 & b8), 48);
    store<u64>(s, b7 ^ (~b8 & b9), 56);
    store<u64>(s, b8 ^ (~b9 & b5), 64);
    store<u64>(s, b9 ^ (~b5 & b6), 72);
    store<u64>(s, b10 ^ (~b11 & b12), 80);
    store<u64>(s, b11 ^ (~b12 & b13), 88);
    store<u64>(s, b12 ^ (~b13 & b14), 96);
    store<u64>(s, b13 ^ (~b14 & b10), 104);
    store<u64>(s, b14 ^ (~b10 & b11), 112);
    store<u64>(s, b15 ^ (~b16 & b17), 120);
    store<u64>(s, b16 ^ (~b17 & b18), 128);
    store<u64>(s, b17 ^ (~b18 & b19), 136);
    store<u64>(s, b18 ^ (~b19 & b15), 144);
    store<u64>(s, b19 ^ (~b15 & b16), 152);
    store<u64>(s, b20 ^ (~b21 & b22), 160);
    store<u64>(s, b21 ^ (~b22 & b23), 168);
    store<u64>(s, b22 ^ (~b23 & b24), 176);
    store<u64>(s, b23 ^ (~b24 & b20), 184);
    store<u64>(s, b24 ^ (~b20 & b21), 192);
  }
}
