// The rules of the system contract as actions of their own, so that tests can call them.
#include "rules/bls_signature.hpp"
#include "rules/curve_key.hpp"
#include "rules/ring_order.hpp"
#include "rules/slot_duty.hpp"
#include "rules/vote_message.hpp"

#include <snapscale/snapscale.hpp>

class [[snapscale::contract("probe")]] probe : public snapscale::contract {
 public:
  using contract::contract;

  [[snapscale::action]] std::vector<uint8_t> duties(uint32_t parent_slot, uint32_t slot, uint32_t slots, uint32_t producers) {
    std::vector<uint8_t> positions;
    for (uint32_t i = 0; i < slots; ++i) positions.push_back(static_cast<uint8_t>(duty::position(parent_slot, slot + i, producers)));
    return positions;
  }

  /// `measured[a * size + b]`: what a measured to b; 0: nothing.
  [[snapscale::action]] std::vector<uint8_t> order(uint32_t size, std::vector<uint32_t> measured, std::vector<uint8_t> current) {
    ring::latency_matrix matrix(size);
    for (uint32_t a = 0; a < size; ++a) {
      for (uint32_t b = 0; b < size; ++b) {
        if (measured[a * size + b] != 0) matrix.measured(a, b, measured[a * size + b]);
      }
    }
    matrix.fill_missing();
    return ring::shortest(matrix, current);
  }

  [[snapscale::action]] bool usable(snapscale::public_key key) { return curve_key::can_sign_blocks(key); }

  [[snapscale::action]] snapscale::checksum256 vote(snapscale::checksum256 chain_id, uint8_t phase, uint32_t slot, snapscale::checksum256 block) {
    return vote_message::digest(chain_id, phase, slot, block);
  }

  /// Enters a certificate, as `snap.ca` does.
  [[snapscale::action]] void certify(snapscale::name account, snapscale::time_point_sec valid_until) {
    multi_index(get_self(), get_self().value).emplace(get_self(), [&](certified& row) { row = {account, valid_until}; });
  }

  [[snapscale::action]] bool iskey(std::string key) { return bls::is_key(bls::parse_public_key(key)); }

 private:
  struct [[snapscale::table("producers")]] certified {
    snapscale::name account;
    snapscale::time_point_sec valid_until;

    uint64_t primary_key() const { return account.value; }
  };
  using multi_index = snapscale::multi_index<"producers"_n, certified>;
};
