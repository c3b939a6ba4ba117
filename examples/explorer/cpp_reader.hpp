// SPDX-License-Identifier: MIT
// cpp_reader.hpp: reads a policy that is written as C++, in the way in which policy.hpp writes it, and answers with the
// compact text. The names may lack `tenax::`, and the setters may stand in any order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy.hpp"

namespace explorer {

namespace detail {

inline bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The C++ without comments, lines of the preprocessor, `tenax::`, `std::chrono::`, and blanks that do not part names.
inline std::string condensed(std::string_view cpp) {
  std::string out;
  bool blank = false, line_begins = true;
  while (!cpp.empty()) {
    bool const comment = cpp.substr(0, 2) == "//";
    if (comment || (line_begins && cpp.front() == '#')) {
      auto const end = cpp.find('\n');
      cpp.remove_prefix(end == cpp.npos ? cpp.size() : end);
      continue;
    }
    if (cpp.substr(0, 2) == "/*") {
      auto const end = cpp.find("*/", 2);
      cpp.remove_prefix(end == cpp.npos ? cpp.size() : end + 2);
      blank = true;
      continue;
    }
    char const c = cpp.front();
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      blank = true;
      line_begins = line_begins || c == '\n';
      cpp.remove_prefix(1);
      continue;
    }
    line_begins = false;
    if (blank && !out.empty() && is_name(out.back()) && is_name(c)) out += ' ';
    bool const begins = out.empty() || !is_name(out.back()) || blank;
    blank = false;
    if (begins && cpp.substr(0, 7) == "tenax::") {
      cpp.remove_prefix(7);
    } else if (begins && cpp.substr(0, 13) == "std::chrono::") {
      cpp.remove_prefix(13);
    } else {
      out += c;
      cpp.remove_prefix(1);
    }
  }
  return out;
}

class cpp_reader {
 public:
  explicit cpp_reader(std::string_view text) : r_(text) {}

  std::string policy() {
    while (r_.good() && !r_.take("retrying{}")) {
      if (r_.next() == '\0') return r_.fail("the C++ needs tenax::retrying{} and its setters"), "";
      statement();
    }
    std::string gates;
    while (r_.good() && r_.take(".")) {
      auto const setter = r_.name();
      r_.need("(");
      if (setter == "when")
        when();
      else if (setter == "wait")
        waits();
      else if (setter == "stop")
        stop();
      else if (setter == "max_server_wait")
        server_wait();
      else if (setter == "attempt_timeout")
        out_ += "attempt_timeout=" + time() + " ";
      else if (setter == "through")
        gates += through();
      else
        r_.fail("." + setter +
                "() is not known here; write .when, .wait, .stop, .max_server_wait, .attempt_timeout or .through");
      r_.need(")");
    }
    if (r_.good() && r_.next() != ';' && r_.next() != '\0') r_.fail("the C++ cannot be understood " + r_.here());
    out_ += gates;
    // The defaults of tenax::retrying{}.
    if (out_.find("attempts=") == out_.npos && out_.find("deadline=") == out_.npos &&
        out_.find("elapsed=") == out_.npos)
      out_ = "attempts=3 " + out_;
    if (!out_.empty()) out_.pop_back();
    return std::move(out_);
  }
  [[nodiscard]] std::string const& mistake() const { return r_.mistake(); }

 private:
  /// What stands in front of the policy: the declaration of a gate, or something to skip.
  void statement() {
    auto const type = r_.name();
    if (type == "auto" || type == "constexpr" || type == "const") {  // auto const policy=
      while (r_.take(" ")) r_.name();
      r_.need("=");
    } else if (type == "namespace" || type == "using") {
      while (r_.next() != '\0' && r_.next() != ';') r_.skip();
      r_.need(";");
    } else if (!type.empty()) {
      if (!r_.take("<>")) r_.need(" ");
      auto const name = r_.name();
      bool const brace = r_.take("{");
      if (!brace && !r_.take("(")) {
        r_.fail("\"" + type + "\" is not known here; write the gates, and then tenax::retrying{} and its setters");
        return;
      }
      gates_.emplace_back(name, gate(type));
      r_.need(brace ? "}" : ")"), r_.need(";");
    } else {
      r_.fail("the C++ cannot be understood " + r_.here());
    }
  }

  std::string time() {
    for (auto const& [name, unit] : {std::pair{"nanoseconds(", "ns"},
                                     {"microseconds(", "us"},
                                     {"milliseconds(", "ms"},
                                     {"seconds(", "s"},
                                     {"minutes(", "min"},
                                     {"hours(", "h"}}) {
      if (!r_.take(name)) continue;
      auto const n = std::to_string(r_.whole("a duration", 0, 1'000'000'000'000));
      r_.need(")");
      return n + unit;
    }
    return cpp_time(r_.time("a duration", false, false));
  }
  std::string percent() { return cpp_number(r_.number("a share", 0, 1) * 100) + "%"; }

  void when() {
    std::string list;
    do {
      r_.need("when::");
      auto const name = r_.name();
      if (name == "transport_error") {
        list += ",no_answer";
      } else if (name == "transient") {
        list += ",408,425,429,500,502,503,504,no_answer";
      } else if (name == "status") {
        r_.need("(");
        do list += "," + std::to_string(r_.whole("status", 100, 999));
        while (r_.take(","));
        r_.need(")");
      } else {
        r_.fail("when::" + name +
                " is not known here; write when::status(429, 503), when::transport_error or "
                "when::transient");
      }
    } while (r_.good() && r_.take("||"));
    if (r_.good()) list.erase(0, 1);
    if (list != "408,425,429,500,502,503,504,no_answer") out_ += "when=" + list + " ";
  }

  void stop() {
    do {
      r_.need("stop::");
      auto const name = r_.name();
      if (name == "never") {
        out_ += "attempts=unlimited ";
        continue;
      }
      r_.need("(");
      if (name == "after_attempts") {
        out_ += "attempts=" + std::to_string(r_.whole("attempts", 1, 4'294'967'295)) + " ";
      } else if (name == "deadline") {
        out_ += "deadline=" + time() + " ";
      } else if (name == "after_elapsed") {
        out_ += "elapsed=" + time() + " ";
      } else {
        r_.fail("stop::" + name +
                " is not known here; write stop::after_attempts(5), stop::deadline(30s), stop::after_elapsed(1min) or "
                "stop::never");
      }
      r_.need(")");
      if (name == "deadline" && r_.take(".clip_last_wait()")) out_.insert(out_.size() - 1, ".clip");
    } while (r_.good() && r_.take("||"));
  }

  void server_wait() {
    out_ += "server_wait=" + (r_.take("duration::max()") ? std::string("unlimited") : time());
    if (r_.take(",")) r_.need("too_long::"), out_ += "." + r_.name();
    out_ += " ";
  }

  std::string through() {
    bool const reference = r_.take("std::ref(");
    if (!reference) return r_.fail(".through() needs a gate that calls share; write .through(std::ref(gate))"), "";
    auto const name = r_.name();
    r_.need(")");
    for (auto const& g : gates_) {
      if (g.first == name) return "gate=" + g.second + " ";
    }
    r_.fail("the gate \"" + name + "\" is not declared in front of the policy");
    return "";
  }

  std::string rate(bool burst) {
    auto const unit = r_.name();
    r_.need("(");
    auto text = std::to_string(r_.whole("a rate", 1, 1'000'000));
    r_.need(")");
    text += unit == "per_second" ? "/s" : unit == "per_minute" ? "/min" : unit == "per_hour" ? "/h" : "";
    if (text.find('/') == text.npos) r_.fail("a rate is per_second(10), per_minute(10) or per_hour(10)");
    if (burst && r_.take(".with_burst("))
      text += ",burst=" + std::to_string(r_.whole("with_burst", 1, 1'000'000)), r_.need(")");
    return text;
  }

  std::string gate(std::string const& type) {
    if (type == "rate_limiter") return "rate(" + rate(true) + ")";
    if (type == "retry_quota") {
      if (r_.next() == ')' || r_.next() == '}') return "quota(aws_2026)";
      r_.need("retry_quota_options::");
      auto const rules = r_.name();
      r_.need("()");
      return "quota(" + rules + ")";
    }
    std::string first, second;
    char const* name = "";
    auto const options = [&](char const* text, char const* one, char const* two, auto read_one, auto read_two) {
      name = text;
      bool const open = r_.take("{");
      while (r_.good() && r_.take(".")) {
        auto const option = r_.name();
        r_.need("=");
        if (option == one)
          first = read_one();
        else if (option == two)
          second = read_two();
        else
          r_.fail(type + ": the option ." + option + " is not known here");
        if (!r_.take(",")) break;
      }
      if (open) r_.need("}");
    };
    auto const whole = [&] { return std::to_string(r_.whole("an option", 1, 1'000'000)); };
    auto const number = [&] { return cpp_number(r_.number("an option", 0, 1'000'000)); };
    auto const share = [&] { return percent(); };
    auto const length = [&] { return time(); };
    if (type == "retry_budget") {
      options("budget", "tokens", "ratio", whole, share);
      if (first.empty()) first = "10";
    } else if (type == "circuit_breaker") {
      options("circuit", "failures", "open_for", whole, length);
      if (first.empty()) first = "5";
    } else if (type == "adaptive_throttle") {
      options("throttle", "k", "", number, number);
    } else if (type == "bulkhead") {
      options("bulkhead", "at_once", "", whole, whole);
    } else if (type == "adaptive_rate_limiter") {
      options("adaptive", "start", "", [&] { return rate(false); }, number);
    } else {
      r_.fail("the gate \"" + type + "\" is not known here");
    }
    if (first.empty()) return name;
    return std::string(name) + "(" + first + (second.empty() ? "" : "," + second) + ")";
  }

  /// The argument of `.wait()`.
  void waits() {
    bool const by_kind = r_.take("wait::first_of(wait::only_if(when::throttled,");
    if (by_kind) {
      auto const throttled = wait();
      r_.need(")"), r_.need(",");
      out_ += "wait=" + wait() + " throttled_wait=" + throttled + " ";
      r_.need(")");
    } else {
      out_ += "wait=" + wait() + " ";
    }
  }

  std::string wait(int depth = 0) {
    auto text = one_wait(depth);
    while (r_.good() && r_.take("+")) text += "+" + one_wait(depth);
    return text;
  }

  std::string one_wait(int depth) {
    r_.need("wait::");
    auto const name = r_.name();
    std::string text;
    if (name == "none") return name;
    if (name == "sequence") {
      bool const brace = r_.take("{");
      if (!brace) r_.need("(");
      do text += (text.empty() ? "" : ",") + time();
      while (r_.good() && r_.take(","));
      r_.need(brace ? "}" : ")");
      return jittered("sequence(" + text + ")");
    }
    r_.need("(");
    if (name == "max_of" || name == "min_of") {
      if (depth > 3) return r_.fail("max_of and min_of are nested too deeply"), "";
      text = name.substr(0, 3) + "(" + wait(depth + 1);
      r_.need(","), text += "," + wait(depth + 1) + ")";
      r_.need(")");
      return text;
    }
    if (name == "constant") {
      text = "constant(" + time() + ")";
    } else if (name == "uniform") {
      text = "uniform(" + time();
      r_.need(","), text += ".." + time() + ")";
    } else if (name == "exponential" || name == "linear" || name == "fibonacci" || name == "polynomial" ||
               name == "decorrelated") {
      text = name + "(" + options_of(name) + ")";
    } else {
      r_.fail("wait::" + name + " is not known here; write a strategy such as wait::exponential({.base = 100ms})");
    }
    r_.need(")");
    return jittered(std::move(text));
  }

  std::string options_of(std::string const& name) {
    std::string low = name == "linear" || name == "fibonacci" ? "1s" : "100ms", high, more;
    if (name == "linear") more = ",step=1s";
    if (name == "decorrelated") high = "..30s";
    bool const open = r_.take("{");
    while (r_.good() && r_.take(".")) {
      auto const option = r_.name();
      r_.need("=");
      if (option == (name == "linear" ? "first" : name == "fibonacci" ? "unit" : "base"))
        low = time();
      else if (option == "max")
        high = ".." + time();
      else if (option == "factor" && name == "exponential")
        more = ",factor=" + cpp_number(r_.number("factor", 1, 1000));
      else if (option == "step" && name == "linear")
        more = ",step=" + time();
      else if (option == "exponent" && name == "polynomial")
        more = ",exponent=" + std::to_string(r_.whole("exponent", 0, 20));
      else
        r_.fail("wait::" + name + ": the option ." + option + " is not known");
      if (!r_.take(",")) break;
    }
    if (open) r_.need("}");
    return low + high + more;
  }

  std::string jittered(std::string text) {
    if (r_.take(".full()")) return text + ".full";
    if (r_.take(".equal()")) return text + ".equal";
    if (r_.take(".proportional(")) {
      text += ".proportional(" + percent() + ")";
      r_.need(")");
    } else if (r_.take(".additive(")) {
      text += ".additive(" + time() + ")";
      r_.need(")");
    }
    return text;
  }

  reader r_;
  std::string out_{};
  std::vector<std::pair<std::string, std::string>> gates_{};
};

}  // namespace detail

/// The compact text of a policy that is given as C++; or a sentence that begins with "! ".
inline std::string text_of_cpp(std::string_view cpp) {
  auto const condensed = detail::condensed(cpp);
  detail::cpp_reader reader(condensed);
  auto text = reader.policy();
  if (!reader.mistake().empty()) return "! " + reader.mistake() + "\n";
  settings s;
  if (auto const mistake = read_policy(text, s); !mistake.empty()) return "! " + mistake + "\n";
  return text;
}

}  // namespace explorer
