// SPDX-License-Identifier: MIT
// script.cpp: `testing::script`: a fake operation that plays the outcomes written down for it.
#include <tenax/testing/script.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include <tenax/tenax.hpp>

#include "catch.hpp"

using tenax::testing::script;

TEST_CASE("A script plays its outcomes in order and counts its calls") {
  script<int> s;
  s.throws(std::runtime_error("down")).returns(7).throws(5);
  CHECK(s.calls() == 0);
  CHECK_THROWS_AS(s(), std::runtime_error);
  CHECK(s() == 7);
  CHECK_THROWS_AS(s(), int);
  CHECK(s.calls() == 3);
}

TEST_CASE("A script is an operation for a policy") {
  script<int> flaky;
  flaky.throws(std::runtime_error("down")).returns(7);
  CHECK(tenax::retrying{}.wait(tenax::wait::none)(std::ref(flaky)) == 7);
  CHECK(flaky.calls() == 2);
}

TEST_CASE("A call after the end of a script throws std::logic_error, which the default policy does not retry") {
  script<int> s;
  s.throws(std::runtime_error("down"));
  CHECK_THROWS_AS(tenax::retrying{}.wait(tenax::wait::none)(std::ref(s)), std::logic_error);
  CHECK(s.calls() == 2);
  script<void> empty;
  CHECK_THROWS_AS(empty(), std::logic_error);
  script<void> endless;
  endless.repeats_last();
  CHECK_THROWS_AS(endless(), std::logic_error);
}

TEST_CASE("The last outcome can be repeated for ever, or a number of times") {
  script<int> s;
  s.returns(1).returns(2).repeats_last();
  CHECK(s() == 1);
  for (int i = 0; i < 5; ++i) CHECK(s() == 2);

  script<int> t;
  t.throws(std::runtime_error("down")).times(3).returns(4);
  for (int i = 0; i < 3; ++i) CHECK_THROWS_AS(t(), std::runtime_error);
  CHECK(t() == 4);
}

TEST_CASE("Scripts of void, of strings, and of types that cannot be copied") {
  script<void> nothing;
  nothing.returns().throws(std::runtime_error("down"));
  nothing();
  CHECK_THROWS_AS(nothing(), std::runtime_error);

  script<std::string> text;
  text.returns("from a literal").returns(std::string("from a string"));
  CHECK(text() == "from a literal");
  CHECK(text() == "from a string");

  script<std::unique_ptr<int>> unique;
  unique.runs([] { return std::make_unique<int>(5); });
  CHECK(*unique() == 5);
}

TEST_CASE("A line of a script can run a function") {
  int n = 0;
  script<int> s;
  s.runs([&] { return ++n; }).repeats_last();
  CHECK(s() == 1);
  CHECK(s() == 2);
}

TEST_CASE("A script can be copied, and the copy plays independently") {
  script<int> s;
  s.returns(1).returns(2);
  CHECK(s() == 1);
  auto copy = s;
  CHECK(copy() == 2);
  CHECK(s() == 2);
}

TEST_CASE("A value in braces has the script's type") {
  struct response {
    int status;
    std::string body;
  };
  script<response> s;
  s.returns({503, "busy"}).returns({}).returns({200, "ok"});
  CHECK(s().body == "busy");
  CHECK(s().status == 0);
  CHECK(s().status == 200);
  script<int> numbers;
  numbers.returns({}).returns(7).returns('\7');
  CHECK(numbers() == 0);
  CHECK(numbers() == 7);
  CHECK(numbers() == 7);
}

TEST_CASE("times() is the total number, and the last call of times() counts") {
  script<int> s;
  s.returns(1).times(3).times(2).returns(2).times(1);
  CHECK(s() == 1);
  CHECK(s() == 1);
  CHECK(s() == 2);
  CHECK_THROWS_AS(s(), std::logic_error);
  script<int> many;  // takes no memory per repetition
  many.returns(7).times(4'000'000'000);
  for (int i = 0; i < 5; ++i) CHECK(many() == 7);
}

TEST_CASE("times() without an outcome, or with less than 1, is rejected with a clear message") {
  script<int> s;
  CHECK_THROWS_WITH(s.times(3),
                    "tenax: script::times() repeats the outcome before it; write returns(), throws() or "
                    "runs() first");
  CHECK_THROWS_AS(s.times(3), std::invalid_argument);
  s.returns(1);
  CHECK_THROWS_WITH(s.times(0), "tenax: script::times() must be at least 1, but is 0");
  CHECK_THROWS_WITH(s.times(-1), "tenax: script::times() must be at least 1, but is -1");
  CHECK_THROWS_AS(s.times(0), std::invalid_argument);
  CHECK(s() == 1);
}

TEST_CASE("An empty script, and an empty function in a script, throw with a clear message") {
  script<int> s;
  CHECK_THROWS_WITH(s(), "tenax: the script is empty; write an outcome with returns(), throws() or runs()");
  CHECK_THROWS_WITH(s.runs(std::function<int()>()), "tenax: script::runs() needs a function, but it is empty");
  s.returns(1);
  CHECK(s() == 1);
  CHECK_THROWS_WITH(s(), "tenax: the script is over; write another outcome, or end it with repeats_last()");
}

TEST_CASE("A script can be extended after its end, and while it plays") {
  script<int> s;
  s.returns(1);
  CHECK(s() == 1);
  CHECK_THROWS_AS(s(), std::logic_error);
  s.returns(2).times(2);
  CHECK(s() == 2);
  CHECK(s() == 2);
  s.runs([&] {
    for (int i = 0; i < 100; ++i) s.returns(i);
    return -1;
  });
  CHECK(s() == -1);
  CHECK(s() == 0);
}
