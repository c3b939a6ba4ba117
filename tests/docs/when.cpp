// SPDX-License-Identifier: MIT
// when.cpp: the snippets of docs/reference/when.md.
#include <new>
#include <system_error>

#include "docs.hpp"
#include "support.hpp"

using docs::play;
using docs::run;
using tenax::stop_reason;

namespace {

auto const no_page = response{404, ""};
auto const busy = response{503, ""};

struct timed_out : std::exception {};

// [own_type]
/// Retries only while a feature is switched on.
struct while_enabled : tenax::when::operators {  // adds || && !
  static constexpr bool uses_time = false;       // so that no clock is read for it
  bool const* enabled;

  explicit while_enabled(bool const* e) : enabled(e) {}
  bool operator()(tenax::attempt_info const&) const { return *enabled; }
};
// [/own_type]

}  // namespace

TEST_CASE("when: exception: by type") {
  // [exception]
  auto const policy = tenax::retrying{}.when(tenax::when::exception<network_error, timed_out>);
  // [/exception]
  script<int> lines;
  lines.throws(network_error("reset")).throws(timed_out()).returns(7);
  CHECK(play(policy, lines) == run{3, stop_reason::succeeded});
  script<int> other;
  other.throws(std::runtime_error("other"));
  CHECK(play(policy, other) == run{1, stop_reason::not_retryable});
}

TEST_CASE("when: exception: some of a type") {
  // [where]
  auto const policy = tenax::retrying{}.when(tenax::when::exception<std::system_error>.where(
      [](auto& e) { return e.code() == std::errc::timed_out; }));
  // [/where]
  script<int> lines;
  lines.throws(std::system_error(make_error_code(std::errc::timed_out)))
      .throws(std::system_error(make_error_code(std::errc::permission_denied)));
  CHECK(play(policy, lines) == run{2, stop_reason::not_retryable});
}

TEST_CASE("when: any_exception") {
  // [any_exception]
  auto const policy = tenax::retrying{}.when(tenax::when::any_exception &&
                                             !tenax::when::exception<std::logic_error>);
  // [/any_exception]
  script<int> lines;
  lines.throws(7).throws(std::bad_alloc()).throws(std::logic_error("a bug"));
  CHECK(play(policy, lines) == run{3, stop_reason::not_retryable});
}

TEST_CASE("when: result") {
  // [result]
  auto const policy = tenax::retrying{}.when(
      tenax::when::result([](response const& r) { return r.status == 503; }));
  // [/result]
  script<response> lines;
  lines.returns(busy).returns(no_page);
  CHECK(play(policy, lines) == run{2, stop_reason::succeeded});
  script<response> throwing;
  throwing.throws(network_error("reset"));
  CHECK(play(policy, throwing) == run{1, stop_reason::not_retryable});
}

TEST_CASE("when: result_is") {
  // [result_is]
  auto const policy = tenax::retrying{}.when(tenax::when::result_is(nullptr));
  // [/result_is]
  int value = 7;
  script<int*> lines;
  lines.returns(nullptr).returns(&value);
  CHECK(play(policy, lines) == run{2, stop_reason::succeeded});
}

TEST_CASE("when: any_error") {
  // [any_error]
  auto const policy = tenax::retrying{}.when(tenax::when::any_error);
  // [/any_error]
  script<std::error_code> lines;
  lines.returns(make_error_code(std::errc::timed_out)).throws(network_error("reset"));
  CHECK(play(policy, lines) == run{2, stop_reason::not_retryable});
}

TEST_CASE("when: error_if") {
  // [error_if]
  auto const policy = tenax::retrying{}.when(tenax::when::error_if(
      [](std::error_code e) { return e.category() == std::generic_category(); }));
  // [/error_if]
  script<std::error_code> lines;
  lines.returns(make_error_code(std::errc::timed_out))
      .returns(make_error_code(std::io_errc::stream));
  CHECK(play(policy, lines) == run{2, stop_reason::not_retryable});
}

TEST_CASE("when: error") {
  // [error]
  auto const policy = tenax::retrying{}.when(tenax::when::error(std::errc::timed_out) ||
                                             tenax::when::error(std::errc::connection_reset));
  // [/error]
  script<std::error_code> lines;
  lines.returns(make_error_code(std::errc::timed_out))
      .returns(make_error_code(std::errc::connection_reset))
      .returns(std::error_code());
  CHECK(play(policy, lines) == run{3, stop_reason::succeeded});
}

TEST_CASE("when: failed, the default") {
  // [failed]
  auto const policy =
      tenax::retrying{}.when(tenax::when::failed || tenax::when::exception<timed_out>);
  // [/failed]
  script<int> lines;
  lines.throws(timed_out()).throws(std::runtime_error("reset")).throws(std::logic_error("a bug"));
  CHECK(play(policy, lines) == run{3, stop_reason::not_retryable});
  script<int> alone;
  alone.throws(std::logic_error("a bug"));
  CHECK(play(tenax::retrying{}, alone) == run{1, stop_reason::not_retryable});
}

TEST_CASE("when: always") {
  // [always]
  auto const three_times = tenax::retrying{}
                               .when(tenax::when::always)
                               .wait(tenax::wait::none)
                               .stop(tenax::stop::after_attempts(3));
  // [/always]
  script<int> lines;
  lines.returns(1).returns(2).returns(3).returns(4);
  CHECK(three_times(std::ref(lines)) == 3);
}

TEST_CASE("when: never") {
  // [never]
  auto const once = tenax::retrying{}.when(tenax::when::never);
  // [/never]
  script<int> lines;
  lines.throws(network_error("reset"));
  CHECK(play(once, lines) == run{1, stop_reason::not_retryable});
}

TEST_CASE("when: operators") {
  // [operators]
  auto const busy_or_down = tenax::when::exception<network_error> ||
                            tenax::when::result([](response const& r) { return r.status == 503; });
  auto const at_first = [](tenax::attempt_info const& a) { return a.number <= 2; };
  auto const policy = tenax::retrying{}.when(busy_or_down && at_first);
  // [/operators]
  script<response> lines;
  lines.returns(busy).throws(network_error("reset")).returns(busy);
  CHECK(play(policy.stop(tenax::stop::never), lines) == run{3, stop_reason::succeeded});
}

TEST_CASE("when: The right operand is evaluated only if the left one does not decide") {
  int asked = 0;
  auto const counting = [&asked](tenax::attempt_info const&) { return ++asked > 100; };
  script<int> lines;
  lines.throws(network_error("reset")).returns(1);
  CHECK(play(tenax::retrying{}.when(tenax::when::exception<network_error> || counting), lines) ==
        run{2, stop_reason::succeeded});
  CHECK(asked == 1);  // about the value
}

TEST_CASE("when: a predicate of your own") {
  // [own]
  auto const unfinished = [](tenax::attempt<response> const& a) {
    return a.result.has_value() && a.result.value().status == 202 && a.number < 10;
  };
  auto const policy = tenax::retrying{}.when(unfinished);
  // [/own]
  script<response> lines;
  lines.returns(response{202, ""}).returns(response{200, "done"});
  CHECK(play(policy, lines) == run{2, stop_reason::succeeded});
}

TEST_CASE("when: a predicate of your own that says everything about itself") {
  bool enabled = true;
  // [use_own_type]
  auto const policy = tenax::retrying{}.when(tenax::when::failed && while_enabled(&enabled));
  // [/use_own_type]
  script<int> lines;
  lines.throws(network_error("reset"))
      .runs([&]() -> int {
        enabled = false;
        throw network_error("reset");
      })
      .returns(7);
  CHECK(play(policy, lines) == run{2, stop_reason::not_retryable});
  STATIC_REQUIRE_FALSE(decltype(policy)::uses_time);
}
