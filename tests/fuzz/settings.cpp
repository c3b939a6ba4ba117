// SPDX-License-Identifier: MIT
// settings.cpp: fuzzes the reading of settings. What can be read makes a policy, and is the same after it was written
// and read again. What cannot be read ends in one line of text, at a place that is there.
#include <tenax/settings.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

void require(bool holds, char const* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

void check_mistake(std::string const& mistake) {
  require(mistake.size() < 400, "a mistake is one line");
  for (char const c : mistake) require(static_cast<unsigned char>(c) >= 0x20, "a mistake has no control characters");
  auto rest = std::string_view(mistake);
  while (!rest.empty()) {
    auto const before = rest;
    auto const character = tenax::detail::take_safe(rest);
    require(character.data() == before.data(), "a mistake is UTF-8");
  }
}

struct word_count {
  std::size_t size = 0;
  void text(std::string_view t) { size += t.size(); }
  void time(tenax::duration d) { size += tenax::detail::duration_text(d).size(); }
  template <class N>
  void number(N) {
    ++size;
  }
  void percent(double) { ++size; }
  void cap(tenax::duration) { ++size; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  auto const parsed = tenax::try_settings_from_text(text);
  if (!parsed) {
    check_mistake(parsed.mistake);
    require(!parsed.place.empty(), "a mistake has a place");
    require(parsed.value == tenax::retry_settings{}, "a mistake leaves the defaults");
  } else {
    auto const& s = parsed.value;
    auto const policy = s.timed_policy();
    word_count words;
    policy.strategy.describe(words);
    policy.condition.describe(words);
    require(words.size > 0, "a policy has words");
    tenax::fixed_random high(~std::uint64_t{0});
    for (std::uint32_t n : {1U, 2U, 9U, 1000U, 0xffff'ffffU}) {
      auto const wait = policy.strategy({.number = n, .random = &high});
      require(wait.count() >= 0, "a wait is not negative");
      require(!s.wait.has_max() || wait <= s.wait.max, "a wait is at most its cap");
    }
    auto const written = tenax::to_text(s);
    auto const again = tenax::try_settings_from_text(written);
    require(static_cast<bool>(again), "what is written can be read");
    require(again.value == s, "what is written and read is the same");
    require(tenax::to_text(again.value) == written, "what is read is written in the same way");
  }

  // The same bytes as environment variables, a line each.
  std::string lines(text);
  std::vector<char const*> variables;
  for (std::size_t start = 0; start < lines.size() && variables.size() < 20;) {
    auto end = lines.find('\n', start);
    if (end == std::string::npos) end = lines.size();
    if (end < lines.size()) lines[end] = '\0';
    variables.push_back(lines.data() + start);
    start = end + 1;
  }
  variables.push_back(nullptr);
  try {
    auto const s = tenax::settings_from_environment("R", {}, variables.data());
    require(tenax::settings_from_text(tenax::to_text(s)) == s, "settings of an environment can be written");
  } catch (tenax::settings_error const& e) {
    check_mistake(e.what());
  }
  return 0;
}
