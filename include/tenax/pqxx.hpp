// SPDX-License-Identifier: MIT
// pqxx.hpp: PostgreSQL by libpqxx: errors, and a database for `sql::transact`. Tested with libpqxx 6.4.
#pragma once

#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <pqxx/pqxx>

#include <tenax/exception_hint.hpp>
#include <tenax/sql/transaction.hpp>
#include <tenax/sql/when.hpp>

namespace tenax {

namespace sql {

namespace detail {

template <class E>
bool is_a(std::exception const& e) noexcept {
  return dynamic_cast<E const*>(&e) != nullptr;
}

/// Whether the text of a failed connection tells a server that is full, or a full PgBouncer. Such errors have no code.
inline bool says_full(std::string_view text) noexcept {
  for (std::string_view const full :
       {"too many clients", "connection slots", "no more connections allowed", "query_wait_timeout"}) {
    if (text.find(full) != text.npos) return true;
  }
  return false;
}

}  // namespace detail

/// Reads an exception of libpqxx 6 or 7. Returns whether it is one of a server or a connection.
///
/// libpqxx 6 has an SQLSTATE in `sql_error` only; classes that are rolled-back transactions stand for 40001 and 40P01.
/// An `sql_error` without an SQLSTATE is a connection that broke. A `usage_error`, as of a COMMIT after a failed
/// statement, was never sent.
inline bool read_pqxx_error(std::exception const& e, sql::error& into) {
  if (detail::is_a<::pqxx::in_doubt_error>(e) || detail::is_a<::pqxx::statement_completion_unknown>(e)) {
    into = {.what = condition::in_doubt};
    return true;
  }
  if (detail::is_a<::pqxx::serialization_failure>(e)) {
    into = error_of_state("40001");
    return true;
  }
  if (detail::is_a<::pqxx::deadlock_detected>(e)) {
    into = error_of_state("40P01");
    return true;
  }
  if (detail::is_a<::pqxx::too_many_connections>(e)) {
    into = error_of_state("53300");
    return true;
  }
  if (auto const* const failed = dynamic_cast<::pqxx::sql_error const*>(&e)) {
    into = error_of_state(failed->sqlstate());
    if (into.state.known()) return true;
  }
  if (detail::is_a<::pqxx::transaction_rollback>(e)) {
    into = error_of_state("40000");
    return true;
  }
  if (detail::is_a<::pqxx::sql_error>(e)) {
    into = {.what = condition::connection_lost};
    return true;
  }
  if (detail::is_a<::pqxx::usage_error>(e)) {
    into = {.never_sent = true};
    return true;
  }
  if (detail::is_a<::pqxx::broken_connection>(e)) {
    into = {.what = detail::says_full(e.what()) ? condition::too_many_connections : condition::connection_lost};
    return true;
  }
  return false;
}

inline error_reader const pqxx_errors(read_pqxx_error);

/// No policy repeats a COMMIT whose answer was lost, once this header is included in the program.
inline exception_hint<::pqxx::in_doubt_error> const pqxx_in_doubt({.verdict = verdict::no_retry});
inline exception_hint<::pqxx::statement_completion_unknown> const pqxx_unknown({.verdict = verdict::no_retry});

/// Options of a `pqxx_database`.
struct pqxx_options {
  /// Ask the server for the number of each transaction before its COMMIT, at the cost of a query. If the COMMIT is in
  /// doubt, the database then finds out by itself whether the transaction was committed. Needs PostgreSQL 10.
  bool find_out = false;
};

/// A PostgreSQL database for `sql::transact`. Connects when it is needed, and again after the connection broke.
/// `Transaction`: the class of libpqxx that the body gets, such as `pqxx::transaction<pqxx::serializable>`.
///
/// Thread safety: for one thread at a time, as a connection is.
template <class Transaction = ::pqxx::work>
class pqxx_database {
 public:
  using connect_function = std::function<std::unique_ptr<::pqxx::connection>()>;

  explicit pqxx_database(connect_function connect, pqxx_options options = {})
      : connect_(std::move(connect)), options_(options) {}
  /// Connects with a connection string of libpq.
  explicit pqxx_database(std::string const& connection_string, pqxx_options options = {})
      : pqxx_database([connection_string] { return std::make_unique<::pqxx::connection>(connection_string); },
                      options) {}

  /// The connection; connects if there is none. Throws what libpqxx throws.
  [[nodiscard]] ::pqxx::connection& connection() {
    if (connection_ == nullptr || !connection_->is_open()) {
      rollback();
      connection_ = connect_();
    }
    return *connection_;
  }

  Transaction& begin() {
    rollback();
    number_.clear();
    auto& c = connection();
    return transaction_.emplace(c);
  }

  /// Called by `transact` before the COMMIT.
  void before_commit() {
    if (!options_.find_out) return;
    auto const rows = transaction_->exec("SELECT txid_current_if_assigned()");
    number_ = rows[0][0].is_null() ? std::string("none") : rows[0][0].template as<std::string>();
  }

  void commit() {
    transaction_->commit();
    transaction_.reset();
  }

  void rollback() noexcept { transaction_.reset(); }

  void disconnect() noexcept {
    rollback();
    connection_.reset();
  }

  [[nodiscard]] bool can_find_out() const noexcept { return options_.find_out && !number_.empty(); }

  /// Whether the last transaction was committed, as the server says. A transaction that has written nothing was not.
  [[nodiscard]] std::optional<bool> committed() {
    if (number_ == "none") return false;
    ::pqxx::nontransaction asks(connection());
    auto const rows = asks.exec("SELECT coalesce(txid_status(" + number_ + "), 'in progress')");
    auto const status = rows[0][0].template as<std::string>();
    if (status == "committed") return true;
    if (status == "aborted") return false;
    return std::nullopt;
  }

 private:
  connect_function connect_;
  pqxx_options options_;
  std::string number_{};
  std::unique_ptr<::pqxx::connection> connection_{};
  std::optional<Transaction> transaction_{};
};

}  // namespace sql
}  // namespace tenax
