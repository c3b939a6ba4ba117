// SPDX-License-Identifier: MIT
// any_retrying.cpp: the snippets of docs/how-to/keep-policies-in-classes.md and docs/reference/any_retrying.md.
#include <memory>
#include <string>
#include <utility>

#include <tenax/any_retrying.hpp>

#include "docs.hpp"

namespace {

struct page {
  int status;
  std::string text;
};

// [member]
/// A client with retries. Its header does not say which policy it has.
class catalogue {
 public:
  explicit catalogue(tenax::any_retrying retry = {}) : retry_(std::move(retry)) {}

  std::string find(std::string const& name) const {
    return retry_([&] { return ask(name); });
  }
  void reserve(std::string const& name) const {
    retry_([&] { send(name); });
  }

 private:
  std::string ask(std::string const& name) const;
  void send(std::string const& name) const;

  tenax::any_retrying retry_;
};
// [/member]

int questions = 0;
std::string catalogue::ask(std::string const& name) const {
  if (++questions < 3) throw network_error("connection reset");
  return "found " + name;
}
void catalogue::send(std::string const&) const { ++questions; }

// [typed]
/// A policy that looks at pages, and at nothing else.
class fetcher {
 public:
  explicit fetcher(tenax::any_retrying_of<page> retry) : retry_(std::move(retry)) {}
  page fetch() const {
    return retry_([] { return get(); });
  }

 private:
  static page get();
  tenax::any_retrying_of<page> retry_;
};
// [/typed]

int fetched = 0;
page fetcher::get() { return {++fetched < 3 ? 503 : 200, "hello"}; }

}  // namespace

TEST_CASE("A policy as a member") {
  virtual_time clock;
  // [given]
  auto const patient = tenax::retrying{}
                           .when(tenax::when::exception<network_error>)
                           .wait(tenax::wait::exponential({.base = 100ms, .max = 5s}).full())
                           .stop(tenax::stop::after_attempts(5))
                           .environment(std::ref(clock));
  catalogue const shop(patient);
  CHECK(shop.find("tea") == "found tea");
  // [/given]
  shop.reserve("tea");
  CHECK(questions == 4);
}

TEST_CASE("A policy that looks at results, as a member") {
  virtual_time clock;
  // [typed_given]
  auto const busy = [](auto const& p) { return p.status == 503; };  // takes anything with a status
  fetcher const one(tenax::retrying{}.when(tenax::when::result(busy)).environment(std::ref(clock)));
  CHECK(one.fetch().status == 200);
  // [/typed_given]
}

TEST_CASE("A policy that is chosen when the program runs") {
  bool const on_a_phone = true;
  // [chosen]
  tenax::any_retrying retry = tenax::retrying{};
  if (on_a_phone)
    retry = tenax::retrying{}.wait(tenax::wait::constant(1s)).stop(tenax::stop::deadline(1min));
  // [/chosen]
  CHECK(tenax::worst_case(retry).total_wait == 1min);
}

TEST_CASE("A policy that is changed later") {
  tenax::any_retrying const given;
  // [changed]
  tenax::any_retrying const shorter = given.stop(tenax::stop::after_attempts(2));
  // [/changed]
  CHECK(tenax::worst_case(shorter).attempts == 2);
}

TEST_CASE("A predicate that looks at any_result") {
  virtual_time clock;
  int calls = 0;
  // [any_result]
  auto const unfinished = [](tenax::attempt<tenax::any_result> const& a) {
    if (!a.result.has_value()) return true;
    auto const* const p = a.result.value().get_if<page>();  // null for results of other types
    return p != nullptr && p->text.empty();
  };
  tenax::any_retrying const retry = tenax::retrying{}.when(unfinished).environment(std::ref(clock));
  // [/any_result]
  retry([&] { return page{200, ++calls < 3 ? "" : "text"}; });
  CHECK(calls == 3);
}
