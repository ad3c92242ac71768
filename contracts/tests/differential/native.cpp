/// The differential test's program on this machine. `native layout FAMILY` prints what one case consists of;
/// `native run FAMILY FIRST COUNT` writes the results of some cases, eight bytes each.
#include "kernel.hpp"

#include <cstdio>
#include <cstdlib>

namespace {

struct printer {
  void input(uint64_t) { std::puts("input"); }
  void exact(const char* name, uint64_t) { std::printf("exact %s\n", name); }
  void near(const char* name, double) { std::printf("near64 %s\n", name); }
  void near(const char* name, float) { std::printf("near32 %s\n", name); }
};

struct writer {
  void input(uint64_t bits) { std::fwrite(&bits, sizeof(bits), 1, stdout); }
  void exact(const char*, uint64_t bits) { input(bits); }
  void near(const char*, double value) { input(differential::bits_of(value)); }
  void near(const char*, float value) { input(differential::bits_of(value)); }
};

}  // namespace

int main(int count, char** arguments) {
  const std::string command = count > 1 ? arguments[1] : "";
  const auto number = [&](int index) { return count > index ? std::strtoul(arguments[index], nullptr, 10) : 0; };
  const auto family = static_cast<differential::family>(number(2));
  if (command == "layout") {
    printer sink;
    differential::run_case(family, 0, sink);
    return 0;
  }
  if (command != "run") return 1;
  writer sink;
  for (unsigned long i = 0; i < number(4); ++i) differential::run_case(family, static_cast<uint32_t>(number(3) + i), sink);
  return 0;
}
