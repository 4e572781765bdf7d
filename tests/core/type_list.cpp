// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/type_list.hpp>

#include <memory>
#include <string>

#include <doctest/doctest.h>

using namespace bitloom;

namespace {

template <int N>
struct Policy {
  static constexpr int number = N;
};
using Policies = core::TypeList<Policy<10>, Policy<20>, Policy<30>>;

constexpr auto number_of = []<class T>(std::type_identity<T>) { return T::number; };

}  // namespace

static_assert(core::TypeList<>::size == 0);
static_assert(Policies::size == 3);

TEST_CASE("visit_at calls the visitor with the type at the index, at compile time and at run time") {
  static_assert(core::visit_at(Policies{}, 0, number_of) == 10);
  static_assert(core::visit_at(Policies{}, 2, number_of) == 30);
  for (std::size_t i = 0; i < Policies::size; ++i)
    CHECK(core::visit_at(Policies{}, i, number_of) == static_cast<int>(10 * (i + 1)));
}

TEST_CASE("visit_at refuses an index that is not in the list and does not call the visitor") {
  int calls = 0;
  const auto count = [&](auto) { ++calls; };
  CHECK_THROWS_WITH_AS(core::visit_at(Policies{}, 3, count), "index: 3 is outside 0..2", RangeError);
  CHECK_THROWS_AS(core::visit_at(Policies{}, ~std::size_t{0}, count), RangeError);
  CHECK(calls == 0);
}

TEST_CASE("visit_at hands on references and move-only results, and keeps the visitor's state") {
  int value = 1;
  int& reference = core::visit_at(Policies{}, 1, [&](auto) -> int& { return value; });
  CHECK(&reference == &value);
  const auto owned = core::visit_at(
      Policies{}, 1, []<class T>(std::type_identity<T>) { return std::make_unique<int>(T::number); });
  CHECK(*owned == 20);
  const auto add = [sum = 0]<class T>(std::type_identity<T>) mutable { return sum += T::number; };
  auto visitor = add;
  CHECK(core::visit_at(Policies{}, 0, visitor) == 10);
  CHECK(core::visit_at(Policies{}, 1, visitor) == 30);
}

TEST_CASE("for_each_type visits every type once, in order") {
  std::string seen;
  core::for_each_type(Policies{},
                      [&]<class T>(std::type_identity<T>) { seen += std::to_string(T::number) + " "; });
  CHECK(seen == "10 20 30 ");
  core::for_each_type(core::TypeList<>{}, [&](auto) { seen = "called"; });
  CHECK(seen == "10 20 30 ");
}
