// SPDX-License-Identifier: MIT
// header_vectors.cpp: headers of real servers, and headers that other libraries misread: tests/data/http_headers.json.
#include <tenax/http/server_delay.hpp>

#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "catch.hpp"

namespace http = tenax::http;
using nlohmann::json;

namespace {

using headers = std::vector<std::pair<std::string, std::string>>;

json const& vectors() {
  static json const all = [] {
    std::ifstream file(TENAX_TEST_DATA "/http_headers.json");
    return json::parse(file).at("vectors");
  }();
  return all;
}

json delay_of(http::server_hint const& advice) { return advice.delay ? json(advice.delay->count()) : json(nullptr); }

json directive_of(http::server_hint const& advice) {
  switch (advice.verdict) {
    case http::server_verdict::retry: return "retry";
    case http::server_verdict::no_retry: return "no_retry";
    case http::server_verdict::none: break;
  }
  return nullptr;
}

http::server_hint advice_for(json const& v, http::profile p, headers const& h) {
  auto const now = http::wall_time(std::chrono::seconds(v.at("now_epoch").get<std::int64_t>()));
  return http::server_delay(h, v.at("status").get<int>(), now, p);
}

bool is_grpc(headers const& h) { return !h.empty() && h.front().first == "grpc-retry-pushback-ms"; }

}  // namespace

TEST_CASE("Every vector gives the expected result in both profiles") {
  std::set<std::string> ids;
  for (auto const& v : vectors()) {
    INFO(v.dump());
    auto const h = v.at("headers").get<headers>();
    auto const pragmatic = advice_for(v, http::profile::pragmatic, h);
    CHECK(delay_of(pragmatic) == v.at("expected_delay_ms"));
    CHECK(directive_of(pragmatic) == v.at("expected_directive"));

    auto const strict = advice_for(v, http::profile::strict, h);
    CHECK(delay_of(strict) == v.at("strict_delay_ms"));
    CHECK(directive_of(strict) == (is_grpc(h) ? v.at("expected_directive") : json(nullptr)));
    ids.insert(v.at("id").get<std::string>());
  }
  CHECK(ids.size() == vectors().size());
  CHECK(ids.size() > 100);
}

TEST_CASE("Additional other fields make no difference") {
  for (auto const& v : vectors()) {
    INFO(v.dump());
    auto const h = v.at("headers").get<headers>();
    headers surrounded;
    for (auto const& line : h) {
      surrounded.emplace_back("Content-Type", "application/json");
      surrounded.emplace_back("retry-aftes", "7");
      surrounded.push_back(line);
    }
    surrounded.emplace_back("X-Request-Id", "\xFF");
    for (auto const p : {http::profile::pragmatic, http::profile::strict}) {
      CHECK(advice_for(v, p, surrounded) == advice_for(v, p, h));
    }
  }
}
