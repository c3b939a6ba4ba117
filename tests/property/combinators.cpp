// SPDX-License-Identifier: MIT
// combinators.cpp: combinations obey the algebra of their operators, and call no more operands than needed.
#include <tenax/tenax.hpp>

#include "../catch.hpp"
#include "cases.hpp"

using tenax::duration;
using tenax::optional_duration;

namespace {

constexpr int runs = 3'000;

/// A policy of any role with a fixed answer, which counts its calls.
template <class Interface, class Answer>
struct told : Interface {
  static constexpr bool uses_time = false;
  told(Answer a, int& n) : answer(a), times(&n) {}
  Answer operator()(tenax::attempt_info const&) const {
    ++*times;
    return answer;
  }
  Answer answer;
  int* times;
};
template <class Answer>
using wait_told = told<tenax::wait::operators, Answer>;

tenax::outcome<int> const result(1);
tenax::attempt<int> const asked{tenax::attempt_info{}, result};

/// Checks `||` and `&&` of a role against those of the language, with three operands.
template <class Interface>
void check_logic(std::uint64_t seed) {
  tests::cases draw(seed);
  for (int i = 0; i < runs; ++i) {
    bool const x = draw.coin(), y = draw.coin(), z = draw.coin();
    int a = 0, b = 0, c = 0;
    using policy = told<Interface, bool>;
    policy const p(x, a), q(y, b), r(z, c);
    CAPTURE(x, y, z);
    auto const expect = [&](bool answer, bool expected, int p_asked, int q_asked, int r_asked) {
      REQUIRE(answer == expected);
      REQUIRE(a == p_asked);
      REQUIRE(b == q_asked);
      REQUIRE(c == r_asked);
      a = b = c = 0;
    };
    expect((p || q || r)(asked), x || y || z, 1, !x, !x && !y);
    expect((p || (q || r))(asked), x || y || z, 1, !x, !x && !y);
    expect((p && q && r)(asked), x && y && z, 1, x, x && y);
    expect(((p && q) || r)(asked), (x && y) || z, 1, x, !(x && y));
    expect((p && (q || r))(asked), x && (y || z), 1, x, x && !y);
  }
}

}  // namespace

TEST_CASE("Predicates combine as truth values do, and short-circuit") {
  check_logic<tenax::when::operators>(41);

  tests::cases draw(42);
  for (int i = 0; i < runs; ++i) {
    bool const x = draw.coin(), y = draw.coin();
    int n = 0;
    told<tenax::when::operators, bool> const p(x, n), q(y, n);
    REQUIRE((!p)(asked) == !x);
    REQUIRE((!(p || q))(asked) == (!p && !q)(asked));
    REQUIRE((!(p && q))(asked) == (!p || !q)(asked));
  }
}

TEST_CASE("Stop conditions combine as truth values do, and short-circuit") { check_logic<tenax::stop::operators>(43); }

TEST_CASE("Stop conditions are called once for answer and reason together") {
  int left = 0, right = 0;
  told<tenax::stop::operators, bool> const no(false, left), yes(true, right);
  auto const answer = (no || yes).ask(asked);
  CHECK(answer.stop);
  CHECK(left == 1);
  CHECK(right == 1);
}

TEST_CASE("Sums of waits are commutative and associative, and none is their zero") {
  tests::cases draw(44);
  for (int i = 0; i < runs; ++i) {
    auto const a = tenax::wait::constant(draw.wait()), b = tenax::wait::constant(draw.wait()),
               c = tenax::wait::constant(draw.wait());
    CAPTURE(a.wait.count(), b.wait.count(), c.wait.count());
    REQUIRE((a + b)(asked) == (b + a)(asked));
    REQUIRE(((a + b) + c)(asked) == (a + (b + c))(asked));
    REQUIRE((a + tenax::wait::none)(asked) == a.wait);
    REQUIRE((a + b)(asked) == tenax::saturating_add(a.wait, b.wait));
    REQUIRE((a + b)(asked) >= a.wait);
  }
}

TEST_CASE("max_of and min_of of waits are those of numbers, and together they are the sum") {
  tests::cases draw(45);
  for (int i = 0; i < runs; ++i) {
    auto const a = tenax::wait::constant(draw.wait()), b = tenax::wait::constant(draw.wait()),
               c = tenax::wait::constant(draw.wait());
    auto const longest = tenax::wait::max_of(a, b, c)(asked);
    auto const shortest = tenax::wait::min_of(a, b, c)(asked);
    CAPTURE(a.wait.count(), b.wait.count(), c.wait.count());
    for (auto const d : {a.wait, b.wait, c.wait}) {
      REQUIRE(longest >= d);
      REQUIRE(shortest <= d);
    }
    REQUIRE((longest == a.wait || longest == b.wait || longest == c.wait));
    REQUIRE((shortest == a.wait || shortest == b.wait || shortest == c.wait));
    REQUIRE((tenax::wait::max_of(a, b) + tenax::wait::min_of(a, b))(asked) == (a + b)(asked));
    REQUIRE(tenax::wait::at_most(a.wait, b)(asked) == tenax::wait::min_of(a, b)(asked));
    REQUIRE(tenax::wait::at_least(a.wait, b)(asked) == tenax::wait::max_of(a, b)(asked));
  }
}

TEST_CASE("Waits without an answer combine by the rules for partial strategies") {
  tests::cases draw(46);
  for (int i = 0; i < runs; ++i) {
    auto const opinion = [&] { return draw.coin() ? optional_duration() : optional_duration(draw.wait()); };
    optional_duration const x = opinion(), y = opinion();
    auto const z = draw.wait();
    int a = 0, b = 0, c = 0;
    wait_told<optional_duration> const p(x, a), q(y, b);
    wait_told<duration> const total(z, c);

    REQUIRE((p + q)(asked) == (x && y ? optional_duration(tenax::saturating_add(*x, *y)) : optional_duration()));
    REQUIRE(b == (x ? 1 : 0));
    a = b = c = 0;

    REQUIRE(tenax::wait::first_of(p, q, total)(asked) == (x ? *x : y ? *y : z));
    REQUIRE(a == 1);
    REQUIRE(b == (x ? 0 : 1));
    REQUIRE(c == (x || y ? 0 : 1));

    auto const longer = [](duration s, duration t) { return s < t ? t : s; };
    REQUIRE(tenax::wait::max_of(p, q)(asked) == (x && y ? optional_duration(longer(*x, *y)) : x ? x : y));
    REQUIRE(tenax::wait::max_of(p, total)(asked) == longer(x.value_or(z), z));
    REQUIRE(tenax::wait::min_of(p, total)(asked) == (x && *x < z ? *x : z));
    REQUIRE(tenax::wait::min_of(q, p)(asked) == tenax::wait::min_of(p, q)(asked));
    REQUIRE(tenax::wait::at_most(z, p)(asked) == (x && *x > z ? optional_duration(z) : x));
    REQUIRE(tenax::wait::at_least(z, p)(asked) == (x && *x < z ? optional_duration(z) : x));
  }
}

TEST_CASE("A chain calls each link as if attempts began with it") {
  tests::cases draw(47);
  for (int i = 0; i < runs; ++i) {
    auto const times = static_cast<std::uint32_t>(1 + draw.number(~0U - 1));
    auto const n = draw.attempt();
    auto const first = tenax::wait::linear({.first = draw.wait(), .step = draw.wait()});
    auto const rest = tenax::wait::fibonacci({.unit = draw.wait()});
    auto const w = tenax::wait::chain(tenax::wait::repeat(times, first), rest);
    CAPTURE(times, n);
    auto const expected = n <= times ? first({.number = n}) : rest({.number = n - times});
    REQUIRE(w(tenax::attempt_info{.number = n}) == expected);
  }
}
