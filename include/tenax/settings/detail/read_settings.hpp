// SPDX-License-Identifier: MIT
// settings/detail/read_settings.hpp: reads the values of `retry_settings`, and `NAME=VALUE` after `NAME=VALUE`.
#pragma once

#include <string>
#include <string_view>

#include <tenax/settings/detail/reader.hpp>
#include <tenax/settings/retry_settings.hpp>

namespace tenax::detail {

/// The settings in the order in which they are written.
inline constexpr std::string_view setting_names[] = {"attempts", "wait",        "deadline",
                                                     "elapsed",  "server_wait", "attempt_timeout"};
inline constexpr std::size_t settings_count = sizeof setting_names / sizeof *setting_names;

/// The place of a setting in `setting_names`, or `settings_count`.
constexpr std::size_t setting_index(std::string_view name) noexcept {
  std::size_t i = 0;
  while (i < settings_count && setting_names[i] != name) ++i;
  return i;
}

/// The sentence for a name that is not a setting.
inline std::string unknown_setting(std::string_view name) {
  if (name == "when" || name == "gate" || name == "retry_on") {
    return quoted(name) + " is not a setting: the code decides " +
           (name == "gate" ? "which gates a call passes, with .through(...)"
                           : "which failures are retried, with .when(...)");
  }
  if (!nearest(name, {"retries", "max_retries"}, {}).empty()) {
    return quoted(name) + " is not a setting; write \"attempts\", which counts the first call as well";
  }
  return unknown_word(name, "a setting", {"attempts", "wait", "deadline", "elapsed", "server_wait", "attempt_timeout"},
                      {{"max_attempts", "attempts"},
                       {"tries", "attempts"},
                       {"backoff", "wait"},
                       {"delay", "wait"},
                       {"interval", "wait"},
                       {"timeout", "deadline"},
                       {"total_timeout", "deadline"},
                       {"max_elapsed", "elapsed"},
                       {"max_elapsed_time", "elapsed"},
                       {"max_server_wait", "server_wait"},
                       {"retry_after", "server_wait"},
                       {"try_timeout", "attempt_timeout"},
                       {"per_try_timeout", "attempt_timeout"}});
}

inline void read_jitter(settings_reader& r, wait_settings& w) {
  w.jitter = jitter_kind::none;
  if (!r.take(".")) return;
  auto const at = r.at();
  auto const name = r.word();
  if (!w.has_jitter()) {
    r.fail("this wait is random or zero, so it has no jitter; leave out ." + std::string(name.substr(0, 24)), at - 1);
  } else if (name == "full") {
    w.jitter = jitter_kind::full;
  } else if (name == "equal") {
    w.jitter = jitter_kind::equal;
  } else if (name == "proportional") {
    w.jitter = jitter_kind::proportional;
    r.need("(") && (w.share = r.percent("proportional"), r.need(")"));
  } else if (name == "additive") {
    w.jitter = jitter_kind::additive;
    r.need("(") && (w.most = r.time("additive"), r.need(")"));
  } else {
    r.fail(unknown_word(name, "a jitter", {"full", "equal", "proportional(20%)", "additive(100ms)"},
                        {{"proportional", "proportional(20%)"},
                         {"additive", "additive(100ms)"},
                         {"half", "equal"},
                         {"random", "full"}}),
           at);
  }
}

inline wait_kind wait_kind_of(std::string_view name, bool& known) noexcept {
  constexpr std::string_view names[] = {"none",       "constant", "linear",  "exponential", "fibonacci",
                                        "polynomial", "sequence", "uniform", "decorrelated"};
  for (std::size_t i = 0; i < sizeof names / sizeof *names; ++i) {
    if (names[i] == name) return static_cast<wait_kind>(i);
  }
  known = false;
  return wait_kind::none;
}

/// `, NAME=` inside of brackets.
inline bool read_option(settings_reader& r, std::string_view option) {
  r.skip_blanks();
  if (!r.take(",")) return false;
  r.skip_blanks();
  auto const at = r.at();
  auto const name = r.word();
  if (name != option) {
    r.fail(name.empty() ? quoted(option) + " is expected " + r.here()
                        : unknown_word(name, "an option of this wait", {option}),
           at);
  }
  return r.need("=");
}

inline void read_sequence(settings_reader& r, wait_settings& w) {
  do {
    r.skip_blanks();
    if (w.size == wait_settings::most_waits) {
      r.fail("a sequence has at most 8 waits in settings");
      return;
    }
    w.waits[w.size++] = r.time("sequence");
    r.skip_blanks();
  } while (r.take(","));
}

inline wait_settings read_wait(settings_reader& r) {
  wait_settings w{.jitter = jitter_kind::none, .max = retry_settings::no_limit};
  auto const at = r.at();
  auto const name = r.word();
  bool known = true;
  w.kind = wait_kind_of(name, known);
  if (name.empty()) {
    r.fail("wait needs a strategy, such as exponential(100ms..5s).full, " + r.here());
  } else if (!known) {
    r.fail(unknown_word(name, "a wait",
                        {"none", "constant", "linear", "exponential", "fibonacci", "polynomial", "sequence", "uniform",
                         "decorrelated"},
                        {{"fixed", "constant"}, {"backoff", "exponential"}, {"random", "uniform"}, {"no", "none"}}),
           at);
  }
  if (!r.good() || w.kind == wait_kind::none) {
    if (r.good()) read_jitter(r, w);
    return w;
  }
  if (!r.take("(")) {
    r.fail(std::string(name) + " needs its times in brackets, as in " + std::string(name) +
           (w.kind == wait_kind::constant   ? "(1s), "
            : w.kind == wait_kind::sequence ? "(1s,5s), "
                                            : "(100ms..5s), ") +
           r.here());
    return w;
  }
  r.skip_blanks();
  if (w.kind == wait_kind::sequence) {
    read_sequence(r, w);
  } else {
    w.first = r.time(name);
    auto const max_at = r.at() + 2;
    if (w.has_max() && r.take("..")) {
      w.max = r.time(name);
      if (r.good() && w.max < w.first) {
        r.fail(std::string(name) + ": the second time (" + duration_text(w.max).c_str() +
                   ") must not be less than the first one (" + duration_text(w.first).c_str() + ")",
               max_at);
      }
    } else if (w.kind == wait_kind::uniform || w.kind == wait_kind::decorrelated) {
      r.fail(std::string(name) + " needs two times, as in " + std::string(name) + "(100ms..5s), " + r.here());
    }
    if (w.kind == wait_kind::linear) w.step = w.first;
    if (w.kind == wait_kind::exponential && read_option(r, "factor"))
      w.factor = r.number_between("factor", 1, 1'000'000);
    if (w.kind == wait_kind::linear && read_option(r, "step")) w.step = r.time("step");
    if (w.kind == wait_kind::polynomial && read_option(r, "exponent")) w.exponent = r.whole("exponent", 0, 63);
  }
  r.skip_blanks();
  if (r.need(")")) read_jitter(r, w);
  return w;
}

/// A time, or a word for "no limit".
inline duration read_limit(settings_reader& r, std::string_view name, std::string_view none, bool positive) {
  return r.take(none) ? retry_settings::no_limit : r.time(name, positive);
}

inline void read_server_wait(settings_reader& r, server_wait_limit& limit) {
  limit = {read_limit(r, "server_wait", "unlimited", false), too_long::give_up};
  if (!r.take(".")) return;
  auto const at = r.at();
  auto const action = r.word();
  if (action == "clamp")
    limit.action = too_long::clamp;
  else if (action == "ignore")
    limit.action = too_long::ignore;
  else if (action == "lengthen")
    limit.action = too_long::lengthen;
  else if (action != "give_up")
    r.fail(unknown_word(action, "known after server_wait", {"give_up", "clamp", "ignore", "lengthen"}), at);
}

/// Reads the value of the setting with this index.
inline void read_setting(settings_reader& r, std::size_t index, retry_settings& s) {
  switch (index) {
    case 0: s.attempts = r.take("unlimited") ? retry_settings::unlimited : r.whole("attempts", 1, 0xffff'fffe); break;
    case 1: s.wait = read_wait(r); break;
    case 2:
      s.deadline = read_limit(r, "deadline", "none", true);
      if (r.good() && r.sees(".clip"))
        r.fail("the code shortens the last wait, with stop::deadline(d).clip_last_wait()");
      break;
    case 3: s.elapsed = read_limit(r, "elapsed", "none", true); break;
    case 4: read_server_wait(r, s.server_wait); break;
    default: s.attempt_timeout = read_limit(r, "attempt_timeout", "none", true);
  }
}

/// Reads the text of one value, all of it.
inline void read_value(settings_reader& r, std::size_t index, retry_settings& s) {
  r.skip_blanks();
  read_setting(r, index, s);
  r.skip_blanks();
  if (r.good() && !r.ended()) {
    r.fail(std::string(setting_names[index]) + ": the value cannot be understood " + r.here());
  }
}

inline void read_settings(settings_reader& r, retry_settings& s) {
  bool seen[settings_count] = {};
  for (r.skip_blanks(); r.good() && !r.ended(); r.skip_blanks()) {
    auto const at = r.at();
    auto const name = r.word();
    auto const index = setting_index(name);
    if (name.empty()) {
      r.fail(r.sees(",") || r.sees(";")
                 ? "settings are separated by blanks; leave out the " + quoted(r.sees(",") ? "," : ";")
                 : "a setting is NAME=VALUE, such as attempts=5; that is expected " + r.here());
    } else if (index == settings_count) {
      r.fail(unknown_setting(name), at);
    } else if (seen[index]) {
      r.fail(std::string(name) + " is set twice", at);
    } else if (!r.take("=")) {
      r.fail("\"=\" is expected after " + quoted(name) + ", as in attempts=5");
    }
    if (!r.good() || index == settings_count) return;  // the latter for compilers
    seen[index] = true;
    read_setting(r, index, s);
    if (r.good() && !r.ended() && !r.at_blank()) {
      if (r.sees(",") || r.sees(";"))
        r.fail("settings are separated by blanks; leave out the " + quoted(r.sees(",") ? "," : ";"));
      r.fail(std::string(name) + ": the value cannot be understood " + r.here());
    }
  }
}

}  // namespace tenax::detail
