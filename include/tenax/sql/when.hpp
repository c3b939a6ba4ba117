// SPDX-License-Identifier: MIT
// sql/when.hpp: retry predicates for errors of databases: `when::sqlstate` and named classes.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>

#include <tenax/sql/database_error.hpp>
#include <tenax/when/compose.hpp>

#if defined(__cpp_exceptions) && defined(__cpp_rtti)

namespace tenax::when {

/// See `when::sqlstate`.
template <std::size_t Size>
struct sqlstate_predicate : operators {
  static constexpr bool uses_time = false;
  template <class T>
  static constexpr bool accepts_every_value = true;

  std::array<std::string_view, Size> codes{};

  template <class T>
  bool operator()(attempt<T> const& a) const {
    auto const* const caught = a.result.caught();
    if (caught == nullptr) return false;
    auto const e = sql::error_in(*caught);
    for (auto const code : codes) {
      if (e.state.known() && e.state.text().substr(0, code.size()) == code) return true;
    }
    return false;
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text(Size == 1 ? "SQLSTATE " : "one of the SQLSTATEs ");
    for (std::size_t i = 0; i < Size; ++i) {
      if (i > 0) out.text(" ");
      out.text(codes[i]);
    }
  }
};

/// Retries exceptions that carry one of these SQLSTATEs: `when::sqlstate("40001", "40P01")`. Two characters are a
/// class: `when::sqlstate("08")`. The characters must outlive the policy, as those of a literal do.
///
/// Throws `std::invalid_argument` for a text that is neither.
template <class... Codes>
[[nodiscard]] constexpr auto sqlstate(Codes const&... codes) {
  constexpr bool texts = sizeof...(Codes) > 0 && (std::convertible_to<Codes const&, std::string_view> && ...);
  static_assert(texts, "tenax: when::sqlstate() needs SQLSTATEs as text, such as when::sqlstate(\"40001\", \"08\")");
  sqlstate_predicate<sizeof...(Codes)> predicate{};
  if constexpr (texts) {
    std::size_t i = 0;
    ((predicate.codes[i++] = codes), ...);
    for (auto const code : predicate.codes) {
      if (!sql::sqlstate::is_state(code, 5) && !sql::sqlstate::is_state(code, 2)) {
        char shown[32] = "empty";
        for (std::size_t n = 0; n < code.size() && n + 1 < sizeof shown; ++n) {
          shown[n] = code[n];
          shown[n + 1] = 0;
        }
        invalid_parameter("when::sqlstate: code",
                          "must have five digits or capital letters, such as 40001, or two for a class", shown);
      }
    }
  }
  return predicate;
}

/// See the predicates below.
struct sql_condition_predicate : operators {
  static constexpr bool uses_time = false;
  template <class T>
  static constexpr bool accepts_every_value = true;

  sql::condition what = sql::condition::other;

  constexpr explicit sql_condition_predicate(sql::condition c) noexcept : what(c) {}

  template <class T>
  bool operator()(attempt<T> const& a) const {
    auto const* const caught = a.result.caught();
    return caught != nullptr && sql::error_in(*caught).what == what;
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("errors of a database: ");
    out.text(sql::to_string(what));
  }
};

/// Retries serialization failures and deadlocks: the server has rolled the transaction back.
inline constexpr sql_condition_predicate serialization_conflict{sql::condition::conflict};
/// Retries a lock that was not granted in time.
inline constexpr sql_condition_predicate lock_timeout{sql::condition::lock_timeout};
/// Retries a lost connection. **Not for a COMMIT**, which may have taken effect: see `sql::transact`.
inline constexpr sql_condition_predicate connection_lost{sql::condition::connection_lost};
/// Retries while the server shuts down, starts or recovers. Not for a COMMIT.
inline constexpr sql_condition_predicate server_unavailable{sql::condition::server_unavailable};
/// Retries while the server has no room for another connection.
inline constexpr sql_condition_predicate too_many_connections{sql::condition::too_many_connections};

}  // namespace tenax::when

#endif
