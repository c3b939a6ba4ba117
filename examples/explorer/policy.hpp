// SPDX-License-Identifier: MIT
// policy.hpp: makes a policy of tenax out of a compact text, and the C++ that means the same:
//   attempts=5 wait=exponential(100ms..5s).full deadline=30s when=429,503 server_wait=5min gate=rate(10/s,burst=5)
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <tenax/fmt/policy.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/retry_quota.hpp>
#include <tenax/tenax.hpp>

#include "reader.hpp"

namespace explorer {

/// A strategy of the library, whose type is known only at run time. Has the operators of all strategies.
class any_wait : public tenax::wait::operators {
  struct base {
    virtual ~base() = default;
    virtual tenax::duration ask(tenax::attempt_info const&) const = 0;
    virtual tenax::wait::bounds range(tenax::wait::range_query const&) const = 0;
    virtual std::uint32_t grows_until(std::uint32_t) const = 0;
    virtual void describe(tenax::detail::description&) const = 0;
  };
  template <class W>
  struct model final : base {
    explicit model(W w) : strategy(std::move(w)) {}
    tenax::duration ask(tenax::attempt_info const& a) const override { return tenax::detail::ask_wait(strategy, a); }
    tenax::wait::bounds range(tenax::wait::range_query const& q) const override {
      return tenax::wait::bounds_of(strategy, q);
    }
    std::uint32_t grows_until(std::uint32_t n) const override { return tenax::detail::grows_until(strategy, n); }
    void describe(tenax::detail::description& out) const override { tenax::detail::describe(strategy, out, "a wait"); }
    W strategy;
  };

 public:
  static constexpr bool uses_time = false;

  any_wait()
      : any_wait(
            tenax::wait::exponential({.base = std::chrono::milliseconds(100), .max = std::chrono::seconds(5)}).full()) {
  }
  template <class W>
    requires(!std::is_same_v<W, any_wait>)
  explicit any_wait(W w) : self_(std::make_shared<model<W>>(std::move(w))) {}

  tenax::duration operator()(tenax::attempt_info const& a) const { return self_->ask(a); }
  [[nodiscard]] tenax::wait::bounds range(tenax::wait::range_query const& q) const { return self_->range(q); }
  [[nodiscard]] std::uint32_t grows_until(std::uint32_t n) const noexcept { return self_->grows_until(n); }
  void describe(tenax::detail::description& out) const { self_->describe(out); }

 private:
  std::shared_ptr<base const> self_;
};

/// A stop condition as `after_attempts(n) || deadline(d) || after_elapsed(e)`, of which any may be missing.
template <bool Clips>
struct any_stop : tenax::stop::operators {
  static constexpr bool uses_time = true;
  std::optional<tenax::stop::after_attempts_condition> attempts{};
  std::optional<tenax::stop::deadline_condition<Clips>> deadline{};
  std::optional<tenax::stop::after_elapsed_condition> elapsed{};

  bool operator()(tenax::attempt_info const& a) const { return ask(a).stop; }
  tenax::stop::answer ask(tenax::attempt_info const& a) const {
    tenax::stop::answer r{};
    if (attempts) r = tenax::detail::ask_stop(*attempts, a);
    if (!r.stop && deadline) r = deadline->ask(a);
    if (!r.stop && elapsed) r = elapsed->ask(a);
    return r;
  }
  tenax::duration clip(tenax::attempt_info const& a) const
    requires(Clips)
  {
    return deadline ? deadline->clip(a) : a.upcoming_wait;
  }
  tenax::duration time_left(tenax::attempt_info const& a) const noexcept {
    return deadline ? deadline->time_left(a) : (tenax::duration::max)();
  }
  [[nodiscard]] tenax::stop::bounds bounds() const {
    tenax::stop::bounds b{};
    if (attempts) b.attempts = tenax::detail::bounds_of(*attempts).attempts;
    if (deadline) b.waiting = deadline->bounds().waiting;
    return b;
  }
  void describe(tenax::detail::description& out) const {
    bool any = false;
    auto const say = [&](auto const& part) {
      if (!part) return;
      if (any) out.text(" or ");
      any = true;
      part->describe(out);
    };
    say(attempts), say(deadline), say(elapsed);
    if (!any) out.text("never");
  }
};

/// What one attempt ended with. Status 0: no answer.
struct reply {
  int status = 200;
  tenax::optional_duration retry_after{};
};

/// A strategy, and another one for the waits after throttled attempts, if there is one.
struct waits_by_kind : tenax::wait::operators {
  static constexpr bool uses_time = false;
  any_wait usual{};
  std::optional<any_wait> throttled{};

  tenax::duration operator()(tenax::attempt_info const& a) const { return usual(a); }
  tenax::duration operator()(tenax::attempt<reply> const& a) const {
    return throttled && a.hint.throttled ? (*throttled)(a) : usual(a);
  }
  [[nodiscard]] tenax::wait::bounds range(tenax::wait::range_query const& q) const {
    auto const u = usual.range(q);
    if (!throttled) return u;
    auto const t = throttled->range(q);
    return {std::min(t.least, u.least), std::max(t.most, u.most)};
  }
  [[nodiscard]] std::uint32_t grows_until(std::uint32_t n) const noexcept {
    return throttled ? std::max(throttled->grows_until(n), usual.grows_until(n)) : usual.grows_until(n);
  }
  void describe(tenax::detail::description& out) const {
    if (throttled) {
      out.text("after a throttled attempt, ");
      throttled->describe(out);
      out.text(", else ");
    }
    usual.describe(out);
  }
};

struct statuses {
  std::vector<int> codes{408, 425, 429, 500, 502, 503, 504};
  bool no_answer = true;

  [[nodiscard]] bool has(int status) const {
    if (status == 0) return no_answer;
    for (auto const c : codes) {
      if (c == status) return true;
    }
    return false;
  }
};

/// The retry predicate: statuses, and whether a request without an answer is sent again.
struct any_when : tenax::when::operators {
  static constexpr bool uses_time = false;
  statuses const* wanted = nullptr;

  bool operator()(tenax::attempt<reply> const& a) const { return wanted->has(a.result.value().status); }
  void describe(tenax::detail::description& out) const {
    if (wanted->no_answer)
      out.text(wanted->codes.empty() ? "requests without an answer" : "requests without an answer, and ");
    if (!wanted->codes.empty()) out.text(wanted->codes.size() == 1 ? "status" : "the statuses");
    for (auto const c : wanted->codes) {
      out.text(" ");
      out.number(c);
    }
    if (!wanted->no_answer && wanted->codes.empty()) out.text("nothing");
  }
};

using any_ticket =
    std::variant<std::monostate, tenax::rate_limiter<1>::ticket, tenax::retry_budget::ticket,
                 tenax::retry_quota::ticket, tenax::circuit_breaker<>::ticket, tenax::adaptive_throttle::ticket,
                 tenax::bulkhead::ticket, tenax::adaptive_rate_limiter::ticket>;

/// A gate of the library, whose type is known only at run time.
class any_gate {
 public:
  virtual ~any_gate() = default;
  virtual tenax::admission admit(any_ticket&, tenax::attempt_info const&, tenax::time_point) = 0;
  virtual tenax::admission before_wait(any_ticket&, tenax::attempt_info const&, tenax::feedback::kind,
                                       tenax::time_point now, tenax::time_point then) = 0;
  virtual void started(any_ticket&, tenax::time_point) = 0;
  virtual void record(any_ticket&, tenax::feedback const&, tenax::time_point) = 0;
  [[nodiscard]] virtual tenax::duration longest_wait() const = 0;
  virtual void describe(tenax::detail::description&) const = 0;
};
template <class G>
class gate_model final : public any_gate {
  using ticket = typename G::ticket;

 public:
  template <class... A>
  explicit gate_model(A... a) : gate_(a...) {}
  tenax::admission admit(any_ticket& t, tenax::attempt_info const& a, tenax::time_point now) override {
    if (!std::holds_alternative<ticket>(t)) t.template emplace<ticket>();
    return gate_.admit(*std::get_if<ticket>(&t), a, now);
  }
  tenax::admission before_wait([[maybe_unused]] any_ticket& t, [[maybe_unused]] tenax::attempt_info const& a,
                               [[maybe_unused]] tenax::feedback::kind how, [[maybe_unused]] tenax::time_point now,
                               [[maybe_unused]] tenax::time_point then) override {
    if constexpr (requires(ticket& own) { gate_.reserve_retry(own, a, how, now, then); }) {
      if (!std::holds_alternative<ticket>(t)) t.template emplace<ticket>();
      return gate_.reserve_retry(*std::get_if<ticket>(&t), a, how, now, then);
    } else if constexpr (requires { gate_.would_admit(a, now, then); }) {
      return gate_.would_admit(a, now, then);
    }
    return {};
  }
  void started([[maybe_unused]] any_ticket& t, [[maybe_unused]] tenax::time_point now) override {
    if constexpr (requires(ticket& own) { gate_.started(own, now); }) gate_.started(*std::get_if<ticket>(&t), now);
  }
  void record(any_ticket& t, tenax::feedback const& f, tenax::time_point now) override {
    if (auto* const own = std::get_if<ticket>(&t)) gate_.record(*own, f, now);
  }
  [[nodiscard]] tenax::duration longest_wait() const override { return tenax::detail::longest_wait_at(gate_); }
  void describe(tenax::detail::description& out) const override { gate_.describe(out); }

 private:
  G gate_;
};

struct gate_spec {
  std::string type, arguments;  ///< as in C++
  std::unique_ptr<any_gate> (*make)(gate_spec const&) = nullptr;
  double a = 0, b = 0;
  tenax::duration d{};
};
inline constexpr std::size_t most_gates = 3;

/// The gates of one client, outermost first, in the place of the library's `gates`.
struct any_gates {
  static constexpr bool empty = false, has_would_admit = true, has_started = true, wakes = false;
  struct tickets {
    std::array<any_ticket, most_gates> own{};
  };
  std::vector<std::unique_ptr<any_gate>> const* list = nullptr;

  tenax::admission admit(tickets& t, tenax::attempt_info const& a, tenax::time_point now,
                         tenax::waker const& = {}) const {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (auto const answer = (*list)[i]->admit(t.own[i], a, now); !answer.admitted()) return answer;
    }
    return {};
  }
  tenax::admission before_wait(tickets& t, tenax::attempt_info const& a, tenax::feedback::kind how,
                               tenax::time_point now, tenax::time_point then) const {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (auto const answer = (*list)[i]->before_wait(t.own[i], a, how, now, then); answer.refused()) return answer;
    }
    return {};
  }
  void started(tickets& t, tenax::time_point now) const {
    for (std::size_t i = 0; i < list->size(); ++i) (*list)[i]->started(t.own[i], now);
  }
  void record(tickets& t, tenax::feedback const& f, tenax::time_point now) const {
    for (std::size_t i = list->size(); i-- > 0;) (*list)[i]->record(t.own[i], f, now);
  }
  [[nodiscard]] tenax::duration longest_wait() const {
    tenax::duration sum{};
    for (auto const& g : *list) sum = tenax::saturating_add(sum, g->longest_wait());
    return sum;
  }
  void describe(tenax::detail::description& out) const {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (i != 0) out.text(", then ");
      (*list)[i]->describe(out);
    }
  }
};

/// A policy as its text says it, and as C++.
struct settings {
  any_wait wait{};
  std::string wait_cpp = "wait::exponential({.base = 100ms, .max = 5s}).full()";
  std::optional<any_wait> throttled_wait{};
  std::string throttled_cpp{};
  std::optional<std::int64_t> attempts{};
  std::optional<tenax::duration> deadline{}, elapsed{};
  bool clips = false, unlimited = false;
  statuses when{};
  tenax::server_wait_limit server{};
  std::optional<tenax::duration> attempt_timeout{};
  std::vector<gate_spec> gates{};

  template <bool Clips>
  [[nodiscard]] any_stop<Clips> stop() const {
    any_stop<Clips> s;
    if (attempts) s.attempts = tenax::stop::after_attempts(*attempts);
    if (deadline) s.deadline = tenax::stop::deadline_condition<Clips>(*deadline);
    if (elapsed) s.elapsed = tenax::stop::after_elapsed(*elapsed);
    return s;
  }
  /// `Timed`: with the time limit of an attempt, of which gates are told.
  template <bool Clips, bool Timed = false, class Gates>
  [[nodiscard]] auto policy(Gates g) const {
    any_when w;
    w.wanted = &when;
    auto const with = [&](auto limits) {
      return tenax::policy{w,
                           waits_by_kind{{}, wait, throttled_wait},
                           stop<Clips>(),
                           tenax::detail::no_observers{},
                           g,
                           tenax::detail::no_token{},
                           tenax::detail::own_hint_reader{},
                           limits};
    };
    if constexpr (Timed) {
      return with(tenax::detail::timed_limits<false>{server, attempt_timeout.value_or((tenax::duration::max)())});
    } else {
      return with(tenax::detail::call_limits{server});
    }
  }
};

struct wait_part {
  any_wait strategy{};
  std::string cpp{};
};

template <class W>
wait_part with_jitter(reader& r, W w, std::string cpp) {
  if (!r.take(".")) return {any_wait(w), cpp};
  auto const kind = r.word();
  if (kind == "full") return {any_wait(w.full()), cpp + ".full()"};
  if (kind == "equal") return {any_wait(w.equal()), cpp + ".equal()"};
  if (kind == "proportional") {
    r.need("(");
    auto const share = r.percent("proportional");
    r.need(")");
    return {any_wait(w.proportional(share)), cpp + ".proportional(" + cpp_number(share) + ")"};
  }
  if (kind == "additive") {
    r.need("(");
    auto const most = r.time("additive");
    r.need(")");
    return {any_wait(w.additive(most)), cpp + ".additive(" + cpp_time(most) + ")"};
  }
  r.fail("the jitter \"" + kind + "\" is not known; write .full, .equal, .proportional(20%) or .additive(100ms)");
  return {};
}

template <std::size_t... I>
wait_part make_sequence(reader& r, std::array<tenax::duration, 8> const& d, std::string const& cpp,
                        std::index_sequence<I...>) {
  return with_jitter(r, tenax::wait::sequence<sizeof...(I)>(d[I]...), cpp);
}
template <std::size_t N = 1>
wait_part sequence_of(reader& r, std::array<tenax::duration, 8> const& d, std::size_t n, std::string const& cpp) {
  if constexpr (N < 8) {
    if (n > N) return sequence_of<N + 1>(r, d, n, cpp);
  }
  return make_sequence(r, d, cpp, std::make_index_sequence<N>());
}

inline wait_part read_wait(reader& r, int depth = 0);

inline wait_part read_one_wait(reader& r, int depth) {
  namespace wait = tenax::wait;
  auto const name = r.word();
  if (name == "none") return {any_wait(wait::none), "wait::none"};
  if (name.empty())
    return r.fail("wait needs a strategy, such as exponential(100ms..5s).full, " + r.here()), wait_part{};
  r.need("(");
  if (name == "max" || name == "min") {
    if (depth > 3) return r.fail("max and min are nested too deeply"), wait_part{};
    auto const a = read_wait(r, depth + 1);
    r.need(",");
    while (r.take(" ")) {
    }
    auto const b = read_wait(r, depth + 1);
    r.need(")");
    auto const cpp = "wait::" + name + "_of(" + a.cpp + ", " + b.cpp + ")";
    return name == "max" ? wait_part{any_wait(wait::max_of(a.strategy, b.strategy)), cpp}
                         : wait_part{any_wait(wait::min_of(a.strategy, b.strategy)), cpp};
  }
  if (name == "constant") {
    auto const d = r.time("wait");
    r.need(")");
    return with_jitter(r, wait::constant(d), "wait::constant(" + cpp_time(d) + ")");
  }
  if (name == "sequence") {
    std::array<tenax::duration, 8> d{};
    std::size_t n = 0;
    std::string cpp = "wait::sequence{";
    do {
      while (r.take(" ")) {
      }
      if (n == d.size()) return r.fail("sequence has at most 8 waits here"), wait_part{};
      d[n] = r.time("sequence");
      cpp += (n == 0 ? "" : ", ") + cpp_time(d[n]);
      ++n;
    } while (r.take(","));
    r.need(")");
    return sequence_of(r, d, n, cpp + "}");
  }
  auto const low = r.time(name.c_str());
  std::optional<tenax::duration> high;
  if (r.take("..")) {
    high = r.time(name.c_str());
    if (r.good() && *high < low) r.fail(name + ": the second time must not be less than the first one");
  }
  if (!r.good()) return {};
  auto const top = high.value_or((tenax::duration::max)());
  auto const max_cpp = high ? ", .max = " + cpp_time(*high) + "})" : std::string("})");
  auto const option = [&](char const* key) {
    while (r.take(" ")) {
    }
    return r.take(",") && (r.take(" "), r.need(key)) && r.need("=");
  };
  if (name == "exponential") {
    double factor = 2;
    if (r.next() == ',' && option("factor")) factor = r.number("factor", 1, 1000);
    r.need(")");
    if (!r.good()) return {};
    return with_jitter(r, wait::exponential({.base = low, .factor = factor, .max = top}),
                       "wait::exponential({.base = " + cpp_time(low) +
                           (factor != 2 ? ", .factor = " + cpp_number(factor) : "") + max_cpp);
  }
  if (name == "linear") {
    auto step = low;
    if (r.next() == ',' && option("step")) step = r.time("step");
    r.need(")");
    if (!r.good()) return {};
    return with_jitter(r, wait::linear({.first = low, .step = step, .max = top}),
                       "wait::linear({.first = " + cpp_time(low) + ", .step = " + cpp_time(step) + max_cpp);
  }
  if (name == "polynomial") {
    std::int64_t exponent = 2;
    if (r.next() == ',' && option("exponent")) exponent = r.whole("exponent", 0, 20);
    r.need(")");
    if (!r.good()) return {};
    return with_jitter(
        r, wait::polynomial({.base = low, .exponent = static_cast<unsigned>(exponent), .max = top}),
        "wait::polynomial({.base = " + cpp_time(low) + ", .exponent = " + std::to_string(exponent) + max_cpp);
  }
  r.need(")");
  if (!r.good()) return {};
  if (name == "fibonacci")
    return with_jitter(r, wait::fibonacci({.unit = low, .max = top}),
                       "wait::fibonacci({.unit = " + cpp_time(low) + max_cpp);
  if (name == "uniform" && high)
    return {any_wait(wait::uniform(low, *high)), "wait::uniform(" + cpp_time(low) + ", " + cpp_time(*high) + ")"};
  if (name == "decorrelated" && high)
    return {any_wait(wait::decorrelated({.base = low, .max = *high})),
            "wait::decorrelated({.base = " + cpp_time(low) + max_cpp};
  if (name == "uniform" || name == "decorrelated") r.fail(name + " needs two times, as in " + name + "(100ms..5s)");
  r.fail("the wait \"" + name +
         "\" is not known; write constant, linear, exponential, fibonacci, polynomial, sequence, uniform, decorrelated "
         "or none");
  return {};
}

inline wait_part read_wait(reader& r, int depth) {
  auto result = read_one_wait(r, depth);
  for (int i = 0; i < 4 && r.good() && r.take("+"); ++i) {
    auto const other = read_one_wait(r, depth);
    result = {any_wait(result.strategy + other.strategy), result.cpp + " + " + other.cpp};
  }
  return result;
}

inline tenax::rate read_rate(reader& r, std::string& cpp) {
  auto const n = r.whole("rate", 1, 1'000'000);
  r.need("/");
  struct unit {
    char const* text;
    char const* name;
    std::int64_t seconds;
  };
  tenax::rate result{};
  for (auto const u : {unit{"s", "per_second", 1}, {"min", "per_minute", 60}, {"h", "per_hour", 3600}}) {
    if (!r.take(u.text)) continue;
    result = {.permits = static_cast<std::uint64_t>(n), .per = std::chrono::seconds(u.seconds)};
    cpp = std::string("tenax::") + u.name + "(" + std::to_string(n) + ")";
    if (r.take(",")) {
      r.take(" "), r.need("burst="), result.burst = static_cast<std::uint64_t>(r.whole("burst", 1, 1'000'000));
      cpp += ".with_burst(" + std::to_string(result.burst) + ")";
    }
    return result;
  }
  r.fail("a rate is a number per s, min or h, such as 10/s");
  return result;
}

inline bool read_gate(reader& r, gate_spec& g) {
  auto const name = r.word();
  bool const open = r.take("(");
  if (name == "rate") {
    if (!open) return r.fail("gate=rate needs a rate, as in gate=rate(10/s,burst=5)");
    auto const rate = read_rate(r, g.arguments);
    g.type = "tenax::rate_limiter", g.a = static_cast<double>(rate.permits), g.b = static_cast<double>(rate.burst),
    g.d = rate.per.value();
    g.make = [](gate_spec const& s) -> std::unique_ptr<any_gate> {
      return std::make_unique<gate_model<tenax::rate_limiter<1>>>(
          tenax::rate{static_cast<std::uint64_t>(s.a), s.d, static_cast<std::uint64_t>(s.b)});
    };
  } else if (name == "budget") {
    g.a = 10, g.b = 0.1;
    if (open) {
      g.a = static_cast<double>(r.whole("tokens", 1, 1'000'000));
      if (r.take(",")) r.take(" "), g.b = r.percent("ratio");
      if (r.good() && g.b < 0.000001) r.fail("ratio must be more than 0%");
    }
    g.type = "tenax::retry_budget",
    g.arguments = "{.tokens = " + cpp_number(g.a) + ", .ratio = " + cpp_number(g.b) + "}";
    g.make = [](gate_spec const& s) -> std::unique_ptr<any_gate> {
      return std::make_unique<gate_model<tenax::retry_budget>>(
          tenax::retry_budget_options{.tokens = static_cast<std::int64_t>(s.a), .ratio = s.b});
    };
  } else if (name == "quota") {
    std::string rules = "aws_2026";
    if (open && r.take("mongodb"))
      rules = "mongodb", g.a = 1;
    else if (open && !r.take("aws_2026"))
      r.fail("quota has the rules aws_2026 or mongodb");
    g.type = "tenax::retry_quota", g.arguments = "tenax::retry_quota_options::" + rules + "()";
    g.make = [](gate_spec const& s) -> std::unique_ptr<any_gate> {
      return std::make_unique<gate_model<tenax::retry_quota>>(s.a == 1 ? tenax::retry_quota_options::mongodb()
                                                                       : tenax::retry_quota_options::aws_2026());
    };
  } else if (name == "circuit") {
    g.a = 5, g.d = std::chrono::seconds(5);
    if (open) {
      g.a = static_cast<double>(r.whole("failures", 1, 1'000'000));
      if (r.take(",")) r.take(" "), g.d = r.time("open_for", true);
    }
    g.type = "tenax::circuit_breaker<>",
    g.arguments = "{.failures = " + cpp_number(g.a) + ", .open_for = " + cpp_time(g.d) + "}";
    g.make = [](gate_spec const& s) -> std::unique_ptr<any_gate> {
      return std::make_unique<gate_model<tenax::circuit_breaker<>>>(
          tenax::circuit_breaker_options{.failures = static_cast<std::int64_t>(s.a), .open_for = s.d});
    };
  } else if (name == "throttle") {
    g.a = open ? r.number("k", 1, 1000) : 2;
    g.type = "tenax::adaptive_throttle", g.arguments = "{.k = " + cpp_number(g.a) + "}";
    g.make = [](gate_spec const& s) -> std::unique_ptr<any_gate> {
      return std::make_unique<gate_model<tenax::adaptive_throttle>>(tenax::adaptive_throttle_options{.k = s.a});
    };
  } else if (name == "bulkhead") {
    g.a = open ? static_cast<double>(r.whole("at_once", 1, 100'000)) : 8;
    g.type = "tenax::bulkhead", g.arguments = "{.at_once = " + cpp_number(g.a) + "}";
    g.make = [](gate_spec const& s) -> std::unique_ptr<any_gate> {
      return std::make_unique<gate_model<tenax::bulkhead>>(
          tenax::bulkhead_options{.at_once = static_cast<std::int64_t>(s.a)});
    };
  } else if (name == "adaptive") {
    std::string rate = "tenax::per_second(10)";
    g.a = 10, g.d = std::chrono::seconds(1);
    if (open) {
      auto const start = read_rate(r, rate);
      g.a = static_cast<double>(start.permits), g.d = start.per.value();
      if (start.burst != 1) r.fail("gate=adaptive has no burst");
    }
    g.type = "tenax::adaptive_rate_limiter", g.arguments = "{.start = " + rate + "}";
    g.make = [](gate_spec const& s) -> std::unique_ptr<any_gate> {
      return std::make_unique<gate_model<tenax::adaptive_rate_limiter>>(
          tenax::adaptive_rate_options{.start = {static_cast<std::uint64_t>(s.a), s.d}});
    };
  } else {
    return r.fail("the gate \"" + name +
                  "\" is not known; write rate(10/s), budget, quota, circuit, throttle, bulkhead or adaptive");
  }
  if (open) r.need(")");
  return r.good();
}

/// A time, or `none`.
inline void read_limit(reader& r, char const* name, std::optional<tenax::duration>& limit) {
  if (r.take("none"))
    limit.reset();
  else
    limit = r.time(name, true);
}

/// Reads the text of a policy. Every text of `tenax::settings_from_text` is one. Returns the sentence about the first
/// mistake, or nothing.
inline std::string read_policy(std::string_view text, settings& s) {
  reader r(text);
  while (r.more()) {
    auto const name = r.word();
    if (name.empty() || !r.take("=")) {
      return "a setting is NAME=VALUE, such as attempts=5; that is expected " +
             (name.empty() ? r.here() : "after \"" + name + "\"");
    }
    if (name == "attempts") {
      if (r.take("unlimited"))
        s.unlimited = true, s.attempts.reset();
      else
        s.attempts = r.whole("attempts", 1, 4'294'967'295);
    } else if (name == "wait") {
      auto part = read_wait(r);
      s.wait = std::move(part.strategy), s.wait_cpp = std::move(part.cpp);
    } else if (name == "throttled_wait") {
      auto part = read_wait(r);
      s.throttled_wait = std::move(part.strategy), s.throttled_cpp = std::move(part.cpp);
    } else if (name == "deadline") {
      read_limit(r, "deadline", s.deadline);
      s.clips = s.deadline && r.take(".clip");
    } else if (name == "elapsed") {
      read_limit(r, "elapsed", s.elapsed);
    } else if (name == "attempt_timeout") {
      read_limit(r, "attempt_timeout", s.attempt_timeout);
    } else if (name == "when") {
      s.when = {.codes = {}, .no_answer = false};
      do {
        if (r.take("no_answer"))
          s.when.no_answer = true;
        else
          s.when.codes.push_back(static_cast<int>(r.whole("when", 100, 999)));
        if (s.when.codes.size() > 30) return "when has at most 30 statuses";
      } while (r.good() && r.take(","));
    } else if (name == "server_wait") {
      s.server.max = r.take("unlimited") ? (tenax::duration::max)() : r.time("server_wait");
      if (r.take(".")) {
        auto const action = r.word();
        if (action == "clamp")
          s.server.action = tenax::too_long::clamp;
        else if (action == "ignore")
          s.server.action = tenax::too_long::ignore;
        else if (action == "lengthen")
          s.server.action = tenax::too_long::lengthen;
        else if (action != "give_up")
          r.fail("server_wait: \"" + action + "\" is not known; write give_up, clamp, ignore or lengthen");
      }
    } else if (name == "gate") {
      if (s.gates.size() == most_gates) return "a policy has at most 3 gates here";
      read_gate(r, s.gates.emplace_back());
    } else {
      return "the setting \"" + name +
             "\" is not known; write attempts, deadline, elapsed, wait, throttled_wait, when, server_wait, "
             "attempt_timeout or gate";
    }
    if (!r.good()) return r.mistake();
    if (auto const c = r.next(); c != '\0' && c != ' ' && c != '\n' && c != '\t')
      return name + ": the value cannot be understood " + r.here();
  }
  if (!s.attempts && !s.deadline && !s.elapsed && !s.unlimited)
    return "the policy has no limit; write attempts=3, deadline=30s, or attempts=unlimited";
  return {};
}

/// `tenax::wait::` in the place of `wait::`, so that the C++ needs no alias.
inline std::string with_full_names(std::string const& wait) {
  std::string out;
  for (std::size_t i = 0; i < wait.size(); ++i) {
    if (wait.compare(i, 6, "wait::") == 0) out += "tenax::";
    out += wait[i];
  }
  return out;
}

/// The policy as C++. Gates are declared in front of it.
inline std::string cpp_of(settings const& s) {
  std::string out;
  for (std::size_t i = 0; i < s.gates.size(); ++i) {
    auto const& g = s.gates[i];
    out += g.type + " gate_" + std::to_string(i + 1) + "(" + g.arguments + ");\n";
  }
  out += "auto const policy = tenax::retrying{}\n    .when(";
  if (!s.when.codes.empty()) {
    out += "tenax::when::status(";
    for (std::size_t i = 0; i < s.when.codes.size(); ++i) out += (i == 0 ? "" : ", ") + std::to_string(s.when.codes[i]);
    out += s.when.no_answer ? ") || " : ")";
  }
  if (s.when.no_answer) out += "tenax::when::transport_error";
  if (s.when.codes.empty() && !s.when.no_answer) out += "!tenax::when::any_error";
  out += ")\n    .wait(" +
         with_full_names(s.throttled_wait ? "wait::first_of(\n        wait::only_if(tenax::when::throttled, " +
                                                s.throttled_cpp + "),\n        " + s.wait_cpp + ")"
                                          : s.wait_cpp) +
         ")\n    .stop(";
  std::string stop;
  auto const also = [&](std::string const& part) { stop += (stop.empty() ? "" : " || ") + part; };
  if (s.attempts) also("tenax::stop::after_attempts(" + std::to_string(*s.attempts) + ")");
  if (s.deadline) also("tenax::stop::deadline(" + cpp_time(*s.deadline) + ")" + (s.clips ? ".clip_last_wait()" : ""));
  if (s.elapsed) also("tenax::stop::after_elapsed(" + cpp_time(*s.elapsed) + ")");
  out += (stop.empty() ? "tenax::stop::never" : stop) + ")";
  if (s.server.max != tenax::server_wait_limit{}.max || s.server.action != tenax::too_long::give_up) {
    char const* const action[] = {"give_up", "clamp", "ignore", "lengthen"};
    out += "\n    .max_server_wait(" +
           (s.server.max == (tenax::duration::max)() ? "tenax::duration::max()" : cpp_time(s.server.max));
    if (s.server.action != tenax::too_long::give_up)
      out += std::string(", tenax::too_long::") + action[static_cast<int>(s.server.action)];
    out += ")";
  }
  if (s.attempt_timeout) out += "\n    .attempt_timeout(" + cpp_time(*s.attempt_timeout) + ")";
  for (std::size_t i = 0; i < s.gates.size(); ++i)
    out += "\n    .through(std::ref(gate_" + std::to_string(i + 1) + "))";
  return out + ";\n";
}

}  // namespace explorer

template <>
struct tenax::result_traits<explorer::reply> {
  static constexpr bool can_fail = true;
  static constexpr bool failed(explorer::reply const& r) { return r.status == 0 || r.status >= 400; }
  static constexpr hint read_hint(explorer::reply const& r) {
    bool const may_be = r.status == 403 || r.status == 503;
    return {.wait = r.retry_after, .throttled = r.status == 429 || (may_be && r.retry_after)};
  }
};
