// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include <bitloom/net/layer_list.hpp>

namespace bitloom::test {

/// The published study of M4BRAM as plain functions and plain loops over every configuration, with formulas of its
/// own: counts in integers, ratios in double in the order in which the study takes them.
struct M4bramTwin {
  using Int = std::int64_t;

  enum class Kind { Hybrid, NoDsp };
  enum class Goal { Speedup, Quality };

  struct Machine {  ///< the vector sizes of any of the accelerators
    Int pvec = 1;
    Int dq{}, dc{}, dk{};  ///< of DSP slices; the baseline has these alone
    Int mq{}, mc{}, mk{};  ///< of M4BRAM
    friend bool operator==(const Machine&, const Machine&) = default;
  };
  struct Point {
    Machine machine{};
    Int dsp{}, filter{}, stream{}, cycles{};
    double area{}, speedup{}, area_ratio{}, qf{};
    friend bool operator==(const Point&, const Point&) = default;
  };
  struct Found {
    std::optional<Point> best;  ///< the first
    Int feasible{}, ties{};
    Int candidates{}, over_dsp{}, over_bram{}, over_both{}, not_faster{};
    double max_speedup{};
    std::vector<Point> all;  ///< feasible, in the order of loops
  };

  const net::Workload& net;
  Int outputs = 1;         ///< times that a stream buffer holds the output
  Int divisor = 1;         ///< of the elements that it holds
  Int no_dsp_divisor = 1;  ///< the same without DSP slices
  Int matrices = 1;        ///< whose filters a cache holds: 3 for attention
  int pw = 8, pi = 8;
  int pw_low = 0;   ///< with mixed weights
  double high = 1;  ///< share of filters with pw bits
  bool large = true, double_pumped = false;
  Int bram = 2489, dsp = 1152;
  bool stride_width = false;  ///< for the baseline's stream buffers
  bool exact = false;         ///< no rounding errors
  bool own_rate = false;      ///< of the slices of each width

  // ---- what all have ----
  static Int up(Int a, Int b) { return (a + b - 1) / b; }
  static double real(Int x) { return static_cast<double>(x); }
  static Int ceiling(double x) { return static_cast<Int>(std::ceil(x)); }
  static Int packing(int w, int a) {
    if (w == 2) return a < 6 ? 4 : 2;
    if (w == 4) return a < 3 ? 4 : 2;
    return a < 6 ? 2 : 1;
  }
  [[nodiscard]] Int mult(int w) const { return 2 * packing(w, pi); }
  [[nodiscard]] bool mixed() const { return pw_low != 0; }
  [[nodiscard]] Int part(Int k) const { return mixed() ? ceiling(real(k) * high) : k; }
  [[nodiscard]] Int mac2() const { return double_pumped ? 2 + up(pi, 2) : 2 + pi; }
  [[nodiscard]] double factor() const { return large ? 1.334 : 1.196; }
  [[nodiscard]] Int word() const { return large ? 64 : 32; }

  [[nodiscard]] net::ConvShape worst_conv() const {
    net::ConvShape worst{};
    Int most = 0;
    for (const auto& layer : net.baseline.layers)
      if (const auto* l = std::get_if<net::ConvShape>(&layer))
        if (l->r * l->s * l->c * l->k > most) {
          most = l->r * l->s * l->c * l->k;
          worst = *l;
        }
    return worst;
  }
  [[nodiscard]] net::FeatureMap worst_map() const {
    net::FeatureMap worst{};
    Int most = 0;
    for (const auto& m : net.feature_maps)
      if (m.pin * m.qin * m.cin + m.pout * m.qout * m.cout > most) {
        most = m.pin * m.qin * m.cin + m.pout * m.qout * m.cout;
        worst = m;
      }
    return worst;
  }
  [[nodiscard]] Int stream(Int banks, Int capacity, Int divide) const {
    const auto m = worst_map();
    const auto elements = m.pin * m.qin * m.cin + outputs * m.pout * m.qout * m.cout;
    return up(up(up(elements, divide), banks), capacity) * banks;
  }
  [[nodiscard]] Int capacity() const { return pi > 4 ? 2048 : 4096; }

  // ---- baseline ----
  [[nodiscard]] Int baseline_dsp(const Machine& m, Int k, int w) const {
    return up(m.dq * m.pvec * net.rvec * m.dc * k, mult(w));
  }
  [[nodiscard]] Int baseline_dsp(const Machine& m) const {
    const auto k1 = part(m.dk);
    return baseline_dsp(m, k1, pw) + (mixed() ? baseline_dsp(m, m.dk - k1, pw_low) : 0);
  }
  [[nodiscard]] Int baseline_conv(const net::ConvShape& l, const Machine& m) const {
    const auto k1 = part(m.dk);
    const auto slices = baseline_dsp(m, k1, pw);
    const auto k = up(l.k, m.dk) * m.dk, c = up(l.c, m.dc) * m.dc, q = up(l.q, m.dq) * m.dq;
    const auto p = up(l.p, m.pvec) * m.pvec, r = up(l.r, net.rvec) * net.rvec;
    if (exact) return up(l.s * p * q * (mixed() ? up(l.k, m.dk) * k1 : k) * c * r, slices * mult(pw));
    double eff = real(l.q) / real(q);
    eff = eff * real(l.p) / real(p);
    eff = eff * real(l.k) / real(k);
    eff = eff * real(l.c) / real(c);
    eff = eff * real(l.r) / real(r);
    const auto filters = mixed() ? up(l.k, m.dk) * k1 : l.k;
    return ceiling(real(2 * l.r * l.s * l.c * l.p * l.q * filters) / eff / real(2 * slices * mult(pw)));
  }
  [[nodiscard]] Int baseline_fc(const net::FcShape& l, const Machine& m) const {
    const auto k1 = part(m.dk);
    auto macs = baseline_dsp(m, k1, pw) * mult(pw);
    if (mixed()) macs += baseline_dsp(m, m.dk - k1, pw_low) * mult(pw_low);
    if (exact) return up(l.c * l.k, macs);
    const auto batch = 2 * m.dk;
    return ceiling(real(2 * l.c * l.k * batch) / real(2 * macs) / real(batch));
  }
  [[nodiscard]] Int baseline_filter(const Machine& m) const {
    const auto l = worst_conv();
    const auto k1 = part(m.dk);
    auto n1 = up(m.dc * k1, 32 / pw);
    if (mixed()) n1 += up(m.dc * (m.dk - k1), 32 / pw_low);
    return net.rvec * n1 * up(up(l.r, net.rvec) * l.s * up(l.c, m.dc) * up(l.k, m.dk) * matrices, 512);
  }
  [[nodiscard]] Int baseline_stream(const Machine& m) const {
    const auto map = worst_map();
    const auto step = stride_width ? up(map.qin, map.qout) : up(map.qout, map.qin);
    return stream(((m.dq - 1) * step + net.rvec) * m.dc * m.pvec, capacity(), divisor);
  }
  [[nodiscard]] Point baseline(const Machine& m) const {
    Point x{.machine = m, .dsp = baseline_dsp(m), .filter = baseline_filter(m), .stream = baseline_stream(m)};
    for (const auto& layer : net.baseline.layers) {
      if (const auto* l = std::get_if<net::ConvShape>(&layer)) x.cycles += baseline_conv(*l, m);
      if (const auto* l = std::get_if<net::FcShape>(&layer)) x.cycles += baseline_fc(*l, m);
    }
    x.area = 40.0 * real(x.filter + x.stream) + 30.0 * real(x.dsp);
    return x;
  }

  // ---- with M4BRAM ----
  [[nodiscard]] Int hybrid_filter(const Machine& m, Int k, int w) const {
    const auto ni = m.mq * m.pvec;
    const auto lanes = (ni >= 8 ? 8 : 32 / ni) * (large ? 2 : 1);  // times 1 / w
    const auto l = worst_conv();
    const auto words = up(l.r, net.rvec) * l.s * up(l.c, m.mc) * up(l.k, m.mk) * matrices;
    const auto n2 = ceiling(real(words) / (512.0 * 32 / pw / (real(lanes) / pw) / 2));
    return net.rvec * ceiling(real(k) / (real(lanes) / w)) * m.mc / 2 * n2;
  }
  [[nodiscard]] Int conv(const net::ConvShape& l, const Machine& m) const {
    const auto groups = up(l.q, m.dq + m.mq) * up(l.p, m.pvec);
    const auto on_dsp = m.dq == 0 ? 0 : up(l.c, m.dc) * l.s * up(l.r, net.rvec) * up(l.k, m.dk) * groups;
    const auto on_m4 = up(l.c, m.mc) * mac2() * l.s * up(l.r, net.rvec) * up(l.k, m.mk) * groups;
    return std::max(on_dsp, on_m4) + (large ? 8 : 4) * up(l.k, m.mk) * groups;
  }
  [[nodiscard]] Int fc(const net::FcShape& l, const Machine& m) const {
    const auto n = mac2();
    const auto k1 = part(m.mk);
    auto per_iteration = 2 * word() / pw * hybrid_filter(m, k1, pw);
    if (mixed()) per_iteration += 2 * word() / pw_low * hybrid_filter(m, m.mk - k1, pw_low);
    if (m.dq > 0 && !own_rate) per_iteration += mult(pw) * n * baseline_dsp(m);
    if (m.dq > 0 && own_rate) {
      const auto d1 = part(m.dk);
      per_iteration += mult(pw) * n * baseline_dsp(m, d1, pw);
      if (mixed()) per_iteration += mult(pw_low) * n * baseline_dsp(m, m.dk - d1, pw_low);
    }
    if (exact) return up(l.c * l.k * n, per_iteration);
    const auto batch = 2 * (m.dq > 0 ? m.dk : m.mk);
    return ceiling(real(2 * l.c * l.k * batch) / real(2 * per_iteration) * real(n) / real(batch));
  }
  [[nodiscard]] Point hybrid(const Machine& m) const {
    Point x{.machine = m};
    const bool slices = m.dq > 0;
    if (slices) x.dsp = baseline_dsp(m);
    const auto k1 = part(m.mk);
    x.filter = hybrid_filter(m, k1, pw) + (mixed() ? hybrid_filter(m, m.mk - k1, pw_low) : 0);
    const auto map = worst_map();
    const auto step = up(map.qin, map.qout);
    const auto width = [&](Int q) { return (q - 1) * step + net.rvec; };
    const auto banks = (slices ? width(m.dq) * m.dc : 0) + width(m.mq) * up(m.mc, mac2());
    x.stream = stream(banks * m.pvec, capacity(), slices ? divisor : no_dsp_divisor);
    for (const auto& layer : net.enhanced.layers) {
      if (const auto* l = std::get_if<net::ConvShape>(&layer)) x.cycles += conv(*l, m);
      if (const auto* l = std::get_if<net::FcShape>(&layer)) x.cycles += fc(*l, m);
    }
    x.area = 40.0 * real(x.filter + x.stream) * factor() + 30.0 * real(x.dsp);
    return x;
  }

  // ---- with BRAMAC; 2SA is `large`, weights and activations have pw bits ----
  [[nodiscard]] Int bramac_mac2() const { return large ? pw + 2 : pw == 8 ? 6 : pw == 4 ? 4 : 3; }
  [[nodiscard]] Point bramac(const Machine& m) const {
    Point x{.machine = m};
    const Int cyc = bramac_mac2(), bq = large ? 2 : 1, bc = m.dc * cyc, lanes = 40 / pw;
    const auto multiply = 2 * packing(pw, pw);
    x.dsp = up(m.dq * net.rvec * m.dc * m.dk, multiply);
    const auto map = worst_map();
    x.stream = stream(((m.dq + bq - 1) * up(map.qin, map.qout) + net.rvec) * m.dc, 512 * 40 / pw, divisor);
    const auto l = worst_conv();
    x.filter =
        net.rvec * up(m.dk, lanes) * bc / 2 *
        up(up(l.r, net.rvec) * l.s * up(l.c, bc) * up(l.k, m.dk) * matrices, 512 * 40 / pw / lanes / 2);
    const auto per_iteration = multiply * cyc * x.dsp + lanes * (large ? 4 : 2) * x.filter;
    const auto batch = 2 * m.dk;
    for (const auto& layer : net.enhanced.layers) {
      if (const auto* v = std::get_if<net::ConvShape>(&layer))
        x.cycles += (up(v->c, bc) * cyc * v->s * up(v->r, net.rvec) + (large ? 8 : 4)) * up(v->k, m.dk) *
                    up(v->q, m.dq + bq) * v->p;
      if (const auto* v = std::get_if<net::FcShape>(&layer))
        x.cycles +=
            exact
                ? up(v->c * v->k * cyc, per_iteration)
                : ceiling(real(2 * v->c * v->k * batch) / real(2 * per_iteration) * real(cyc) / real(batch));
    }
    x.area = 40.0 * real(x.filter + x.stream) * (large ? 1.34 : 1.17) + 30.0 * real(x.dsp);
    return x;
  }

  // ---- searches ----
  void consider(Found& found, Point x, const Point& reference, Goal goal, double threshold) const {
    const bool many_dsp = x.dsp > dsp, many_bram = x.filter + x.stream > bram;
    ++found.candidates;
    found.over_dsp += many_dsp;
    found.over_bram += many_bram;
    found.over_both += many_dsp && many_bram;
    if (many_dsp || many_bram) return;
    x.speedup = real(reference.cycles) / real(x.cycles);
    x.area_ratio = x.area / reference.area;
    x.qf = x.speedup > threshold ? x.speedup * x.speedup / x.area_ratio : 0;
    ++found.feasible;
    found.not_faster += x.speedup <= threshold;
    found.max_speedup = std::max(found.max_speedup, x.speedup);
    found.all.push_back(x);
    const auto value = [&](const Point& p) { return goal == Goal::Speedup ? p.speedup : p.qf; };
    if (value(x) > (found.best ? value(*found.best) : 0)) {
      found.best = x;
      found.ties = 1;
    } else if (found.best && value(x) == value(*found.best)) {
      ++found.ties;
    }
  }

  [[nodiscard]] Found search_baseline(Int c_last = 64, Int c_step = 4, Int k_last = 128,
                                      bool even = true) const {
    Found found;
    const auto reference = baseline({.pvec = 1, .dq = 1, .dc = 8, .dk = 48});
    for (Int p = 1; p <= 8; ++p)
      for (Int q = 1; q <= 8; ++q)
        for (Int c = 4; c <= c_last; c += c_step)
          for (Int k = 4; k <= k_last; k += 4) {
            if (pw == 2 && p * q % 2 != 0) continue;
            if (c * net.rvec > 64 || k % c != 0 || (even && k / c % 2 != 0)) continue;
            consider(found, baseline({.pvec = p, .dq = q, .dc = c, .dk = k}), reference, Goal::Quality, 1);
          }
    return found;
  }

  [[nodiscard]] Found search_hybrid(const Point& reference, Goal goal, Int max_ni = 4) const {
    Found found;
    for (const Int p : {1, 2, 4})
      for (const Int mq : {1, 2, 4}) {
        if (mq * p > max_ni) continue;
        for (Int dq = 1; dq <= 8; ++dq) {
          if (pw == 2 && dq * p % 2 != 0) continue;
          for (Int dc = 4; dc <= 64 && dc * net.rvec <= 64; dc += 4)
            for (Int mc = 4; mc <= 128 && mc / 2 * net.rvec <= 64; mc += 4) {
              if (mc / 2 % dc != 0) continue;
              for (Int dk = 4; dk <= 256; dk += 4) {
                if (dk % dc != 0 || dk / dc % 2 != 0) continue;
                for (Int mk = 16; mk <= 256; mk += mixed() ? 8 : 16) {
                  if (mk % dk != 0) continue;
                  const Machine m{.pvec = p, .dq = dq, .dc = dc, .dk = dk, .mq = mq, .mc = mc, .mk = mk};
                  consider(found, hybrid(m), reference, goal, 1);
                }
              }
            }
        }
      }
    return found;
  }

  [[nodiscard]] Found search_no_dsp(const Point& reference, Int max_ni = 4) const {
    Found found;
    for (const Int p : {1, 2, 4})
      for (const Int mq : {1, 2, 4})
        for (Int mc = 4; mc <= 128; mc += 4)
          for (Int mk = 16; mk <= 256; mk += 16) {
            if (mq * p > max_ni || mk % mc != 0 || mk / mc % 2 != 0 || mc / 2 * net.rvec > 64) continue;
            consider(found, hybrid({.pvec = p, .mq = mq, .mc = mc, .mk = mk}), reference, Goal::Speedup, 0.1);
          }
    return found;
  }

  [[nodiscard]] Found search_bramac_baseline() const { return search_baseline(32, 2, 256, false); }

  [[nodiscard]] Found search_bramac(const Point& reference) const {
    Found found;
    const auto step = 40 / pw;
    for (Int q = 1; q <= 4; ++q)
      for (Int c = 2; c <= 64; c += 2)
        for (Int k = 2 * step; k <= 29 * step; k += step) {
          if ((pw == 2 && q % 2 != 0) || c * bramac_mac2() / 2 * net.rvec > 64) continue;
          consider(found, bramac({.pvec = 1, .dq = q, .dc = c, .dk = k}), reference, Goal::Quality, 0.5);
        }
    return found;
  }
};

}  // namespace bitloom::test
