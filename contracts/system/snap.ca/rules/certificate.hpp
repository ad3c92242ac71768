/// What can be told of a certificate without reading X.509: keys of rows, forms of serials, keys and reasons.
#pragma once

#include <snapscale/snapscale.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace certificate {

using snapscale::checksum256;

inline constexpr size_t der_size_max = 4096;
inline constexpr size_t text_size_max = 64;

/// Rows are found by the first eight bytes of a SHA-256, read as a big-endian number: one read and no index. Whoever would
/// bring about a collision could only stand in its own way, since each organisation has a scope of its own.
inline uint64_t key_of(const checksum256& digest) {
  const auto bytes = digest.extract_as_byte_array();
  uint64_t key = 0;
  for (size_t i = 0; i < 8; ++i) key = key << 8 | bytes[i];
  return key;
}

inline checksum256 digest_of(const std::vector<char>& bytes) { return snapscale::sha256(bytes.data(), bytes.size()); }

inline uint64_t key_of_serial(const std::vector<char>& serial) { return key_of(digest_of(serial)); }

/// RFC 5280 section 4.1.2.2: a positive number of at most 20 octets in DER. Written without leading zeros, so that one
/// serial has one form.
inline bool is_serial(const std::vector<char>& serial) {
  if (serial.empty() || serial.size() > 20 || serial[0] == 0) return false;
  return serial.size() < 20 || (serial[0] & 0x80) == 0;
}

/// One DER sequence and nothing after it, as a certificate is.
inline bool is_der_sequence(const std::vector<char>& bytes) {
  if (bytes.size() < 4 || bytes.size() > der_size_max || bytes[0] != 0x30) return false;
  const auto at = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(bytes[i])); };
  if (at(1) == 0x81) return at(2) >= 0x80 && at(2) + 3 == bytes.size();
  if (at(1) == 0x82) return (at(2) << 8 | at(3)) >= 0x100 && (at(2) << 8 | at(3)) + 4 == bytes.size();
  return at(1) < 0x80 && at(1) + 2 == bytes.size();
}

/// A compressed point on secp256k1 or secp256r1 by its form. That it is on the curve the issuing CA has checked.
inline bool is_subject_key(const snapscale::public_key& key) {
  if (key.index() > 1) return false;
  const snapscale::ecc_public_key& point = key.index() == 0 ? std::get<0>(key) : std::get<1>(key);
  return point[0] == 2 || point[0] == 3;
}

inline checksum256 digest_of_key(const snapscale::public_key& key) {
  return snapscale::with_packed(key, [](const char* bytes, uint32_t size) { return snapscale::sha256(bytes, size); });
}

/// RFC 5280 section 5.3.1, without what does not last (certificateHold, removeFromCRL) and what this chain has not.
inline bool is_reason(uint8_t reason) { return reason <= 5 || reason == 9; }

inline constexpr uint8_t affiliation_changed = 3;
inline constexpr uint8_t superseded = 4;
inline constexpr uint8_t cessation_of_operation = 5;

/// Printable ASCII: what is shown in a terminal must not be able to change it.
inline bool is_text(const std::string& text) {
  if (text.size() > text_size_max) return false;
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

/// An organisation's node has its name, or one that begins with it and a hyphen, which no account has in its name: so no
/// organisation can take the place of another one's node.
inline bool is_node_of(snapscale::name organisation, const std::string& node) {
  if (node.empty()) return true;
  const std::string own = organisation.to_string();
  return node == own || (node.size() > own.size() + 1 && node.compare(0, own.size() + 1, own + "-") == 0);
}

inline bool contains(const std::vector<snapscale::name>& names, snapscale::name wanted) {
  return std::find(names.begin(), names.end(), wanted) != names.end();
}

/// At most `count_max` names, sorted and without repetition.
inline bool is_name_list(const std::vector<snapscale::name>& names, size_t count_max) {
  if (names.size() > count_max) return false;
  for (size_t i = 1; i < names.size(); ++i) {
    if (!(names[i - 1] < names[i])) return false;
  }
  return true;
}

}  // namespace certificate
