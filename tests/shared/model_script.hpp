// SPDX-License-Identifier: MIT
// model_script.hpp: what `lease_script` does, written again in C++: for tests in virtual time, and to compare both.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace tests {

/// The state of one key of a server, and the script that changes it.
class model_script {
 public:
  /// Runs the script at `now`, in microseconds of the server's clock. `message`: what it publishes; -1: nothing.
  std::vector<std::int64_t> run(std::span<std::int64_t const> arg, std::int64_t now, std::int64_t& message,
                                std::string& error) {
    message = -1;
    auto const machine = arg[0];
    auto const greeting = arg[1];
    auto wanted = arg[2];
    auto const charged = arg[3];
    auto const back = arg[4];
    auto const stamp = arg[8];
    auto const m = static_cast<std::size_t>(arg[10]);

    if (!exists) last = pause = now, newest = age = known = 0, limits.clear();
    std::int64_t lost = 0;
    if (now < last) {
      lost = last - now;
      pause -= lost;
      for (auto& l : limits) l.a -= lost;
    }
    std::vector<limit> asked;
    bool same = m == limits.size();
    for (std::size_t i = 0; i < m; ++i) {
      asked.push_back({arg[11 + 3 * i], arg[12 + 3 * i], arg[13 + 3 * i], now, 0});
      if (i < limits.size())
        same = same && limits[i].p == asked[i].p && limits[i].d == asked[i].d && limits[i].t == asked[i].t;
    }
    if (m > 0 && !same) {
      if (limits.empty()) {
        limits = asked;
        newest = stamp > 0 ? stamp : now;
      } else if (stamp == 0 && arg[9] == 1) {
        error = "TENAX other machines have other limits under this name";
        return {};
      } else if (stamp == 0 || stamp > newest) {
        for (std::size_t i = 0; m == limits.size() && i < m; ++i) {
          auto const& o = limits[i];
          if (o.a <= now) continue;
          auto const owed = static_cast<double>(o.a - now) * static_cast<double>(o.p) / static_cast<double>(o.d);
          asked[i].a =
              now + static_cast<std::int64_t>(owed * static_cast<double>(asked[i].d) / static_cast<double>(asked[i].p));
        }
        limits = asked;
        newest = stamp > 0 ? stamp : std::max(now, newest + 1);
      }
    }
    if (back > 0 && arg[5] == age) {
      for (auto& l : limits) l.add(-back);
    }
    if (arg[7] == 1) {
      for (auto& l : limits) l.raise(now + l.tolerance());
    }
    if (charged > 0) {
      for (auto& l : limits) l.raise(now), l.add(charged);
    }
    if (arg[6] < 0) {
      pause = now;
      for (auto& l : limits) l.a = std::min(l.a, now + l.tolerance());
      message = 0;
    } else if (arg[6] > 0 && now + arg[6] > pause) {
      pause = now + arg[6];
      for (auto& l : limits) l.raise(pause + l.tolerance());
      message = arg[6];
    }
    auto first = std::max(now, pause);
    for (auto const& l : limits) first = std::max(first, l.a - l.tolerance());
    if (limits.empty()) wanted = 0;
    if (greeting == 2) machines.erase(machine), known = std::max(known - 1, std::int64_t{1});
    std::vector<std::int64_t> answer{now,
                                     first - now,
                                     wanted,
                                     age + (wanted > 0 ? 1 : 0),
                                     newest,
                                     std::max(pause - now, std::int64_t{0}),
                                     0,
                                     lost,
                                     static_cast<std::int64_t>(limits.size())};
    for (auto& l : limits) {
      if (wanted > 0) l.raise(first);
      answer.insert(answer.end(), {l.p, l.d, l.t, l.a - now, l.r});
      if (wanted > 0) l.add(wanted);
    }
    if (wanted > 0) ++age;
    if (greeting == 1) {
      machines[machine] = now;
      std::erase_if(machines,
                    [&](auto const& each) { return each.second < now - 60'000'000 || each.second > now + 60'000'000; });
      known = static_cast<std::int64_t>(machines.size());
    }
    answer[6] = known;
    last = now;
    exists = true;
    return answer;
  }

  bool exists = false;
  std::int64_t last_time() const { return last; }

 private:
  struct limit {
    std::int64_t p, d, t, a, r;
    std::int64_t tolerance() const { return t * d / p; }
    void raise(std::int64_t to) {
      if (a < to) a = to, r = 0;
    }
    void add(std::int64_t n) {
      auto const sum = r + n * d;
      auto const whole = sum >= 0 ? sum / p : -((-sum + p - 1) / p);
      a += whole;
      r = sum - whole * p;
    }
  };

  std::int64_t last = 0, newest = 0, age = 0, pause = 0, known = 0;
  std::vector<limit> limits;
  std::map<std::int64_t, std::int64_t> machines;
};

}  // namespace tests
