// SPDX-License-Identifier: MIT
// shared/detail/event_list.hpp: events that are told once no lock is held.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenax/shared/options.hpp>

namespace tenax::shared::detail {

/// Events, in order. Thread safety: none; the caller locks.
class event_list {
 public:
  struct entry {
    event::kind what;
    std::string why;
  };

  /// `wanted`: there is an observer; without one, nothing is kept.
  explicit event_list(bool wanted) noexcept : wanted_(wanted) {}

  void add(event::kind what, std::string_view why) {
    if (wanted_) untold_.push_back({what, std::string(why)});
  }
  [[nodiscard]] std::vector<entry> take() noexcept { return std::exchange(untold_, {}); }

 private:
  bool const wanted_;
  std::vector<entry> untold_;
};

}  // namespace tenax::shared::detail
