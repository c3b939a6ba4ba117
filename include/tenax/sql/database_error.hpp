// SPDX-License-Identifier: MIT
// sql/database_error.hpp: exceptions of databases, and how tenax reads those of other libraries.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

#include <tenax/errors.hpp>
#include <tenax/outcome.hpp>
#include <tenax/platform/atomic.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/sql/sqlstate.hpp>

namespace tenax {

/// Thrown when it is unknown whether a transaction was committed: its connection broke during the COMMIT. No policy
/// repeats it. `what()` includes the text of the cause.
class in_doubt_error : public std::runtime_error, public error_with_hint {
 public:
  explicit in_doubt_error(std::string const& text, std::exception_ptr cause = nullptr)
      : std::runtime_error("tenax: it is unknown whether the transaction was committed: " + text),
        error_with_hint({.verdict = verdict::no_retry}),
        cause_(std::move(cause)) {}

  /// The exception of the COMMIT.
  [[nodiscard]] std::exception_ptr cause() const noexcept { return cause_; }
  [[nodiscard]] std::exception const* as_exception() const noexcept override { return this; }

 private:
  std::exception_ptr cause_;
};

namespace sql {

/// An error of a database, for libraries without exceptions:
/// `throw sql::database_error(sql::mysql_error(mysql_errno(db)), mysql_error(db));`
class database_error : public std::runtime_error, public error_with_hint {
 public:
  database_error(sql::error e, std::string const& text)
      : std::runtime_error(text),
        error_with_hint({.verdict = e.what == condition::in_doubt ? verdict::no_retry : verdict::none,
                         .throttled = e.what == condition::too_many_connections}),
        error_(e) {}

  [[nodiscard]] sql::error const& error() const noexcept { return error_; }
  [[nodiscard]] std::exception const* as_exception() const noexcept override { return this; }

 private:
  sql::error error_;
};

#if defined(__cpp_exceptions) && defined(__cpp_rtti)

/// Reads the errors of another library from its exceptions. Define one at namespace scope, in the header that includes
/// that library; `<tenax/pqxx.hpp>` does it for libpqxx. `f` returns whether it knows the exception.
///
/// Thread safety: safe. Lives until the end of the program.
class error_reader {
 public:
  using function = bool (*)(std::exception const&, sql::error&);

  explicit error_reader(function f) noexcept;
  error_reader(error_reader const&) = delete;
  error_reader& operator=(error_reader const&) = delete;

  /// The error in an exception; null if no reader knows it.
  [[nodiscard]] static bool read(std::exception const& e, sql::error& into);

 private:
  function read_;
  error_reader const* next_ = nullptr;
};

}  // namespace sql

namespace detail {
inline constinit sql::error_reader const* first_sql_error_reader = nullptr;
}  // namespace detail

namespace sql {

inline error_reader::error_reader(function f) noexcept
    : read_(f), next_(platform::load_acquire(tenax::detail::first_sql_error_reader)) {
  while (!platform::replace_acquire_release(tenax::detail::first_sql_error_reader, next_,
                                            static_cast<error_reader const*>(this))) {
  }
}

inline bool error_reader::read(std::exception const& e, sql::error& into) {
  if (auto const* const ours = dynamic_cast<database_error const*>(&e)) {
    into = ours->error();
    return true;
  }
  for (auto const* r = platform::load_acquire(tenax::detail::first_sql_error_reader); r != nullptr; r = r->next_) {
    if (r->read_(e, into)) return true;
  }
  return false;
}

/// The error of a database in a caught exception. `condition::other` without a state for any other exception.
[[nodiscard]] inline error error_in(caught_exception const& caught) {
  error e;
  if (caught.standard() != nullptr) static_cast<void>(error_reader::read(*caught.standard(), e));
  return e;
}

#endif

}  // namespace sql
}  // namespace tenax
