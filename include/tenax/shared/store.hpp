// SPDX-License-Identifier: MIT
// shared/store.hpp: what a store is to the limits that machines share: `eval` runs a script, and its answer comes
// later.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <tenax/duration.hpp>
#include <tenax/platform/clock.hpp>
#include <tenax/shared/detail/sha1.hpp>

namespace tenax::shared {

/// A Lua script for a store that speaks the protocol of Redis; tested with Redis 7.0.
struct script {
  std::string_view text;
  std::array<char, 41> sha1;  ///< the argument of EVALSHA: 40 hexadecimal digits and a zero

  // NOLINTNEXTLINE(google-explicit-constructor): a script is its text.
  consteval script(std::string_view t) : text(t), sha1(detail::sha1(t)) {}
  /// A long script, whose 40 digits were computed before: a compiler needs more steps for them than clang allows.
  consteval script(std::string_view t, std::string_view digits) : text(t), sha1{} {
    for (std::size_t i = 0; i < 40; ++i) sha1[i] = digits[i];
  }
};

/// The answer of a store.
struct reply {
  std::span<std::int64_t const> numbers{};  ///< what the script returned
  std::string_view error{};                 ///< why there is no answer; empty: there is one
};

namespace detail {

inline constexpr std::string_view no_answer = "the store gave no answer";

/// The end of a limit that hears answers and messages. Thread safety: safe.
class asker {
 public:
  asker() = default;
  asker(asker const&) = delete;
  asker& operator=(asker const&) = delete;
  virtual ~asker() = default;
  virtual void answered(std::uint64_t question, reply const& r, time_point now) noexcept = 0;
  /// A message came: the other side asked to pause for `microseconds`. Less than zero: messages may have been missed.
  virtual void heard(std::int64_t microseconds, time_point now) noexcept = 0;
};

inline time_point steady_now() noexcept { return time_point(platform::steady_time::now()); }

}  // namespace detail

/// Takes the answer to one question, from any thread, at most once. One that is destroyed without an answer reports
/// that the store gave none.
class completion {
 public:
  completion() = default;
  completion(std::shared_ptr<detail::asker> to, std::uint64_t question) noexcept
      : to_(std::move(to)), question_(question) {}
  completion(completion&&) noexcept = default;
  completion& operator=(completion&& other) noexcept {
    if (this != &other) {
      drop();
      to_ = std::move(other.to_);
      question_ = other.question_;
    }
    return *this;
  }
  ~completion() { drop(); }

  /// Reports the answer. `now` is the time on the steady clock at which it arrived. Later calls do nothing. Must not be
  /// called while the caller holds a lock that `eval` takes.
  void operator()(reply const& r, time_point now = detail::steady_now()) noexcept {
    if (auto const to = std::exchange(to_, nullptr)) to->answered(question_, r, now);
  }

 private:
  void drop() noexcept {
    if (to_ != nullptr) (*this)({.error = detail::no_answer});
  }

  std::shared_ptr<detail::asker> to_;
  std::uint64_t question_ = 0;
};

/// Takes the messages of a channel, from any thread.
class listener {
 public:
  listener() = default;
  explicit listener(std::weak_ptr<detail::asker> to) noexcept : to_(std::move(to)) {}

  /// Reports the number in a message. False if the limit that listened does not exist any more.
  bool operator()(std::int64_t number, time_point now = detail::steady_now()) const noexcept {
    auto const to = to_.lock();
    if (to != nullptr) to->heard(number < 0 ? 0 : number, now);
    return to != nullptr;
  }
  /// Whether the limit that listened does not exist any more.
  [[nodiscard]] bool gone() const noexcept { return to_.expired(); }
  /// Reports that messages may have been missed, because the connection was lost.
  bool missed(time_point now = detail::steady_now()) const noexcept {
    auto const to = to_.lock();
    if (to != nullptr) to->heard(-1, now);
    return to != nullptr;
  }

 private:
  std::weak_ptr<detail::asker> to_;
};

/// A store: something that runs scripts. `s.eval(script, key, arguments, completion)` returns without waiting for the
/// answer, and calls the completion later, or in `eval`. The script has one key, and its arguments and results are
/// integers. An error of the connection or of the script is the answer's `error`, in words for the log.
///
/// Optional: `s.listen(channel, listener)`: subscribes to a channel of the same server, whose messages are integers.
/// Without it, a machine learns of another one's pause with its next question instead of at once.
template <class S>
concept store = requires(S& s, script const& run, std::string_view key, std::span<std::int64_t const> arguments,
                         completion done) { s.eval(run, key, arguments, std::move(done)); };

/// Refers to a store of any type, which must outlive it.
class store_ref {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a limit is made of a store.
  template <store S>
    requires(!std::same_as<S, store_ref>)
  store_ref(S& s) noexcept
      : store_(&s),
        eval_([](void* self, script const& run, std::string_view key, std::span<std::int64_t const> arguments,
                 completion&& done) { static_cast<S*>(self)->eval(run, key, arguments, std::move(done)); }) {
    if constexpr (requires(listener l) { s.listen(std::string_view{}, std::move(l)); }) {
      listen_ = [](void* self, std::string_view channel, listener&& l) {
        static_cast<S*>(self)->listen(channel, std::move(l));
      };
    }
  }

  void eval(script const& run, std::string_view key, std::span<std::int64_t const> arguments, completion done) const {
    eval_(store_, run, key, arguments, std::move(done));
  }
  /// Whether the store has `listen`.
  [[nodiscard]] bool listens() const noexcept { return listen_ != nullptr; }
  void listen(std::string_view channel, listener l) const {
    if (listen_ != nullptr) listen_(store_, channel, std::move(l));
  }

 private:
  void* store_;
  void (*eval_)(void*, script const&, std::string_view, std::span<std::int64_t const>, completion&&);
  void (*listen_)(void*, std::string_view, listener&&) = nullptr;
};

}  // namespace tenax::shared
