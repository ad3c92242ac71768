/// Signatures of finalizers: BLS12-381, keys in G1, signatures in G2 (draft-irtf-cfrg-bls-signature, RFC 9380), in the
/// chain's bytes and in Antelope's texts.
#pragma once

#include <snapscale/crypto_ext.hpp>

#include <string>

namespace bls {

using snapscale::bls_fp;
using snapscale::bls_g1;
using snapscale::bls_g2;
using snapscale::bls_gt;
using snapscale::check;

inline constexpr char message_domain[] = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
inline constexpr char possession_domain[] = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// The generator of G1, negated.
inline constexpr uint8_t negative_generator[96] = {
    0xbb, 0xc6, 0x22, 0xdb, 0x0a, 0xf0, 0x3a, 0xfb, 0xef, 0x1a, 0x7a, 0xf9, 0x3f, 0xe8, 0x55, 0x6c,
    0x58, 0xac, 0x1b, 0x17, 0x3f, 0x3a, 0x4e, 0xa1, 0x05, 0xb9, 0x74, 0x97, 0x4f, 0x8c, 0x68, 0xc3,
    0x0f, 0xac, 0xa9, 0x4f, 0x8c, 0x63, 0x95, 0x26, 0x94, 0xd7, 0x97, 0x31, 0xa7, 0xd3, 0xf1, 0x17,
    0xca, 0xc2, 0x39, 0xb9, 0xd6, 0xdc, 0x54, 0xad, 0x1b, 0x75, 0xcb, 0x0e, 0xba, 0x38, 0x6f, 0x4e,
    0x36, 0x42, 0xac, 0xca, 0xd5, 0xb9, 0x55, 0x66, 0xc9, 0x07, 0xb5, 0x1d, 0xef, 0x6a, 0x81, 0x67,
    0xf2, 0x21, 0x2e, 0xcf, 0xc8, 0x76, 0x7d, 0xaa, 0xa8, 0x45, 0xd5, 0x55, 0x68, 0x1d, 0x4d, 0x11};

/// The order of the groups.
inline constexpr uint8_t group_order[32] = {
    0x01, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0x02, 0xa4, 0xbd, 0x53,
    0x05, 0xd8, 0xa1, 0x09, 0x08, 0xd8, 0x39, 0x33, 0x48, 0x7d, 0x9d, 0x29, 0x53, 0xa7, 0xed, 0x73};

inline int base64url_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  if (c == '_') return 63;
  return -1;
}

/// Reads `PUB_BLS_…` or `SIG_BLS_…`: base64url without padding of the bytes and the first four of their RIPEMD-160. Exactly
/// one text stands for each byte string. Costs about 10,000 gas.
template <size_t Size>
inline std::array<char, Size> parse(const std::string& text, const char* prefix, const char* what) {
  constexpr size_t prefix_size = 8;
  constexpr size_t total = Size + 4;
  constexpr size_t chars = (total * 4 + 2) / 3;
  check(text.size() == prefix_size + chars && text.compare(0, prefix_size, prefix) == 0, what);
  char bytes[total];
  uint32_t bits = 0;
  uint32_t bit_count = 0;
  size_t size = 0;
  for (size_t i = 0; i < chars; ++i) {
    const int digit = base64url_digit(text[prefix_size + i]);
    check(digit >= 0, what);
    bits = (bits << 6 | static_cast<uint32_t>(digit)) & 0xfff;
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    bytes[size++] = static_cast<char>(bits >> bit_count);
  }
  check((bits & ((1u << bit_count) - 1)) == 0, what);
  const auto checksum = snapscale::ripemd160(bytes, Size).extract_as_byte_array();
  check(std::memcmp(checksum.data(), bytes + Size, 4) == 0, what);
  std::array<char, Size> result;
  std::memcpy(result.data(), bytes, Size);
  return result;
}

inline bls_g1 parse_public_key(const std::string& text) {
  return parse<96>(text, "PUB_BLS_", "the finalizer key is not a valid PUB_BLS_ text");
}

inline bls_g2 parse_signature(const std::string& text) {
  return parse<192>(text, "SIG_BLS_", "the finalizer's signature is not a valid SIG_BLS_ text");
}

/// expand_message_xmd with SHA-256, for 256 bytes.
inline void expand_message(const char* message, uint32_t size, const char* domain, uint8_t (&out)[256]) {
  const uint8_t domain_size = static_cast<uint8_t>(std::strlen(domain));
  std::vector<char> input(64 + size + 3 + domain_size + 1);
  std::memcpy(input.data() + 64, message, size);
  char* tail = input.data() + 64 + size;
  *tail++ = 1;
  *tail++ = 0;
  *tail++ = 0;
  std::memcpy(tail, domain, domain_size);
  tail[domain_size] = static_cast<char>(domain_size);
  const auto first = snapscale::sha256(input.data(), input.size()).extract_as_byte_array();

  std::vector<char> block(32 + 1 + domain_size + 1);
  std::memcpy(block.data() + 33, domain, domain_size);
  block[33 + domain_size] = static_cast<char>(domain_size);
  for (uint8_t i = 0; i < 8; ++i) {
    for (int j = 0; j < 32; ++j) block[j] = static_cast<char>(i == 0 ? first[j] : first[j] ^ out[32 * (i - 1) + j]);
    block[32] = static_cast<char>(i + 1);
    const auto hash = snapscale::sha256(block.data(), block.size()).extract_as_byte_array();
    std::memcpy(out + 32 * i, hash.data(), 32);
  }
}

/// The point of G2 that a message stands for. Costs about 22 million gas.
inline bls_g2 hash_to_g2(const char* message, uint32_t size, const char* domain) {
  uint8_t uniform[256];
  expand_message(message, size, domain, uniform);
  bls_g2 points[2];
  for (int i = 0; i < 2; ++i) {
    snapscale::bls_fp2 element;
    for (int c = 0; c < 2; ++c) {
      std::array<char, 64> little_endian;
      for (int j = 0; j < 64; ++j) little_endian[j] = static_cast<char>(uniform[64 * (2 * i + c) + 63 - j]);
      check(snapscale::bls_fp_mod(little_endian, element[c]) == 0, "bls_fp_mod failed");
    }
    check(snapscale::bls_g2_map(element, points[i]) == 0, "bls_g2_map failed");
  }
  bls_g2 sum;
  check(snapscale::bls_g2_add(points[0], points[1], sum) == 0, "bls_g2_add failed");
  return sum;
}

/// Whether `signature` is that of the owner of `key` on the message that `hash` stands for. The key must be one that
/// `is_key` accepts. Costs about 29 million gas.
inline bool verify(const bls_g1& key, const bls_g2& hash, const bls_g2& signature) {
  bls_g1 left[2];
  std::memcpy(left[0].data(), negative_generator, sizeof(negative_generator));
  left[1] = key;
  const bls_g2 right[2] = {signature, hash};
  bls_gt product;
  if (snapscale::bls_pairing(left, right, 2, product) != 0) return false;
  if (product[0] != 1) return false;
  return std::all_of(product.begin() + 1, product.end(), [](char byte) { return byte == 0; });
}

inline bool is_zero(const bls_g1& point) {
  return std::all_of(point.begin(), point.end(), [](char byte) { return byte == 0; });
}

/// Whether the bytes are a point of the group other than the identity. Costs about 5 million gas.
inline bool is_key(const bls_g1& key) {
  if (is_zero(key)) return false;
  snapscale::bls_scalar order;
  std::memcpy(order.data(), group_order, sizeof(group_order));
  bls_g1 multiple;
  return snapscale::bls_g1_weighted_sum(&key, &order, 1, multiple) == 0 && is_zero(multiple);
}

/// Whether the owner of `key` made `proof`, its signature on the key itself. Costs about 56 million gas.
inline bool proves_possession(const bls_g1& key, const bls_g2& proof) {
  return is_key(key) && verify(key, hash_to_g2(key.data(), key.size(), possession_domain), proof);
}

}  // namespace bls
