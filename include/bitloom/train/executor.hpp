// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <bitloom/core/executor.hpp>

namespace bitloom::train {

/// An executor that is chosen at run time, so that a tape's type does not depend on it.
class AnyExecutor {
 public:
  /// One iteration after the other.
  AnyExecutor() : AnyExecutor(core::Serial{}) {}

  /// Runs on a copy of the executor, e.g. `core::Threads`.
  template <class E>
    requires(!std::same_as<E, AnyExecutor> && core::Executor<E>)
  AnyExecutor(E executor)  // implicit: `Tape<float> tape(core::Threads{});`
      : run_([executor = std::move(executor)](std::int64_t count, const Body& body) {
          executor.for_each_index(count, [&](std::int64_t i) { body.call(body.object, i); });
        }) {}

  /// Calls body(0) … body(count - 1), in the order of the executor, and waits for all.
  template <class F>
  void for_each_index(std::int64_t count, F&& body) const {
    using Function = std::remove_reference_t<F>;
    run_(count, {const_cast<void*>(static_cast<const void*>(std::addressof(body))),
                 [](void* object, std::int64_t i) { (*static_cast<Function*>(object))(i); }});
  }

 private:
  struct Body {  // a reference to any body
    void* object;
    void (*call)(void*, std::int64_t);
  };

  std::function<void(std::int64_t, const Body&)> run_;
};

}  // namespace bitloom::train
