// SPDX-License-Identifier: MIT
// status.cpp: names of status codes, and which of them are transient.
#include <tenax/http/status.hpp>

#include <map>
#include <set>
#include <string>

#include "../catch.hpp"

namespace http = tenax::http;

static_assert(http::is_transient_status(503) && http::status_text(404) == "Not Found");

TEST_CASE("Seven statuses are transient") {
  std::set<int> passing;
  for (int status = -1; status < 1000; ++status) {
    if (http::is_transient_status(status)) passing.insert(status);
  }
  CHECK(passing == std::set<int>{408, 425, 429, 500, 502, 503, 504});
}

TEST_CASE("Statuses have the names that RFC 9110, 6585 and 8470 give them") {
  std::map<int, std::string> named;
  for (int status = -1; status < 1000; ++status) {
    if (auto const text = http::status_text(status); !text.empty()) named.emplace(status, text);
  }
  CHECK(named == std::map<int, std::string>{{200, "OK"},
                                            {201, "Created"},
                                            {202, "Accepted"},
                                            {204, "No Content"},
                                            {206, "Partial Content"},
                                            {301, "Moved Permanently"},
                                            {302, "Found"},
                                            {303, "See Other"},
                                            {304, "Not Modified"},
                                            {307, "Temporary Redirect"},
                                            {308, "Permanent Redirect"},
                                            {400, "Bad Request"},
                                            {401, "Unauthorized"},
                                            {403, "Forbidden"},
                                            {404, "Not Found"},
                                            {405, "Method Not Allowed"},
                                            {408, "Request Timeout"},
                                            {409, "Conflict"},
                                            {410, "Gone"},
                                            {412, "Precondition Failed"},
                                            {413, "Content Too Large"},
                                            {421, "Misdirected Request"},
                                            {422, "Unprocessable Content"},
                                            {425, "Too Early"},
                                            {428, "Precondition Required"},
                                            {429, "Too Many Requests"},
                                            {500, "Internal Server Error"},
                                            {501, "Not Implemented"},
                                            {502, "Bad Gateway"},
                                            {503, "Service Unavailable"},
                                            {504, "Gateway Timeout"}});
}
