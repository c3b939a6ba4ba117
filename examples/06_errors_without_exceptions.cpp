// SPDX-License-Identifier: MIT
// 06_errors_without_exceptions.cpp: shows operations that return their errors: error codes, types like std::expected,
// and a result type of your own.
#include <chrono>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

// Stands for std::expected (C++23), tl::expected, boost::outcome and similar types.
template <class T, class E>
class expected {
 public:
  expected(T value) : either_(std::in_place_index<0>, std::move(value)) {}
  expected(E error) : either_(std::in_place_index<1>, std::move(error)) {}
  bool has_value() const { return either_.index() == 0; }
  T const& value() const { return std::get<0>(either_); }
  E const& error() const { return std::get<1>(either_); }

 private:
  std::variant<T, E> either_;
};

// A result type that tenax does not know.
struct reply {
  int code;
  std::string text;
};

// Describes it to tenax.
template <>
struct tenax::result_traits<reply> {
  static constexpr bool can_fail = true;
  static bool failed(reply const& r) { return r.code != 0; }
  static tenax::hint read_hint(reply const&) { return {}; }
};

int main() {
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1ms)).before_sleep(tenax::log_to(stdout));

  // The default policy retries every result that reports a failure.
  int calls = 0;
  auto const code = policy([&] { return ++calls < 2 ? make_error_code(std::errc::timed_out) : std::error_code(); });
  std::printf("error code: %s after %d calls\n", code ? "failed" : "fine", calls);

  // This policy retries only some of them.
  calls = 0;
  auto const timeouts = policy.when(tenax::when::error(std::errc::timed_out));
  auto const refused = timeouts([&] {
    ++calls;
    return make_error_code(std::errc::permission_denied);
  });
  std::printf("error code: %s after %d call\n", refused ? "failed" : "fine", calls);

  calls = 0;
  auto const number = policy([&]() -> expected<int, std::string> {
    if (++calls < 3) return std::string("not ready");
    return 42;
  });
  std::printf("expected: %d after %d calls\n", number.value(), calls);

  calls = 0;
  auto const answer = policy([&] { return ++calls < 2 ? reply{1, "busy"} : reply{0, "hello"}; });
  std::printf("reply: %s after %d calls\n", answer.text.c_str(), calls);
}
