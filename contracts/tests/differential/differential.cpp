#include <snapscale/snapscale.hpp>

#include "kernel.hpp"

/// The differential test's program on the chain: results lie in a row of a table, as a result of an action is short.
class [[snapscale::contract("differential")]] differential_contract : public snapscale::contract {
 public:
  using contract::contract;

  /// Computes the cases from `first` on, each as eight bytes for each of its numbers.
  [[snapscale::action]] void run(uint8_t family, uint32_t first, uint32_t count) {
    writer sink;
    for (uint32_t i = 0; i < count; ++i) differential::run_case(static_cast<differential::family>(family), first + i, sink);
    const char* const bytes = reinterpret_cast<const char*>(sink.numbers.data());
    keep({bytes, bytes + sink.numbers.size() * sizeof(uint64_t)});
  }

  /// Says what one case consists of, one line for each number.
  [[snapscale::action]] void layout(uint8_t family) {
    describer sink;
    differential::run_case(static_cast<differential::family>(family), 0, sink);
    keep({sink.text.begin(), sink.text.end()});
  }

 private:
  struct writer {
    void input(uint64_t bits) { numbers.push_back(bits); }
    void exact(const char*, uint64_t bits) { numbers.push_back(bits); }
    void near(const char*, double value) { numbers.push_back(differential::bits_of(value)); }
    void near(const char*, float value) { numbers.push_back(differential::bits_of(value)); }

    std::vector<uint64_t> numbers;
  };

  struct describer {
    void input(uint64_t) { text += "input\n"; }
    void exact(const char* name, uint64_t) { text += std::string("exact ") + name + "\n"; }
    void near(const char* name, double) { text += std::string("near64 ") + name + "\n"; }
    void near(const char* name, float) { text += std::string("near32 ") + name + "\n"; }

    std::string text;
  };

  struct [[snapscale::table]] output {
    std::vector<char> data;
  };
  using outputs = snapscale::singleton<"output"_n, output>;

  void keep(std::vector<char> data) { outputs(get_self(), get_self().value).set({std::move(data)}, get_self()); }
};
