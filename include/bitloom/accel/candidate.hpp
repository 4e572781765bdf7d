// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/core/pareto.hpp>

namespace bitloom::accel {

/// What a device offers an overlay. The defaults are those of the published study of BRAMAC.
struct Budgets {
  std::int64_t dsp = 1518;
  std::int64_t bram = 1500;

  friend constexpr bool operator==(const Budgets&, const Budgets&) = default;
};

/// A tile, what it takes and what it gives, against a reference. `T` is the overlay's kind of tile.
template <class T>
struct Scored {
  T tile{};
  Resources resources{};
  std::int64_t cycles{};  ///< of all layers, one image
  double speedup{};       ///< over the reference, at the clocks of both
  double area_ratio{};    ///< over the reference
  double quality{};       ///< speedup² / area_ratio, or 0 unless it is faster than the reference asks for

  [[nodiscard]] constexpr double speedup_per_area() const noexcept { return speedup / area_ratio; }

  friend constexpr bool operator==(const Scored&, const Scored&) = default;
};
using Candidate = Scored<Tile>;

/// What candidates are measured with.
struct Reference {
  std::int64_t cycles{};
  double area{};
  double clock_ratio = 1;    ///< clock of the candidates over that of the reference
  double least_speedup = 1;  ///< a candidate has a quality if its speed-up is above this
};

template <class T = Tile>
[[nodiscard]] constexpr Scored<T> score(const T& tile, const Resources& resources, std::int64_t cycles,
                                        const Reference& reference) noexcept {
  const auto speedup =
      static_cast<double>(reference.cycles) / static_cast<double>(cycles) * reference.clock_ratio;
  const auto area_ratio = resources.area / reference.area;
  return {.tile = tile,
          .resources = resources,
          .cycles = cycles,
          .speedup = speedup,
          .area_ratio = area_ratio,
          .quality = speedup > reference.least_speedup ? speedup * speedup / area_ratio : 0};
}

/// What a search makes as large as it can.
template <class O>
concept SearchObjective = requires(const Candidate& candidate) {
  { O::name } -> std::convertible_to<std::string_view>;
  { O::value(candidate) } -> std::same_as<double>;  // candidates with 0 are not eligible
};

/// Speed-up squared over area, of what is faster than the reference.
struct BestQuality {
  static constexpr std::string_view name = "qf";
  template <class T>
  static constexpr double value(const Scored<T>& candidate) noexcept {
    return candidate.quality;
  }
};

/// Speed-up, whatever the area.
struct BestSpeedup {
  static constexpr std::string_view name = "speedup";
  template <class T>
  static constexpr double value(const Scored<T>& candidate) noexcept {
    return candidate.speedup;
  }
};

/// What a Pareto front trades: a point of `size` numbers for a candidate, each the better the smaller.
template <class A>
concept FrontAxes = requires(const Candidate& candidate) {
  { A::point(candidate) } -> std::same_as<std::array<double, A::size>>;
};

/// Cycles against area.
struct CyclesArea {
  static constexpr std::size_t size = 2;
  template <class T>
  static constexpr std::array<double, size> point(const Scored<T>& c) noexcept {
    return {static_cast<double>(c.cycles), c.resources.area};
  }
};

/// Cycles against DSP slices and block RAMs.
struct CyclesDspBram {
  static constexpr std::size_t size = 3;
  template <class T>
  static constexpr std::array<double, size> point(const Scored<T>& c) noexcept {
    return {static_cast<double>(c.cycles), static_cast<double>(c.resources.dsp),
            static_cast<double>(c.resources.bram())};
  }
};

/// Puts a Pareto front in its order: by rising cycles, of equals by tile.
template <class T>
void sort_front(std::vector<Scored<T>>& front) {
  std::ranges::sort(front, {}, [](const Scored<T>& c) { return std::pair(c.cycles, c.tile); });
}

/// Candidates that no other one of them beats on all axes, by rising cycles.
template <FrontAxes Axes = CyclesArea, class T>
[[nodiscard]] std::vector<Scored<T>> pareto_front(const std::vector<Scored<T>>& candidates) {
  std::vector<std::array<double, Axes::size>> points;
  points.reserve(candidates.size());
  for (const auto& c : candidates) points.push_back(Axes::point(c));
  std::vector<Scored<T>> front;
  for (const auto i : core::pareto_front<Axes::size>(points)) front.push_back(candidates[i]);
  sort_front(front);
  return front;
}

}  // namespace bitloom::accel
