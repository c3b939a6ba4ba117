// SPDX-License-Identifier: MIT
// detail/outcome_text.hpp: describes an outcome and the server's wait in words, for log lines and {fmt}.
#pragma once

#include <string_view>

#include <tenax/detail/duration_text.hpp>
#include <tenax/platform/error_text.hpp>
#include <tenax/result_traits.hpp>

// `Out`, below, has four functions: `text(words)` writes the library's own words, `foreign(words)` words from outside,
// `time(duration)` a time, and `value(v, otherwise)` any value, or `otherwise` if it cannot.
namespace tenax::detail {

/// The output for `result_traits::describe`: its text may come from a server.
template <class Out>
struct foreign_words {
  Out& out;
  void text(std::string_view words) { out.foreign(words); }
};

/// Writes an error code of the standard library, or of a similar type. Its `message()` would make a string. Codes of
/// the operating system are written without it; only a category of another kind may allocate.
template <class Out, class ErrorCode>
void write_error_code(Out& out, ErrorCode const& code) {
  char buffer[256] = {};
  if constexpr (requires { std::string_view(code.message(buffer, sizeof buffer)); }) {
    out.foreign(std::string_view(code.message(buffer, sizeof buffer)));
  } else {
    std::string_view const category = code.category().name();
    bool const is_errno = category == "generic" || (platform::system_errors_are_errno && category == "system");
    char const* const text = is_errno ? platform::errno_text(code.value(), buffer, sizeof buffer) : nullptr;
    text != nullptr ? out.foreign(text) : out.foreign(std::string_view(code.message()));
  }
}

/// Writes a returned value that says that the operation failed, or the error in it.
template <class Out, class R>
void write_error(Out& out, R const& error) {
  if constexpr (requires { error.category().name(), error.value(), error.message(); }) {
    write_error_code(out, error);
  } else if constexpr (requires { std::string_view(error.message()); }) {
    out.foreign(std::string_view(error.message()));
  } else if constexpr (requires { error.error(); }) {
    write_error(out, error.error());
  } else if constexpr (requires { std::string_view(error.what()); }) {
    out.foreign(std::string_view(error.what()));
  } else {
    out.value(error, "an error");
  }
}

/// Whether `result_traits::describe` has something to say about a value. The type of an `any_result` is known only when
/// the program runs.
template <class T>
bool has_description([[maybe_unused]] outcome<T> const& result) {
  if constexpr (requires { traits_of<T>::has_description(result.value()); }) {
    return traits_of<T>::has_description(result.value());
  } else {
    return true;
  }
}

/// Writes `failed: ` and why, or `returned: ` and what `result_traits::describe` says. Returns false, and writes
/// nothing, for a value that is not a failure and has no description.
template <class Out, class T>
[[nodiscard]] bool write_outcome(Out& out, outcome<T> const& result) {
  if (auto const* const caught = result.caught()) {
    out.text("failed: ");
    out.foreign(caught->standard() != nullptr ? caught->standard()->what() : "an exception of another type");
    return true;
  }
  if constexpr (can_fail<T>) {
    auto const failed = result_failed(result);
    if constexpr (requires(foreign_words<Out>& words) { traits_of<T>::describe(result.value(), words); }) {
      if (!has_description(result)) return false;
      out.text(failed ? "failed: " : "returned: ");
      foreign_words<Out> words{out};
      traits_of<T>::describe(result.value(), words);
      return true;
    } else if (failed) {
      out.text("failed: ");
      write_error(out, result.value());
      return true;
    }
  }
  return false;
}

/// Writes ` (the server asked for 1s)`, if it asked for a wait.
template <class Out>
void write_server_wait(Out& out, optional_duration wait) {
  if (!wait) return;
  out.text(" (the server asked for ");
  *wait == (duration::max)() ? out.text("a wait without end") : out.time(in_passing(*wait));
  out.text(")");
}

}  // namespace tenax::detail
