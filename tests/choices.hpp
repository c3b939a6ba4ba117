// SPDX-License-Identifier: MIT
// choices.hpp: enumerates all combinations of a few choices, one run after another.
#pragma once

#include <cstddef>
#include <vector>

namespace tests {

/// Makes one choice after another. Each run makes another combination, until all have been made.
class all_choices {
 public:
  /// Returns one of `0, 1, ... options - 1`.
  std::size_t choose(std::size_t options) {
    if (at_ == made_.size()) made_.push_back({0, options});
    return made_[at_++].taken;
  }

  /// Whether there is another run.
  bool next() {
    at_ = 0;
    while (!made_.empty() && made_.back().taken + 1 == made_.back().options) made_.pop_back();
    if (made_.empty()) return false;
    ++made_.back().taken;
    return true;
  }

 private:
  struct choice {
    std::size_t taken, options;
  };
  std::vector<choice> made_;
  std::size_t at_ = 0;
};

}  // namespace tests
