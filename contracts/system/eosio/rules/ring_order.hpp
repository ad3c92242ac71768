/// The order of turns: a short way round all producers (consensus.md 2). Pure functions on integers; positions stand for
/// producers in the order of their names, so that the lower position wins every tie.
#pragma once

#include <stdint.h>

#include <algorithm>
#include <vector>

namespace ring {

/// Round-trip times between producers, the same in both directions, microseconds.
class latency_matrix {
 public:
  explicit latency_matrix(uint32_t size) : count(size), cells(size * (size - 1) / 2, 0) {}

  uint32_t size() const { return count; }

  uint32_t at(uint32_t a, uint32_t b) const { return a == b ? 0 : cells[index(a, b)]; }

  /// Enters what one of the two has measured. Of two measurements the greater counts: nobody can claim to be nearer
  /// than the other side says.
  void measured(uint32_t a, uint32_t b, uint32_t round_trip_us) {
    if (a == b) return;
    uint32_t& cell = cells[index(a, b)];
    cell = std::max(cell, std::max(round_trip_us, uint32_t{1}));
  }

  /// Gives pairs that nobody has measured the greatest time of all.
  void fill_missing() {
    uint32_t greatest = 1;
    for (const uint32_t cell : cells) greatest = std::max(greatest, cell);
    for (uint32_t& cell : cells) {
      if (cell == 0) cell = greatest;
    }
  }

 private:
  static uint32_t index(uint32_t a, uint32_t b) {
    const uint32_t high = std::max(a, b);
    return high * (high - 1) / 2 + std::min(a, b);
  }

  uint32_t count;
  std::vector<uint32_t> cells;
};

using order = std::vector<uint8_t>;

/// Sum of the times between neighbours, the last and the first included.
inline uint64_t length(const latency_matrix& latencies, const order& ring) {
  uint64_t sum = 0;
  for (size_t i = 0; i < ring.size(); ++i) sum += latencies.at(ring[i], ring[(i + 1) % ring.size()]);
  return sum;
}

/// From position 0 on, always to the nearest that is left.
inline order nearest_neighbours(const latency_matrix& latencies) {
  order ring(latencies.size());
  for (uint32_t i = 0; i < ring.size(); ++i) ring[i] = static_cast<uint8_t>(i);
  for (size_t i = 0; i + 1 < ring.size(); ++i) {
    size_t nearest = i + 1;
    for (size_t j = i + 2; j < ring.size(); ++j) {
      const uint32_t time = latencies.at(ring[i], ring[j]);
      const uint32_t best = latencies.at(ring[i], ring[nearest]);
      if (time < best || (time == best && ring[j] < ring[nearest])) nearest = j;
    }
    std::swap(ring[i + 1], ring[nearest]);
  }
  return ring;
}

/// Turns stretches of the ring round as long as that shortens it (2-opt). Both bounds keep the cost of a proposal
/// foreseeable: each pass looks at every pair of edges, each move turns at most the whole ring.
inline void shorten(const latency_matrix& latencies, order& ring) {
  constexpr uint32_t passes_max = 12;
  const size_t size = ring.size();
  size_t moves_left = 8 * size;
  bool improved = size > 3;
  for (uint32_t pass = 0; improved && pass < passes_max; ++pass) {
    improved = false;
    for (size_t i = 0; i + 2 < size; ++i) {
      for (size_t j = i + 2; j < size; ++j) {
        const size_t after = j + 1 == size ? 0 : j + 1;
        if (after == i) continue;
        const uint64_t now = uint64_t{latencies.at(ring[i], ring[i + 1])} + latencies.at(ring[j], ring[after]);
        const uint64_t then = uint64_t{latencies.at(ring[i], ring[j])} + latencies.at(ring[i + 1], ring[after]);
        if (then >= now) continue;
        std::reverse(ring.begin() + i + 1, ring.begin() + j + 1);
        if (--moves_left == 0) return;
        improved = true;
      }
    }
  }
}

/// One of the many ways to write a ring down: it begins with position 0, and goes on with the lower of its neighbours.
inline void normalise(order& ring) {
  std::rotate(ring.begin(), std::find(ring.begin(), ring.end(), 0), ring.end());
  if (ring.size() > 2 && ring.back() < ring[1]) std::reverse(ring.begin() + 1, ring.end());
}

/// The ring for the next schedule. `current` is the one in force, or empty when the producers change: it stays unless the
/// new one is shorter by a tenth of its own length, since measurements vary and every change costs a change of finalizers.
inline order shortest(const latency_matrix& latencies, const order& current) {
  order ring = nearest_neighbours(latencies);
  shorten(latencies, ring);
  normalise(ring);
  const uint64_t found = length(latencies, ring);
  if (current.size() == ring.size() && length(latencies, current) <= found + found / 10) return current;
  return ring;
}

}  // namespace ring
