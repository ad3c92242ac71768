/// Hashes, keys and signatures.
#pragma once

#include <snapscale/core/serialize.hpp>
#include <snapscale/host/crypto.hpp>

namespace snapscale {

/// A compressed point on secp256k1 or secp256r1.
using ecc_public_key = std::array<char, 33>;

/// A key of a WebAuthn authenticator, bound to a web site.
struct webauthn_public_key {
  enum class user_presence_t : uint8_t { USER_PRESENCE_NONE, USER_PRESENCE_PRESENT, USER_PRESENCE_VERIFIED };

  friend bool operator==(const webauthn_public_key& a, const webauthn_public_key& b) {
    return a.key == b.key && a.user_presence == b.user_presence && a.rpid == b.rpid;
  }
  friend bool operator!=(const webauthn_public_key& a, const webauthn_public_key& b) { return !(a == b); }
  friend bool operator<(const webauthn_public_key& a, const webauthn_public_key& b) {
    return std::tie(a.key, a.user_presence, a.rpid) < std::tie(b.key, b.user_presence, b.rpid);
  }
  friend bool operator<=(const webauthn_public_key& a, const webauthn_public_key& b) { return !(b < a); }
  friend bool operator>(const webauthn_public_key& a, const webauthn_public_key& b) { return b < a; }
  friend bool operator>=(const webauthn_public_key& a, const webauthn_public_key& b) { return !(a < b); }

  ecc_public_key key{};
  user_presence_t user_presence{};
  std::string rpid;
};

/// A key of any kind: the index is 0 for K1, 1 for R1 and 2 for WebAuthn.
using public_key = std::variant<ecc_public_key, ecc_public_key, webauthn_public_key>;

using ecc_signature = std::array<char, 65>;

struct webauthn_signature {
  friend bool operator==(const webauthn_signature& a, const webauthn_signature& b) {
    return a.compact_signature == b.compact_signature && a.auth_data == b.auth_data && a.client_json == b.client_json;
  }
  friend bool operator!=(const webauthn_signature& a, const webauthn_signature& b) { return !(a == b); }

  ecc_signature compact_signature{};
  std::vector<uint8_t> auth_data;
  std::string client_json;
};

/// A signature of any kind: the index is 0 for K1, 1 for R1 and 2 for WebAuthn.
using signature = std::variant<ecc_signature, ecc_signature, webauthn_signature>;

namespace hashing {

using function = void (*)(const char*, uint32_t, void*);

template <size_t Size, function Hash>
inline fixed_bytes<Size> digest(const char* data, uint32_t size) {
  std::array<uint8_t, Size> bytes;
  Hash(data, size, bytes.data());
  return fixed_bytes<Size>(bytes);
}

template <size_t Size, function Assert>
inline void assert_digest(const char* data, uint32_t size, const fixed_bytes<Size>& expected) {
  auto bytes = expected.extract_as_byte_array();
  Assert(data, size, bytes.data());
}

inline void assert_sha256(const char* data, uint32_t size, void* hash) { host::assert_sha256(data, size, hash); }
inline void assert_sha1(const char* data, uint32_t size, void* hash) { host::assert_sha1(data, size, hash); }
inline void assert_sha512(const char* data, uint32_t size, void* hash) { host::assert_sha512(data, size, hash); }
inline void assert_ripemd160(const char* data, uint32_t size, void* hash) { host::assert_ripemd160(data, size, hash); }

template <bool Keccak>
inline checksum256 sha3(const char* data, uint32_t size) {
  std::array<uint8_t, 32> bytes;
  host::sha3(data, size, reinterpret_cast<char*>(bytes.data()), 32, Keccak);
  return checksum256(bytes);
}

}  // namespace hashing

inline checksum256 sha256(const char* data, uint32_t size) { return hashing::digest<32, host::sha256>(data, size); }
inline checksum160 sha1(const char* data, uint32_t size) { return hashing::digest<20, host::sha1>(data, size); }
inline checksum512 sha512(const char* data, uint32_t size) { return hashing::digest<64, host::sha512>(data, size); }
inline checksum160 ripemd160(const char* data, uint32_t size) { return hashing::digest<20, host::ripemd160>(data, size); }
inline checksum256 sha3(const char* data, uint32_t size) { return hashing::sha3<false>(data, size); }
inline checksum256 keccak(const char* data, uint32_t size) { return hashing::sha3<true>(data, size); }

/// Each ends the transaction unless `expected` is the hash of the data.
inline void assert_sha256(const char* data, uint32_t size, const checksum256& expected) {
  hashing::assert_digest<32, hashing::assert_sha256>(data, size, expected);
}
inline void assert_sha1(const char* data, uint32_t size, const checksum160& expected) {
  hashing::assert_digest<20, hashing::assert_sha1>(data, size, expected);
}
inline void assert_sha512(const char* data, uint32_t size, const checksum512& expected) {
  hashing::assert_digest<64, hashing::assert_sha512>(data, size, expected);
}
inline void assert_ripemd160(const char* data, uint32_t size, const checksum160& expected) {
  hashing::assert_digest<20, hashing::assert_ripemd160>(data, size, expected);
}
inline void assert_sha3(const char* data, uint32_t size, const checksum256& expected) {
  check(sha3(data, size) == expected, "SHA3 hash of `data` does not match given `hash`");
}
inline void assert_keccak(const char* data, uint32_t size, const checksum256& expected) {
  check(keccak(data, size) == expected, "Keccak hash of `data` does not match given `hash`");
}

/// The key whose owner made `sig` over `digest`; ends the transaction if there is none.
inline public_key recover_key(const checksum256& digest, const signature& sig) {
  const auto hash = digest.extract_as_byte_array();
  return with_packed(sig, [&](const char* bytes, uint32_t size) {
    // Keys of fixed size fit at once; a WebAuthn key is cut to the buffer and tells its full size.
    char key[stack_buffer_size_max];
    const int32_t key_size = host::recover_key(hash.data(), bytes, size, key, sizeof(key));
    if (key_size <= static_cast<int32_t>(sizeof(key))) return unpack<public_key>(key, static_cast<size_t>(key_size));
    std::vector<char> longer(static_cast<size_t>(key_size));
    host::recover_key(hash.data(), bytes, size, longer.data(), longer.size());
    return unpack<public_key>(longer);
  });
}

/// Ends the transaction unless the owner of `key` made `sig` over `digest`.
inline void assert_recover_key(const checksum256& digest, const signature& sig, const public_key& key) {
  const auto hash = digest.extract_as_byte_array();
  with_packed(sig, [&](const char* sig_bytes, uint32_t sig_size) {
    with_packed(key, [&](const char* key_bytes, uint32_t key_size) {
      host::assert_recover_key(hash.data(), sig_bytes, sig_size, key_bytes, key_size);
    });
  });
}

}  // namespace snapscale
