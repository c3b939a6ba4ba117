// SPDX-License-Identifier: MIT
// sql/transaction.hpp: `sql::transact`: retries a whole transaction, and never repeats a COMMIT in doubt.
#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <tenax/capture.hpp>
#include <tenax/retrying.hpp>
#include <tenax/sql/database_error.hpp>

#if defined(__cpp_exceptions) && defined(__cpp_rtti)

namespace tenax::sql {

/// A database as `transact` uses it. `begin()` starts a transaction, on a new connection if the last one is broken, and
/// returns what the body works with. `commit()` ends it. Both throw exceptions that `sql::error_reader` can read, such
/// as `sql::database_error`. `rollback()` and `disconnect()` throw nothing, and do nothing if there is nothing to do.
/// Optional: `before_commit()`, and `can_find_out()` with `committed()`, as in `sql::pqxx_database`.
template <class D>
concept database = requires(D& d) {
  d.begin();
  d.commit();
  { d.rollback() } noexcept;
  { d.disconnect() } noexcept;
};

/// Options of `transact`.
struct transaction_options {
  /// Finds out whether the transaction was committed, if the connection broke during the COMMIT: true, false, or
  /// `std::nullopt` for "not decided yet". Called after the broken connection was closed, and again after a wait if it
  /// is not decided or if the question itself fails in a way that may pass. It must not say false while the server may
  /// still be working on the COMMIT: see docs/how-to/retry-a-transaction.md.
  std::function<std::optional<bool>()> committed{};
};

namespace detail {

/// The error of a database in the value of a body that says it failed: a `sql::error`, or an exception as a value.
template <class T>
error error_in_value(T const& value) {
  error e;
  if constexpr (requires { value.error(); }) {
    if constexpr (std::is_convertible_v<decltype(value.error()), error const&>) {
      e = value.error();
    } else if constexpr (std::is_convertible_v<decltype(value.error()), std::exception const&>) {
      static_cast<void>(error_reader::read(value.error(), e));
    }
  }
  return e;
}

/// How one attempt of a transaction ended.
struct transaction_step {
  bool done = false;
  bool returned = false;  ///< the body returned a value that says it failed
  bool may_pass = false;
  tenax::hint said{};
  caught_exception cause{};
};

/// A transaction that is run, and run again.
template <class Database, class Body, class T>
class transaction_run {
 public:
  transaction_run(Database& db, Body& body, transaction_options const& options)
      : db_(db), body_(body), options_(options) {}
  transaction_run(transaction_run const&) = delete;
  transaction_run& operator=(transaction_run const&) = delete;
  ~transaction_run() {
    if (phase_ == phase::commit) db_.rollback();
  }

  transaction_step attempt() {
    switch (phase_) {
      case phase::run: return run();
      case phase::commit: return commit();
      case phase::find_out: return find_out();
    }
    return {};
  }

  /// The value of the body, after the last attempt; throws if the transaction was not committed.
  T end(transaction_step const& last) {
    if (last.done || last.returned) return std::move(*value_).get();
    if (phase_ == phase::find_out) throw in_doubt_error(text_of(*doubt_), doubt_->pointer());
    std::rethrow_exception(last.cause.pointer());
  }

 private:
  enum class phase : unsigned char {
    run,      ///< nothing is committed
    commit,   ///< the body has ended, and the transaction is open
    find_out  ///< it is unknown whether the transaction is committed
  };

  static std::string text_of(caught_exception const& caught) {
    return caught.standard() != nullptr ? caught.standard()->what() : "an exception of another type";
  }

  /// Whether the body has given this exception its hint, as `tenax::permanent` does: a hint of its type is another one.
  static bool is_marked(caught_exception const& cause) {
    return dynamic_cast<error_with_hint const*>(cause.standard()) != nullptr &&
           dynamic_cast<database_error const*>(cause.standard()) == nullptr;
  }

  static transaction_step failure(caught_exception const& cause, bool may_pass, condition what = condition::other) {
    transaction_step s{.may_pass = may_pass, .cause = cause};
    if (cause.hinted() != nullptr) s.said = cause.hinted()->hint();
    // That a statement in doubt must not be repeated does not hold for the whole transaction.
    if (what == condition::in_doubt && !is_marked(cause) && s.said.verdict == verdict::no_retry) {
      s.said.verdict = verdict::none;
    }
    s.said.throttled = s.said.throttled || what == condition::too_many_connections;
    return s;
  }

  void clean_up(condition what) noexcept {
    db_.rollback();
    if (breaks_connection(what)) db_.disconnect();
  }

  transaction_step run() {
    value_.emplace(tenax::capture([this]() -> T { return body_(db_.begin()); }));
    if (!value_->has_value()) return not_committed(*value_->caught());
    if constexpr (tenax::detail::can_fail<T>) {
      if (tenax::detail::result_failed(*value_)) return failed_in_body();
    }
    if constexpr (requires { db_.before_commit(); }) {
      auto const asked = tenax::capture([this] { db_.before_commit(); });
      if (!asked.has_value()) return not_committed(*asked.caught());
    }
    phase_ = phase::commit;
    return commit();
  }

  /// After a failure before the COMMIT. Nothing was committed, so even a statement in doubt was rolled back.
  transaction_step not_committed(caught_exception const& cause) {
    auto const what = error_in(cause).what;
    clean_up(what);
    return failure(cause, is_transient(what) || what == condition::in_doubt, what);
  }

  /// After a body that returned a failure, instead of throwing one.
  transaction_step failed_in_body() {
    auto const e = error_in_value(value_->value());
    clean_up(e.what);
    auto s = failure({}, is_transient(e.what) || e.what == condition::in_doubt, e.what);
    auto const told = s.said.throttled;
    s.returned = true;
    s.said = tenax::detail::hint_of(*value_);
    s.said.throttled = s.said.throttled || told;
    return s;
  }

  transaction_step commit() {
    auto const ended = tenax::capture([this] { db_.commit(); });
    if (ended.has_value()) {
      phase_ = phase::run;
      return {.done = true};
    }
    auto const cause = *ended.caught();
    auto const e = error_in(cause);
    if (e.keeps_transaction) return failure(cause, true);
    phase_ = phase::run;
    clean_up(e.what);
    if (e.what == condition::conflict || e.what == condition::lock_timeout) return failure(cause, true);
    if (e.what == condition::other && e.answered()) return failure(cause, false);
    db_.disconnect();
    doubt_.emplace(cause);
    phase_ = phase::find_out;
    return find_out();
  }

  transaction_step find_out() {
    if (!can_find_out()) return failure(*doubt_, false);
    auto const answer = tenax::capture([this] { return ask(); });
    if (!answer.has_value()) {
      auto const cause = *answer.caught();
      auto const what = error_in(cause).what;
      if (breaks_connection(what)) db_.disconnect();
      return failure(cause, is_transient(what) || what == condition::in_doubt, what);
    }
    std::optional<bool> const committed = answer.value();
    if (!committed) return {.may_pass = true, .cause = *doubt_};
    phase_ = phase::run;
    if (*committed) return {.done = true};
    return {.may_pass = true, .cause = *doubt_};
  }

  bool can_find_out() const {
    if (options_.committed) return true;
    if constexpr (requires { db_.can_find_out(); }) return db_.can_find_out();
    return false;
  }
  std::optional<bool> ask() {
    if (options_.committed) return options_.committed();
    if constexpr (requires { db_.committed(); }) return db_.committed();
    return std::nullopt;
  }

  Database& db_;
  Body& body_;
  transaction_options const& options_;
  phase phase_ = phase::run;
  std::optional<outcome<T>> value_{};
  std::optional<caught_exception> doubt_{};
};

}  // namespace detail

/// Runs a transaction, and runs it again as a whole until it is committed or the policy gives up:
/// ```
/// int const left = sql::transact(policy, db, [&](pqxx::work& tx) { return withdraw(tx, account, 100); });
/// ```
/// Begins, calls `body(transaction)`, and commits. Returns what the body returned. The body may run several times, so
/// it must not do anything outside of the transaction that cannot be repeated, and must not commit by itself.
///
/// Starts again after conflicts, lost connections, a server that restarts, and locks that are not granted. Other
/// errors, and exceptions of the body that are not errors of the database, end the call and are thrown unchanged, after
/// a rollback. A body that returns a value that says it failed (see `result_traits`), such as an `std::expected`
/// without a value, is rolled back as well: the value is returned, unless its error is one of the database that may
/// pass. The policy's `.when()` is not used; its waits, stop conditions, gates, observers and token are.
///
/// A connection that breaks during the COMMIT leaves it in doubt. Then the call asks `.committed` on a new connection,
/// or the database if that can find out by itself, and starts again only if the answer is no. Without an answer it
/// throws `tenax::in_doubt_error`, which no policy retries. If the call ends before its first attempt, it throws
/// `tenax::cancelled`, `tenax::refused` or `tenax::expired`, as every call of a policy.
template <class Policy, class Database, class Body>
auto transact(Policy const& policy, Database& db, Body&& body, transaction_options const& options = {}) {
  constexpr bool is_database = database<Database>;
  static_assert(
      is_database,
      "tenax: sql::transact() needs a database with begin(), commit(), and rollback() and disconnect() that are "
      "noexcept");
  if constexpr (is_database) {
    using result = decltype(body(db.begin()));
    static_assert(!std::is_reference_v<result>,
                  "tenax: the body of sql::transact() must return a value; a reference may refer to the transaction");
    detail::transaction_run<Database, std::remove_reference_t<Body>, result> run(db, body, options);
    auto const attempt = [&run] { return run.attempt(); };
    auto report = [&] {
      if constexpr (requires { policy.when(when::failed); }) {
        return policy.when(when::failed).try_call(attempt);
      } else {
        return policy.try_call(attempt);
      }
    }();
    if (!report.has_value()) std::rethrow_exception(report.exception());
    return run.end(report.value());
  }
}

}  // namespace tenax::sql

template <>
struct tenax::result_traits<tenax::sql::detail::transaction_step> {
  using step = tenax::sql::detail::transaction_step;
  static constexpr bool can_fail = true;
  static bool failed(step const& s) { return !s.done; }
  static bool transient(step const& s) { return !s.done && s.may_pass; }
  static hint read_hint(step const& s) { return s.said; }
  template <class Out>
  static void describe(step const& s, Out& out) {
    if (s.done) {
      out.text("committed");
    } else if (s.returned) {
      out.text("the body returned a failure");
    } else {
      out.text(s.cause.standard() != nullptr ? s.cause.standard()->what() : "an exception of another type");
    }
  }
};

#endif
