// SPDX-License-Identifier: MIT
// limit_top.cpp: what a store knows of the limits that machines share: rates, machines, pauses, and how much is owed.
//
//   limit_top                        all limits of a redis-server on 127.0.0.1:6379
//   limit_top HOST:PORT [NAME]...    the limits with these names, as in their keys: tenax:1:{NAME}
#include <hiredis/hiredis.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

struct free_reply {
  void operator()(redisReply* r) const noexcept { freeReplyObject(r); }
};
using reply = std::unique_ptr<redisReply, free_reply>;

template <class... Args>
reply run(redisContext* c, char const* format, Args... args) {
  reply r(static_cast<redisReply*>(redisCommand(c, format, args...)));
  if (r == nullptr) std::fprintf(stderr, "limit_top: %s\n", c->errstr), std::exit(1);
  if (r->type == REDIS_REPLY_ERROR) std::fprintf(stderr, "limit_top: %s\n", r->str), std::exit(1);
  return r;
}

void print(redisContext* c, std::string const& key) {
  auto const held = run(c, "HGET %b s", key.data(), key.size());
  if (held->type != REDIS_REPLY_STRING) return static_cast<void>(std::printf("%-32s unknown\n", key.c_str()));
  // Version, time of the last question, stamp, leases, end of the pause, machines, number of limits; then five for
  // each. A limit that is searched for (version 2) has one, and what its search knows.
  std::istringstream line(held->str);
  std::vector<double> s;
  for (double number; line >> number;) s.push_back(number);
  bool const searches = s.size() > 12 && s[0] == 2 && s[6] == 1;
  bool const known = s.size() >= 7 && s[0] == 1 && s.size() == 7 + 5 * static_cast<std::size_t>(s[6]);
  if (!searches && !known) {
    return static_cast<void>(std::printf("%-32s was written by another version\n", key.c_str()));
  }
  auto const time = run(c, "TIME");
  auto const now = std::atof(time->element[0]->str) * 1e6 + std::atof(time->element[1]->str);
  std::printf("%-32s %3.0f machines, last asked %.3f s ago, %.0f leases%s", key.c_str(), s[5], (now - s[1]) / 1e6, s[3],
              s[4] > now ? "" : "\n");
  if (s[4] > now) std::printf(", paused for %.1f s\n", (s[4] - now) / 1e6);
  for (std::size_t i = 7; i < (searches ? 12 : s.size()); i += 5) {
    auto const rate = s[i] / s[i + 1] * 1e6;
    auto const owed = s[i + 3] > now ? (s[i + 3] - now) / 1e6 : 0;
    std::printf("%32s   %10.2f permits per second, %.0f at once; leased or owed: %.0f permits, %.3f s\n", "", rate,
                s[i + 2] + 1, owed * rate, owed);
  }
}

int main(int argc, char** argv) {
  std::string host = argc > 1 ? argv[1] : "127.0.0.1:6379";
  auto const colon = host.rfind(':');
  int const port = colon == host.npos ? 6379 : std::atoi(host.c_str() + colon + 1);
  std::unique_ptr<redisContext, void (*)(redisContext*)> const c(redisConnect(host.substr(0, colon).c_str(), port),
                                                                 redisFree);
  if (c == nullptr || c->err != 0) {
    std::fprintf(stderr, "limit_top: %s: %s\n", host.c_str(), c == nullptr ? "no memory" : c->errstr);
    return argc > 1 ? 1 : 0;  // without arguments, there need not be a server
  }
  std::vector<std::string> keys;
  for (int i = 2; i < argc; ++i) keys.push_back("tenax:1:{" + std::string(argv[i]) + "}");
  for (std::string cursor = "0"; argc <= 2;) {
    auto const page = run(c.get(), "SCAN %s MATCH tenax:1:* COUNT 100", cursor.c_str());
    cursor = page->element[0]->str;
    for (std::size_t i = 0; i < page->element[1]->elements; ++i) keys.emplace_back(page->element[1]->element[i]->str);
    if (cursor == "0") break;
  }
  for (auto const& k : keys) print(c.get(), k);
}
