// SPDX-License-Identifier: MIT
// outcome_text.cpp: the words in which log lines and {fmt} describe an outcome.
#include <tenax/detail/outcome_text.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;

namespace {

/// Marks words from outside with quotes.
struct text_output {
  std::string line;

  void text(std::string_view words) { line += words; }
  void foreign(std::string_view words) { line.append("'").append(words).append("'"); }
  void time(tenax::duration d) { line += tenax::detail::duration_text(d).c_str(); }
  template <class V>
  void value(V const&, std::string_view otherwise) {
    line += otherwise;
  }
};

template <class T>
std::string words_of(tenax::outcome<T> const& result) {
  text_output out;
  return tenax::detail::write_outcome(out, result) ? out.line : "nothing" + out.line;
}

struct timeout_code {  // as boost::system::error_code
  struct kind {
    char const* name() const { return "timeout"; }
  };
  explicit operator bool() const { return true; }
  int value() const { return 1; }
  kind category() const { return {}; }
  std::string message() const { return {}; }
  char const* message(char*, std::size_t) const { return "timed out"; }
};

struct weather {
  int degrees = 0;
};

}  // namespace

template <>
struct tenax::result_traits<weather> {
  static constexpr bool can_fail = true;
  static constexpr bool failed(weather const& w) { return w.degrees < 0; }
  template <class Out>
  static void describe(weather const& w, Out& out) {
    out.text(w.degrees < 0 ? "cold" : "warm");
  }
};

TEST_CASE("An outcome is described by its exception, by its traits, or by its error") {
  std::runtime_error const lost("lost");
  CHECK(words_of(tenax::outcome<int>(tenax::caught_exception(std::make_exception_ptr(lost), &lost))) ==
        "failed: 'lost'");
  CHECK(words_of(tenax::outcome<weather>(weather{-1})) == "failed: 'cold'");
  CHECK(words_of(tenax::outcome<weather>(weather{1})) == "returned: 'warm'");
  auto const code = std::make_error_code(std::errc::timed_out);
  CHECK(words_of(tenax::outcome<std::error_code>(code)) == "failed: '" + code.message() + "'");
  CHECK(words_of(tenax::outcome<timeout_code>(timeout_code{})) == "failed: 'timed out'");
  using number = tests::expected<int, int>;
  CHECK(words_of(tenax::outcome<number>(number::failure(5))) == "failed: an error");
}

TEST_CASE("A value that is not a failure has no words of its own") {
  CHECK(words_of(tenax::outcome<int>(5)) == "nothing");
  CHECK(words_of(tenax::outcome<void>()) == "nothing");
  CHECK(words_of(tenax::outcome<std::error_code>(std::error_code())) == "nothing");
}

TEST_CASE("The server's wait is written if it asked for one") {
  auto const words = [](tenax::optional_duration wait) {
    text_output out;
    tenax::detail::write_server_wait(out, wait);
    return out.line;
  };
  CHECK(words({}).empty());
  CHECK(words(2s) == " (the server asked for 2s)");
  CHECK(words(tenax::duration::max()) == " (the server asked for a wait without end)");
}
