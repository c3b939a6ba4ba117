// SPDX-License-Identifier: MIT
// any/detail/world.hpp: an environment of any type behind functions of known types.
#pragma once

#include <tenax/attempt.hpp>
#include <tenax/gate/gate.hpp>

namespace tenax::detail {

/// The time, the sleep and the randomness of an environment.
struct erased_world_functions {
  time_point (*now)(void const*);
  void (*sleep)(void const*, duration);
  void (*sleep_until_stopped)(void const*, duration, token_view const&);
  random_source* (*random)(void const*);
};

/// A token of any type, for an environment that can be asked to end a sleep.
struct viewed_token {
  token_view view;
  [[nodiscard]] bool stop_requested() const { return view.stop_requested(view.token); }
};

template <class E>
struct erased_world_calls {
  static auto& at(void const* e) { return unwrap(*static_cast<E const*>(e)); }

  static constexpr erased_world_functions all() {
    return {.now = [](void const* e) { return time_point(at(e).now()); },
            .sleep = [](void const* e, duration d) { at(e).sleep(d); },
            .sleep_until_stopped =
                [](void const* e, duration d, token_view const& view) {
                  if constexpr (requires { at(e).sleep(d, viewed_token{view}); }) {
                    at(e).sleep(d, viewed_token{view});
                  } else {
                    at(e).sleep(d);
                  }
                },
            .random = [](void const* e) -> random_source* {
              if constexpr (requires { at(e).random(); }) {
                return &at(e).random();
              } else {
                return nullptr;
              }
            }};
  }
};

template <class E>
inline constexpr erased_world_functions erased_world_of = erased_world_calls<E>::all();

}  // namespace tenax::detail
