#include <snapscale/snapscale.hpp>

#include <string>
#include <vector>

using namespace snapscale;

/// Devices, what they measure, and who may read it.
///
/// Everything on a chain can be seen by those who run its nodes. Therefore a device seals (encrypts) its readings with a
/// key of its own, and its owner hands that key to a reader, sealed for the reader, together with the consent.
class [[snapscale::contract("mycontract")]] devices : public contract {
 public:
  using contract::contract;

  /// Registers a device, which is an account. Both sign: nobody registers the device of another.
  [[snapscale::action]] void enrol(name device, name owner, std::string model) {
    require_auth(owner);
    require_auth(device);
    check(model.size() <= model_size_max, "the model has more than 64 bytes");
    device_table rows(get_self(), get_self().value);
    check(rows.find(device.value) == rows.end(), "the device is enrolled already");
    rows.emplace(owner, [&](device_row& row) { row = {device, owner, model, true, 0}; });
  }

  /// The owner stops a device (it was stolen, it is broken) or lets it report again.
  [[snapscale::action]] void enable(name device, bool enabled) {
    device_table rows(get_self(), get_self().value);
    const auto found = rows.require_find(device.value, "the device is not enrolled");
    require_auth(found->owner);
    rows.modify(found, same_payer, [&](device_row& row) { row.enabled = enabled; });
  }

  /// Stores a sealed reading and returns its number. The newest 16 readings are kept, so that storage is bounded.
  [[snapscale::action]] uint64_t report(name device, std::vector<char> sealed) {
    require_auth(device);
    check(!sealed.empty(), "the reading is empty");
    check(sealed.size() <= reading_size_max, "the reading has more than 512 bytes");
    device_table rows(get_self(), get_self().value);
    const auto found = rows.require_find(device.value, "the device is not enrolled");
    check(found->enabled, "the device is disabled by its owner");

    const uint64_t number = found->readings + 1;
    rows.modify(found, same_payer, [&](device_row& row) { row.readings = number; });
    reading_table readings(get_self(), device.value);
    readings.emplace(device, [&](reading& row) { row = {number, current_time_point(), sealed}; });
    if (number > readings_kept) readings.erase(readings.require_find(number - readings_kept));
    return number;
  }

  /// The owner consents that `reader` may read until `until`; `sealed_key` opens the readings, for the reader alone.
  [[snapscale::action]] void grant(name device, name reader, time_point_sec until, std::vector<char> sealed_key) {
    const name owner = owner_of(device);
    require_auth(owner);
    check(is_account(reader), "the reader does not exist");
    check(time_point(until) > current_time_point(), "the consent would have ended already");
    check(sealed_key.size() <= key_size_max, "the sealed key has more than 256 bytes");
    consent_table consents(get_self(), device.value);
    const auto known = consents.find(reader.value);
    if (known == consents.end()) {
      consents.emplace(owner, [&](consent& row) { row = {reader, until, sealed_key, 0}; });
    } else {
      consents.modify(known, owner, [&](consent& row) {
        row.until = until;
        row.sealed_key = sealed_key;
      });
    }
  }

  /// The owner takes a consent back. What was read before stays read: the device should take another key now.
  [[snapscale::action]] void revoke(name device, name reader) {
    require_auth(owner_of(device));
    consent_table consents(get_self(), device.value);
    consents.erase(consents.require_find(reader.value, "there is no such consent"));
  }

  /// The newest reading, for a reader with consent. That it was read, and how often, stays on the chain.
  [[snapscale::action]] std::vector<char> read(name device, name reader) {
    require_auth(reader);
    owner_of(device);
    consent_table consents(get_self(), device.value);
    const auto found = consents.require_find(reader.value, "the owner has not consented");
    check(time_point(found->until) > current_time_point(), "the consent has ended");
    reading_table readings(get_self(), device.value);
    check(readings.begin() != readings.end(), "the device has reported nothing yet");
    consents.modify(found, same_payer, [&](consent& row) { row.reads += 1; });
    return readings.rbegin()->sealed;
  }

 private:
  static constexpr size_t model_size_max = 64;
  static constexpr size_t reading_size_max = 512;
  static constexpr size_t key_size_max = 256;
  static constexpr uint64_t readings_kept = 16;

  struct [[snapscale::table("devices")]] device_row {
    name device;
    name owner;
    std::string model;
    bool enabled;
    uint64_t readings;

    uint64_t primary_key() const { return device.value; }
    uint64_t by_owner() const { return owner.value; }
  };

  /// The scope is the device, which pays.
  struct [[snapscale::table("readings")]] reading {
    uint64_t number;
    time_point time;
    std::vector<char> sealed;

    uint64_t primary_key() const { return number; }
  };

  /// The scope is the device; its owner pays.
  struct [[snapscale::table("consents")]] consent {
    name reader;
    time_point_sec until;
    std::vector<char> sealed_key;
    uint32_t reads;

    uint64_t primary_key() const { return reader.value; }
  };

  using device_table =
      multi_index<"devices"_n, device_row, indexed_by<"byowner"_n, const_mem_fun<device_row, uint64_t, &device_row::by_owner>>>;
  using reading_table = multi_index<"readings"_n, reading>;
  using consent_table = multi_index<"consents"_n, consent>;

  name owner_of(name device) const {
    device_table rows(get_self(), get_self().value);
    return rows.get(device.value, "the device is not enrolled").owner;
  }
};
