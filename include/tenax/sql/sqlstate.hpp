// SPDX-License-Identifier: MIT
// sql/sqlstate.hpp: SQLSTATE codes, and the classes of database errors that matter for a retry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <tenax/detail/reject.hpp>

/// SQL databases: which errors may pass, and whole transactions that are retried.
namespace tenax::sql {

/// What an error of a database means for a transaction.
enum class condition : unsigned char {
  other,                 ///< it will not pass: a syntax error, a violated constraint, a missing table
  conflict,              ///< the server rolled the transaction back: a serialization failure or a deadlock
  lock_timeout,          ///< a lock was not granted in time; the transaction may still be open, with its locks
  connection_lost,       ///< there is no connection: the server rolls back what was not committed
  server_unavailable,    ///< the server is going or coming: shutting down, starting, recovering
  too_many_connections,  ///< the server has no room for another connection
  in_doubt               ///< it is unknown whether the statement took effect
};

/// The name of a condition in words, for logs.
[[nodiscard]] constexpr char const* to_string(condition c) noexcept {
  switch (c) {
    case condition::other: return "other";
    case condition::conflict: return "conflict";
    case condition::lock_timeout: return "lock timeout";
    case condition::connection_lost: return "connection lost";
    case condition::server_unavailable: return "server unavailable";
    case condition::too_many_connections: return "too many connections";
    case condition::in_doubt: return "in doubt";
  }
  return "other";
}

/// An SQLSTATE (ISO 9075): five characters, each a digit or a capital letter; or none.
class sqlstate {
 public:
  /// No SQLSTATE.
  constexpr sqlstate() = default;

  /// Reads the SQLSTATE of a driver. What is not an SQLSTATE counts as none.
  [[nodiscard]] static constexpr sqlstate from_driver(std::string_view text) noexcept {
    sqlstate s;
    if (is_state(text, 5)) s.set(text);
    return s;
  }

  [[nodiscard]] constexpr bool known() const noexcept { return text_[0] != 0; }
  /// The five characters; empty if there are none.
  [[nodiscard]] constexpr std::string_view text() const noexcept { return {text_, known() ? std::size_t{5} : 0}; }

  friend constexpr bool operator==(sqlstate const&, sqlstate const&) = default;

  /// Whether a text consists of `size` characters that an SQLSTATE may have.
  [[nodiscard]] static constexpr bool is_state(std::string_view text, std::size_t size) noexcept {
    if (text.size() != size) return false;
    for (char const c : text) {
      if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z')) return false;
    }
    return true;
  }

 private:
  constexpr void set(std::string_view text) noexcept {
    for (std::size_t i = 0; i < 5; ++i) text_[i] = text[i];
  }

  char text_[6] = {};
};

/// Classifies an SQLSTATE, those of PostgreSQL included. Class 40 is a conflict, except 40002 (a violated constraint)
/// and 40003 (in doubt). Class 08 is a lost connection, except 08004 (too many connections) and 08007 (in doubt).
[[nodiscard]] constexpr condition classify(sqlstate const& state) noexcept {
  auto const text = state.text();
  auto const is_class = [text](std::string_view c) { return text.substr(0, 2) == c; };
  if (text == "40002") return condition::other;
  if (text == "40003" || text == "08007") return condition::in_doubt;
  if (is_class("40")) return condition::conflict;
  if (text == "08004" || text == "53300") return condition::too_many_connections;
  // Also 57P05 and 25P03, which end a connection that was idle for too long, and an ODBC driver that cannot connect.
  if (is_class("08") || text == "57P05" || text == "25P03" || text == "HYT01") return condition::connection_lost;
  if (text == "57P01" || text == "57P02" || text == "57P03") return condition::server_unavailable;
  if (text == "55P03" || text == "HYT00") return condition::lock_timeout;
  return condition::other;
}

/// An error of a database.
struct error {
  condition what = condition::other;
  sqlstate state{};
  int code = 0;                    ///< the driver's own number: that of MySQL, the extended result code of SQLite
  bool keeps_transaction = false;  ///< a COMMIT that failed so may be repeated: the transaction is still open
  bool never_sent = false;         ///< the driver has refused the statement, and the server has not seen it

  /// Whether it is known what the server did: it has answered, or was never asked.
  [[nodiscard]] constexpr bool answered() const noexcept { return state.known() || code != 0 || never_sent; }

  friend constexpr bool operator==(error const&, error const&) = default;
};

/// Makes an error of an SQLSTATE.
[[nodiscard]] constexpr error error_of_state(std::string_view state) noexcept {
  auto const s = sqlstate::from_driver(state);
  return {.what = classify(s), .state = s};
}

/// Whether the transaction may succeed if it is run again as a whole. `in_doubt` is not among these.
[[nodiscard]] constexpr bool is_transient(condition c) noexcept {
  return c != condition::other && c != condition::in_doubt;
}

/// Whether the connection is of no use any more.
[[nodiscard]] constexpr bool breaks_connection(condition c) noexcept {
  return c == condition::connection_lost || c == condition::server_unavailable ||
         c == condition::too_many_connections || c == condition::in_doubt;
}

}  // namespace tenax::sql
